import { expect } from "chai";
import type { DirectoryUserId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import { deleteConnection, updateConnection } from "../../src/provisioning/connections.js";
import { createLocalUser } from "../../src/provisioning/local-users.js";
import { addManualGrant, removeManualGrant } from "../../src/provisioning/manual-grants.js";
import { lintMapping } from "../../src/provisioning/mapping/lint.js";
import { goLive, previewSync } from "../../src/provisioning/sync-mode.js";
import { testClock } from "../support/clock.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const MAPPING = {
  no_match: "allow",
  mappings: [
    { group_name: "Sales", team_name: "Sales", role_name: "viewer" },
    { group_name: "Trade", team_name: "Sales", role_name: "viewer" },
    { everyone: true, connections: ["sso"], team_name: "Lobby", role_name: "viewer" },
  ],
  conflicts: "all",
};

describe("switching sync off", () => {
  const clock = testClock();
  let database: TestDatabase;
  let t: TenantInTest;
  let ada: DirectoryUserId;

  before(async () => {
    database = await openDatabase({ with: clock.into });
  });
  after(() => database.close());
  beforeEach(async () => {
    t = await database.tenant();
    await t.connect({ slug: "okta", protocol: "scim", sync: "live", settleSeconds: 0 });
    await t.connect({ slug: "sso", protocol: "oidc", mayGrantOwner: false });
    await t.mapping(MAPPING);
    ada = await t.pushUser("okta", "ada");
    await t.pushGroup("okta", "Sales", [ada]);
    await t.pushGroup("okta", "Trade", [ada]);
    await t.signIn("sso", "joe", { groups: [] });
    await createLocalUser(t.p, await t.tenant(), { userName: "local" }, ADMIN);
    await t.settled();
    expect(await t.holds("ada")).to.deep.equal(["Sales/viewer"]);
  });

  async function off(onDisable: "convert" | "deactivate", slug = "okta"): Promise<void> {
    const tenant = await t.tenant();
    const { digest } = await previewSync(t.p, tenant, slug, { to: "off", onDisable });
    await updateConnection(t.p, tenant, slug, { sync: "off", onDisable, digest }, ADMIN);
    await t.settled();
  }

  it("must say what becomes of synced people (TAB-36)", async () => {
    const tenant = await t.tenant();
    for (const work of [
      previewSync(t.p, tenant, "okta", { to: "off" }),
      updateConnection(t.p, tenant, "okta", { sync: "off" }, ADMIN),
      deleteConnection(t.p, tenant, "okta", {}, ADMIN),
    ]) {
      const refused = await work.catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(Refusal).with.property("code", "on_disable_required");
    }
    expect(await t.connection("okta")).to.include({ sync: "live" });
  });

  it("by `convert` leaves everybody what they hold, as theirs by hand", async () => {
    await off("convert");
    expect(await t.holds("ada")).to.deep.equal(["Sales/viewer"]);
    const { grants, id } = await t.person("ada");
    expect(grants.map(({ origin }) => origin)).to.deep.equal(["manual"]);
    const reader = t.p.store.read((await t.tenant()).id);
    // Two rules gave the same; whoever counts what comes and goes hears that one is left.
    const told = (await reader.events({ after: 0, limit: 100 }))
      .filter(({ user }) => user === id)
      .map(({ type }) => type);
    expect(told).to.deep.equal(["user.created", "grant.added", "grant.added", "grant.removed"]);
    expect((await t.p.store.read((await t.tenant()).id).user(id))?.synced).to.equal(false);
    await removeManualGrant(t.p, await t.tenant(), id, grants[0]?.id as never, ADMIN);
    expect(await t.holds("ada")).to.deep.equal([]);
  });

  it("by `convert` previews what people hold in the end, nothing gained and nothing lost", async () => {
    const { summary } = await previewSync(t.p, await t.tenant(), "okta", { to: "off", onDisable: "convert" });
    expect(summary).to.include({ users: 1, granted: 0, revoked: 0, deactivated: 0 });
  });

  it("by `convert` leaves the past as it was: who held what by which rule, until when", async () => {
    const before = clock.now();
    clock.forward({ minutes: 1 });
    await off("convert");
    const reader = t.p.store.read((await t.tenant()).id);
    const { id } = await t.person("ada");
    const past = await reader.grantHistory(id, before);
    const { id: connection } = await t.connection("okta");
    expect(past.map(({ origin }) => origin)).to.deep.equal(["rule", "rule"]);
    for (const one of past) {
      expect(one).to.include({ connection, endReason: "converted to a grant by hand: sync was switched off" });
    }
    const now = await reader.grantHistory(id, clock.now());
    expect(now.map(({ origin, reason }) => [origin, reason])).to.deep.equal([["manual", "sync was switched off"]]);
    const { findings } = await lintMapping(t.p, await t.tenant(), undefined, { days: 90 });
    expect(findings.filter(({ code }) => code === "never_matched").map(({ pointer }) => pointer)).to.deep.equal([]);
  });

  it("by `deactivate` ends the accounts that were previewed", async () => {
    const { summary } = await previewSync(t.p, await t.tenant(), "okta", { to: "off", onDisable: "deactivate" });
    expect(summary).to.include({ users: 1, deactivated: 1 });
    await off("deactivate");
    expect(await t.holds("ada")).to.equal("deactivated");
  });

  it("by `deactivate` ends the accounts that were previewed also where the connection itself ends", async () => {
    const options = { onDisable: "deactivate" as const };
    const { digest, summary } = await previewSync(t.p, await t.tenant(), "okta", { to: "off", ...options });
    expect(summary).to.include({ users: 1, deactivated: 1 });
    await deleteConnection(t.p, await t.tenant(), "okta", { ...options, digest }, ADMIN);
    await t.settled();
    expect(await t.holds("ada")).to.equal("deactivated");
  });

  for (const onDisable of ["convert", "deactivate"] as const) {
    it(`by \`${onDisable}\` leaves people alone who were never synced (TAB-37)`, async () => {
      await addManualGrant(
        t.p,
        await t.tenant(),
        await t.userId("local"),
        { target: { scope: "team:Sales", role: "editor" }, reason: "helps out" },
        ADMIN,
      );
      await off(onDisable);
      expect(await t.holds("joe")).to.deep.equal(["Lobby/viewer"]);
      expect(await t.holds("local")).to.deep.equal(["Sales/editor"]);
    });
  }

  it("answers pushes no more, and going live again needs no resend", async () => {
    await off("deactivate");
    const tenant = await t.tenant();
    const { digest, summary } = await previewSync(t.p, tenant, "okta", { to: "live" });
    expect(summary).to.include({ created: 1, granted: 1 });
    await goLive(t.p, tenant, "okta", digest, ADMIN);
    await t.settled();
    expect(await t.holds("ada")).to.deep.equal(["Sales/viewer"]);
  });

  it("of a connection that others keep alive deactivates nobody whom another live one keeps", async () => {
    await t.connect({ slug: "entra", protocol: "scim", sync: "live", mayGrantOwner: false });
    const tenant = await t.tenant();
    const user = await t.userId("ada");
    const entra = await t.connection("entra");
    await t.p.store.write(tenant.id, (tx) =>
      tx.insertUserRow(
        { connection: entra.id, user, linkedBy: "admin", subject: "ada-2", userName: "ada" },
        clock.now(),
      ),
    );
    await t.pushUser("entra", "ada", { externalId: "ada-2" });
    await off("deactivate");
    expect(await t.holds("ada")).to.deep.equal([]);
  });

  describe("and ending the connection", () => {
    it("by `convert` keeps access and lets nobody sign in there any more", async () => {
      const tenant = await t.tenant();
      const { digest } = await previewSync(t.p, tenant, "sso", { to: "off", onDisable: "convert" });
      await deleteConnection(t.p, tenant, "sso", { onDisable: "convert", digest }, ADMIN);
      await t.settled();
      expect(await t.holds("joe")).to.deep.equal(["Lobby/viewer"]);
      expect(await t.signIn("sso", "joe", { groups: [] })).to.include({ allowed: false, code: "connection_disabled" });
    });

    it("must say what becomes of its people, also where they only ever signed in", async () => {
      const refused = await deleteConnection(t.p, await t.tenant(), "sso", {}, ADMIN).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(Refusal).with.property("code", "on_disable_required");
      expect(await t.holds("joe")).to.deep.equal(["Lobby/viewer"]);
    });
  });
});
