import { expect } from "chai";
import type { Connection, SessionLimits, Tenant } from "../../src/model/connection.js";
import type { ConnectionId, Instant, UserId } from "../../src/model/ids.js";
import { endByProvider } from "../../src/provisioning/end-sessions.js";
import {
  beginLogin,
  closeSession,
  currentSession,
  openSession,
  takeLogin,
  takeOnce,
} from "../../src/provisioning/sessions.js";
import { testClock } from "../support/clock.js";
import { openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

describe("sessions", () => {
  const clock = testClock();
  let database: TestDatabase;
  let t: TenantInTest;
  let tenant: Tenant;
  let connection: Connection;
  let user: UserId;

  before(async () => {
    database = await openDatabase({ with: clock.into });
  });
  after(() => database.close());
  beforeEach(async () => {
    t = await database.tenant();
    await t.connect({ slug: "sso", protocol: "oidc" });
    await t.mapping({ no_match: "allow" });
    await t.signIn("sso", "ada");
    tenant = await t.tenant();
    connection = await t.connection("sso");
    user = await t.userId("ada");
  });

  const later = (minutes: number): Instant => new Date(Date.parse(clock.now()) + minutes * 60_000).toISOString();
  const open = (endsAt?: Instant, idpSession?: string) =>
    openSession(t.p, tenant, {
      ...{ user, connection, subject: "ada", epoch: 0 },
      ...(endsAt === undefined ? {} : { endsAt }),
      ...(idpSession === undefined ? {} : { idpSession }),
    });

  it("end when the identity provider said, and not a moment later", async () => {
    const { token, expiresAt } = await open(later(20));
    expect(expiresAt).to.equal(later(20));
    clock.forward({ minutes: 19 });
    expect(await currentSession(t.p, token)).to.include({ userId: user });
    clock.forward({ minutes: 1 });
    expect(await currentSession(t.p, token)).to.equal(undefined);
  });

  it("OP-21: keep the ID token for the provider's sign-out no longer than they live", async () => {
    const { idleMinutes } = t.p.settings.sessions;
    const opened = () =>
      openSession(t.p, tenant, { user, connection, subject: "ada", epoch: 0, logoutHint: "an ID token" });
    const [idle, used] = [await opened(), await opened()];
    clock.forward({ minutes: idleMinutes - 1 });
    expect(await currentSession(t.p, used.token)).to.include({ userId: user });
    await t.p.store.instance.sweep(clock.now(), t.p.settings.sessions);
    clock.forward({ minutes: 1 });
    expect(await currentSession(t.p, idle.token)).to.equal(undefined);
    await t.p.store.instance.sweep(clock.now(), t.p.settings.sessions);
    const hintOf = async ({ token }: { token: string }) => (await closeSession(t.p, token))?.ended.logoutHint;
    expect([await hintOf(idle), await hintOf(used)]).to.deep.equal([undefined, "an ID token"]);
  });

  it("last a minute at the least, for who comes from an identity provider whose clock is behind", async () => {
    const { token, expiresAt } = await open(later(-0.5));
    expect(expiresAt).to.equal(later(1));
    expect(await currentSession(t.p, token)).to.include({ userId: user });
  });

  it("last no longer than ours do, whatever the identity provider says", async () => {
    const [ours, theirs] = [await open(), await open(later(20 * 60))];
    expect(theirs.expiresAt).to.equal(ours.expiresAt);
  });

  it("W-24: end without a request for as long as the tenant says, and at all, those too that were open when it said so", async () => {
    const [idle, used] = [await open(), await open()];
    const limit = (sessionLimits: SessionLimits | null) =>
      t.p.store.instance.updateTenant(tenant.id, { sessionLimits }, clock.now());
    await limit({ idleMinutes: 10, absoluteMinutes: 15 });
    const isAlive = async ({ token }: { readonly token: string }) => (await currentSession(t.p, token)) !== undefined;
    clock.forward({ minutes: 9 });
    expect(await isAlive(used)).to.equal(true);
    clock.forward({ minutes: 1 });
    expect([await isAlive(idle), await isAlive(used)]).to.deep.equal([false, true]);
    clock.forward({ minutes: 5 });
    expect(await isAlive(used)).to.equal(false);
  });

  it("W-24: last while they are used, however short a time without a request may be", async () => {
    for (const [idleMinutes, seconds] of [
      [1, 10],
      [1, 57],
      [2, 100],
      [10, 570],
    ] as const) {
      await t.p.store.instance.updateTenant(tenant.id, { sessionLimits: { idleMinutes } }, clock.now());
      const { token } = await open();
      for (let turn = 0; turn < 8; turn += 1) {
        clock.forward({ seconds });
        expect(await currentSession(t.p, token), `${idleMinutes} min, ${turn}`).to.include({ userId: user });
        clock.forward({ seconds: 1 });
        await currentSession(t.p, token);
      }
      clock.forward({ minutes: idleMinutes });
      expect(await currentSession(t.p, token)).to.equal(undefined);
    }
  });

  it("last no longer than the service lets them, whatever the tenant says", async () => {
    const ours = await open();
    await t.p.store.instance.updateTenant(tenant.id, { sessionLimits: { absoluteMinutes: 500_000 } }, clock.now());
    tenant = await t.tenant();
    expect((await open()).expiresAt).to.equal(ours.expiresAt);
  });

  it("keep the identity provider's own name for them, and end by it at that connection alone", async () => {
    const second = await t.connect({ slug: "second", protocol: "oidc", mayGrantOwner: false });
    const [named, other] = [await open(undefined, "_index-1"), await open(undefined, "_index-2")];
    const end = (at: ConnectionId) =>
      t.p.store.write(tenant.id, (tx) => tx.endIdpSessions(at, { idpSession: "_index-1" }, clock.now()));
    expect([await end(second.id), await end(connection.id)]).to.deep.equal([[], [{ user, sessions: 1 }]]);
    expect(await currentSession(t.p, named.token)).to.equal(undefined);
    expect(await currentSession(t.p, other.token)).to.include({ userId: user });
  });

  it("that the identity provider never named are not opened by what it said before it ended a named one of the person's", async () => {
    const [before, at, after] = [later(-2), later(-1), clock.now()];
    const logout = { id: "a logout", until: later(10), at, subject: "ada", idpSession: "_x" };
    expect(await endByProvider(t.p, tenant, connection, logout, "a request")).to.equal(0);
    const opens = (since: Instant, subject: string, idpSession?: string) => {
      const session = {
        user,
        connection,
        subject,
        epoch: 0,
        from: { since, begun: since },
        ...(idpSession !== undefined && { idpSession }),
      };
      return openSession(t.p, tenant, session).then(() => "opened", codeOf);
    };
    expect([await opens(before, "ada"), await opens(before, "ada", "_x")]).to.deep.equal([
      "sign_in_expired",
      "sign_in_expired",
    ]);
    const others = [opens(before, "ada", "_y"), opens(before, "eve"), opens(after, "ada"), opens(after, "ada", "_x")];
    expect(await Promise.all(others)).to.deep.equal(["opened", "opened", "opened", "opened"]);
  });

  describe("W-29: of a provider that counts whole seconds", () => {
    const at = (milliseconds: number): Instant =>
      new Date(Math.floor(Date.parse(clock.now()) / 1000) * 1000 + milliseconds).toISOString();
    /** The clock stands half a second after a full one when the message comes. */
    const endedAt = async (said: Instant | undefined) => {
      clock.forward({ seconds: 0.5 });
      const logout = { id: String(said), until: later(10), subject: "ada", ...(said !== undefined && { at: said }) };
      expect(await endByProvider(t.p, tenant, connection, logout, "a request")).to.equal(0);
    };
    const opens = (since: Instant, begun: Instant) => {
      const session = { user, connection, subject: "ada", epoch: 0, from: { since, begun } };
      return openSession(t.p, tenant, session).then(() => "opened", codeOf);
    };
    afterEach(() => clock.forward({ seconds: 0.5 }));

    for (const millisecond of [0, 300, 700]) {
      it(`no response of the very second of the logout is taken from a login begun before it came, said at .${millisecond}`, async () => {
        await endedAt(at(millisecond));
        for (const since of [at(0), at(900)]) {
          expect(await opens(since, at(200)), since).to.equal("sign_in_expired");
          expect(await opens(since, at(600)), since).to.equal("opened");
        }
      });
    }

    it("a response of the second after it is another sign-in, and one of the second before it is none, whenever it was begun", async () => {
      await endedAt(at(0));
      for (const begun of [at(-5_000), at(200), at(600)]) {
        expect([await opens(at(1_000), begun), await opens(at(-1), begun)]).to.deep.equal([
          "opened",
          "sign_in_expired",
        ]);
      }
    });

    it("and who begins in the second in which it came, of one that says no time, is held against it by our clock", async () => {
      await endedAt(undefined);
      expect([await opens(at(400), at(400)), await opens(at(600), at(600))]).to.deep.equal([
        "sign_in_expired",
        "opened",
      ]);
    });
  });

  describe("and logins under way", () => {
    const LOGIN = { state: "a state", browser: "a browser" };

    it("are taken out once, by the browser that began them", async () => {
      await beginLogin(t.p, tenant, { ...LOGIN, connection: connection.id, returnTo: "/me?tab=2" });
      const login = await takeLogin(t.p, tenant, { ...LOGIN, connection: connection.id });
      expect(login.returnTo).to.equal("/me?tab=2");
      const again = await takeLogin(t.p, tenant, { ...LOGIN, connection: connection.id }).catch(codeOf);
      expect(again).to.equal("sign_in_expired");
    });

    it("OP-1: are lost to another browser, and to who has the state alone", async () => {
      for (const browser of ["another browser", undefined]) {
        await beginLogin(t.p, tenant, { ...LOGIN, connection: connection.id });
        const taken = await takeLogin(t.p, tenant, { state: LOGIN.state, browser, connection: connection.id }).catch(
          codeOf,
        );
        expect(taken).to.equal("sign_in_expired");
      }
    });

    it("OP-1: are good for ten minutes, and not a moment longer", async () => {
      const taken = async (seconds: number) => {
        await beginLogin(t.p, tenant, { ...LOGIN, connection: connection.id });
        clock.forward({ seconds });
        return takeLogin(t.p, tenant, { ...LOGIN, connection: connection.id }).then(() => "taken", codeOf);
      };
      expect([await taken(599), await taken(600)]).to.deep.equal(["taken", "sign_in_expired"]);
    });
  });

  describe("and ids that count once", () => {
    it("are refused the second time, at the same connection of the same tenant alone", async () => {
      const other = await database.tenant();
      const elsewhere = await other.connect({ slug: "sso", protocol: "oidc" });
      const second = await t.connect({ slug: "second", protocol: "oidc", mayGrantOwner: false });
      const take = (id: string) => takeOnce(t.p, tenant, { connection: connection.id, id, until: later(5) });
      expect([await take("_a"), await take("_a"), await take("_b")]).to.deep.equal([true, false, true]);
      expect(await takeOnce(t.p, tenant, { connection: second.id, id: "_a", until: later(5) })).to.equal(true);
      const theirs = { connection: elsewhere.id, id: "_a", until: later(5) };
      expect(await takeOnce(t.p, await other.tenant(), theirs)).to.equal(true);
    });

    it("SML-11: are given to one of many who ask at once", async () => {
      const asked = Array.from({ length: 8 }, () =>
        takeOnce(t.p, tenant, { connection: connection.id, id: "_once", until: later(5) }),
      );
      expect((await Promise.all(asked)).filter(Boolean)).to.have.length(1);
    });
  });
});

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : error;
}
