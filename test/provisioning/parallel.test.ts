import { expect } from "chai";
import type { DirectoryUserId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import type { Provisioning } from "../../src/provisioning/deps.js";
import { endByProvider } from "../../src/provisioning/end-sessions.js";
import { createLocalUser } from "../../src/provisioning/local-users.js";
import { addManualGrant } from "../../src/provisioning/manual-grants.js";
import { currentSession, openSession } from "../../src/provisioning/sessions.js";
import { goLive, previewSync } from "../../src/provisioning/sync-mode.js";
import { postgresUrl } from "../store/postgres-server.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const SALES = {
  no_match: "allow",
  mappings: [{ group_name: "Sales", team_name: "Sales", role_name: "viewer" }],
};
const names = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `p${at}`);

for (const database of ["SQLite", "PostgreSQL"] as const) {
  describe(`at the same moment, on ${database},`, () => {
    let opened: TestDatabase;
    let t: TenantInTest;

    before(async () => {
      opened = await openDatabase({ databaseUrl: database === "SQLite" ? "sqlite::memory:" : await postgresUrl() });
    });
    after(() => opened.close());

    async function connected(seats: number | null = null): Promise<void> {
      t = await opened.tenant({ seats });
      await t.connect({ slug: "okta", protocol: "oidc", sync: "live", settleSeconds: 0 });
      await t.mapping(SALES);
      await t.settled();
    }

    const codeOf = (error: unknown): unknown => (error instanceof Refusal ? error.code : error);
    const count = <T>(values: readonly T[], wanted: T): number => values.filter((value) => value === wanted).length;
    const registered = async (): Promise<number> => {
      const { items } = await t.p.store.read((await t.tenant()).id).users({ limit: 100, status: "registered" });
      return items.length;
    };

    it("a person who signs in in several tabs is one person, let in everywhere", async () => {
      await connected();
      const signIns = await Promise.all(names(6).map(() => t.signIn("okta", "ada", { groups: ["Sales"] })));
      expect(signIns.map((one) => (one.allowed ? "in" : one.code))).to.deep.equal(names(6).map(() => "in"));
      expect(await t.p.store.read((await t.tenant()).id).countPeople()).to.equal(1);
      expect(await t.holds("ada")).to.deep.equal(["Sales/viewer"]);
    });

    it("a person who signs in while SCIM pushes them is one person", async () => {
      await connected();
      await Promise.all([
        t.signIn("okta", "ada", { userName: "ada@acme.test", groups: ["Sales"] }),
        t.pushUser("okta", "ada@acme.test", { externalId: "ada" }).catch(codeOf),
      ]);
      await t.pushUser("okta", "ada@acme.test", { externalId: "ada" }).catch(codeOf);
      await t.signIn("okta", "ada", { userName: "ada@acme.test", groups: ["Sales"] });
      await t.settled();
      expect(await registered()).to.equal(1);
      expect(await t.holds("ada@acme.test")).to.deep.equal(["Sales/viewer"]);
    });

    it("two people of one name are two: the one who was pushed is linked to the first who signs in", async () => {
      await connected();
      await t.pushUser("okta", "ada");
      const pushed = await t.userId("ada");
      const signIns = await Promise.all(["s1", "s2"].map((subject) => t.signIn("okta", subject, { userName: "ada" })));
      const users = signIns.map((one) => one.allowed && one.user);
      expect(new Set(users).size).to.equal(2);
      expect(users).to.include(pushed);
    });

    it("pushes take no more seats than there are", async () => {
      await connected(3);
      const pushes = await Promise.all(
        names(9).map((name) =>
          t.pushUser("okta", name).then(
            () => "in",
            (error: unknown) => codeOf(error),
          ),
        ),
      );
      await t.settled();
      expect([count(pushes, "in"), count(pushes, "no_seat")]).to.deep.equal([3, 6]);
      expect(await registered()).to.equal(3);
      expect(await t.tenant()).to.include({ seats: 3, seatsUsed: 3 });
    });

    it("sign-ins, pushes and admins' own people share the seats", async () => {
      await connected(4);
      const tenant = await t.tenant();
      const work = names(4).flatMap((name) => [
        t.signIn("okta", name, { groups: ["Sales"] }).then((one) => (one.allowed ? "in" : one.code)),
        t.pushUser("okta", `${name}@acme.test`).then(() => "in", codeOf),
        createLocalUser(t.p, tenant, { userName: `local-${name}` }, ADMIN).then(() => "in", codeOf),
      ]);
      const outcomes = await Promise.all(work);
      await t.settled();
      expect([count(outcomes, "in"), count(outcomes, "no_seat")]).to.deep.equal([4, 8]);
      expect(await registered()).to.equal(4);
      expect(await t.tenant()).to.include({ seatsUsed: 4 });
    });

    it("leavers free their seats once each", async () => {
      await connected(3);
      const ids = await Promise.all(names(3).map((name) => t.pushUser("okta", name)));
      const leave = (id: DirectoryUserId, at: number) => t.pushUser("okta", `p${at}`, { id, active: false });
      await Promise.all([...ids.map(leave), ...ids.map(leave)]);
      await t.settled();
      expect(await t.tenant()).to.include({ seatsUsed: 0 });
      await Promise.all(ids.map((id, at) => t.pushUser("okta", `p${at}`, { id, active: true })));
      await t.settled();
      expect(await t.tenant()).to.include({ seatsUsed: 3 });
    });

    it("a push of one user name makes one user, and the others are told", async () => {
      await connected();
      const pushes = await Promise.all(names(5).map(() => t.pushUser("okta", "ada").then(() => "in", codeOf)));
      expect([count(pushes, "in"), count(pushes, "uniqueness")]).to.deep.equal([1, 4]);
      await t.settled();
      expect(await registered()).to.equal(1);
      expect(await t.tenant()).to.include({ seatsUsed: 1 });
    });

    it("members that come to one group from all sides are all there, with their access", async () => {
      await connected();
      const ids = await Promise.all(names(8).map((name) => t.pushUser("okta", name)));
      const group = await t.pushGroup("okta", "Sales");
      await Promise.all(ids.map((id) => t.change("okta", { kind: "addMembers", group, members: [id] })));
      await t.settled();
      const held = await Promise.all(names(8).map((name) => t.holds(name)));
      expect(held).to.deep.equal(names(8).map(() => ["Sales/viewer"]));
    });

    it("a member who is added and removed ends as the group says", async () => {
      await connected();
      const ada = await t.pushUser("okta", "ada");
      const group = await t.pushGroup("okta", "Sales");
      const turn = (kind: "addMembers" | "removeMembers") => t.change("okta", { kind, group, members: [ada] });
      await Promise.all([turn("addMembers"), turn("removeMembers"), turn("addMembers"), turn("removeMembers")]);
      await t.settled();
      const reader = t.p.store.read((await t.tenant()).id);
      const isMember = (await reader.membersOf([group])).length === 1;
      expect(await t.holds("ada")).to.deep.equal(isMember ? ["Sales/viewer"] : []);
    });

    it("mappings that are saved and people who move end with the last mapping", async () => {
      await connected();
      const ids = await Promise.all(names(6).map((name) => t.pushUser("okta", name)));
      const group = await t.pushGroup("okta", "Sales", ids);
      const roles = ["editor", "case_manager", "team_admin"];
      await Promise.all([
        ...roles.map((role) => t.mapping({ ...SALES, conflicts: "all", mappings: rulesFor(role) }).catch(codeOf)),
        ...ids.slice(0, 3).map((id) => t.change("okta", { kind: "removeMembers", group, members: [id] })),
        t.signIn("okta", "joe", { groups: ["Sales"] }),
      ]);
      await t.settled();
      const mapping = await t.p.store.read((await t.tenant()).id).activeMapping();
      const role = roles.find((one) => mapping?.text.includes(one)) ?? "nothing";
      const held = await Promise.all([...names(6), "joe"].map((name) => t.holds(name)));
      const wanted = [`Sales/${role}`];
      expect(held).to.deep.equal([[], [], [], wanted, wanted, wanted, wanted]);
    });

    it("one manual grant of a target is given, whoever asks first", async () => {
      await connected();
      await t.signIn("okta", "ada", { groups: [] });
      const [tenant, ada] = [await t.tenant(), await t.userId("ada")];
      const grant = { target: { scope: "tenant", role: "auditor" }, reason: "audit" };
      const given = await Promise.all(
        names(4).map(() => addManualGrant(t.p, tenant, ada, grant, ADMIN).then(() => "in", codeOf)),
      );
      expect([count(given, "in"), count(given, "conflict")]).to.deep.equal([1, 3]);
    });

    describe("W-29: a logout that names the person alone, and a sign-in that began before it:", () => {
      const subject = "ada";
      async function race(first: "logout" | "sign-in"): Promise<boolean> {
        await connected();
        await t.signIn("okta", subject, { groups: ["Sales"] });
        const [tenant, connection, user] = [await t.tenant(), await t.connection("okta"), await t.userId(subject)];
        const held = heldBeforeCommit(t.p);
        const since = t.p.now();
        await new Promise((resolve) => setTimeout(resolve, 5));
        const until = new Date(Date.now() + 600_000).toISOString();
        const logOut = (p: Provisioning) => endByProvider(p, tenant, connection, { id: "a", until, subject }, "r");
        const open = (p: Provisioning) =>
          openSession(p, tenant, { user, connection, subject, epoch: 0, from: { since, begun: since } }).catch(codeOf);
        const earlier = first === "logout" ? logOut(held.p) : open(held.p);
        await held.isReached;
        const later = first === "logout" ? open(t.p) : logOut(t.p);
        await new Promise((resolve) => setTimeout(resolve, 20));
        held.release();
        const [one, other] = await Promise.all([earlier, later]);
        const opened = first === "logout" ? other : one;
        if (typeof opened !== "object" || opened === null || !("token" in opened)) return false;
        return (await currentSession(t.p, String(opened.token))) !== undefined;
      }

      for (const first of ["logout", "sign-in"] as const) {
        it(`no session stays open where the ${first} comes first`, async () => {
          expect(await race(first)).to.equal(false);
        });
      }
    });

    it("a connection goes live once", async () => {
      await connected();
      await t.connect({ slug: "trial", protocol: "scim", sync: "test", mayGrantOwner: false, settleSeconds: 0 });
      await t.pushUser("trial", "ada");
      const tenant = await t.tenant();
      const { digest } = await previewSync(t.p, tenant, "trial", { to: "live" });
      await Promise.all(names(3).map(() => goLive(t.p, tenant, "trial", digest, ADMIN).catch(codeOf)));
      await t.settled();
      expect(await registered()).to.equal(1);
      expect(await t.tenant()).to.include({ seatsUsed: 1 });
    });
  });
}

/** Provisioning whose next write has done all its work and waits to be released. */
function heldBeforeCommit(p: Provisioning) {
  let release: () => void = () => undefined;
  let reach: () => void = () => undefined;
  const isReleased = new Promise<void>((resolve) => {
    release = resolve;
  });
  const isReached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const write: Provisioning["store"]["write"] = (tenant, work) =>
    p.store.write(tenant, async (tx) => {
      const done = await work(tx);
      reach();
      await isReleased;
      return done;
    });
  return { p: { ...p, store: { ...p.store, write } }, isReached, release };
}

function rulesFor(role: string) {
  return [{ group_name: "Sales", team_name: "Sales", role_name: role }];
}
