import { expect } from "chai";
import { explainUser } from "../../src/provisioning/explain/explain-user.js";
import { previewMapping } from "../../src/provisioning/mapping/mappings.js";
import { tryPerson } from "../../src/provisioning/preview/try-person.js";
import { previewSync, turnSyncOff } from "../../src/provisioning/sync-mode.js";
import { testClock } from "../support/clock.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const rule = (role: string) => ({ id: "eng", group_name: "Engineering", team_name: "Platform", role_name: role });
const mapping = (role: string) => ({ no_match: "allow", mappings: [rule(role)] });

describe("while a connection is being switched off with its people,", () => {
  const clock = testClock();
  let database: TestDatabase;
  let t: TenantInTest;

  beforeEach(async () => {
    database = await openDatabase({ with: clock.into });
    t = await database.tenant();
    await t.connect({ slug: "okta", protocol: "scim", sync: "live", settleSeconds: 0 });
    await t.connect({ slug: "trial", protocol: "scim", sync: "test", mayGrantOwner: false, settleSeconds: 0 });
    await t.mapping(mapping("editor"));
    const people = [await t.pushUser("okta", "ada"), await t.pushUser("okta", "bob")];
    await t.pushGroup("okta", "Engineering", people);
    await t.settled();
    // From here on nothing is done by itself: the switch stays open until somebody comes to reconcile its people.
    await database.worker.stop();
    const options = { onDisable: "deactivate" as const };
    const { digest } = await previewSync(t.p, await t.tenant(), "okta", { to: "off", ...options });
    await turnSyncOff(t.p, await t.tenant(), await t.connection("okta"), { ...options, digest }, ADMIN);
  });
  afterEach(() => database.close());

  it("a preview of a mapping shows them leave, and that the edit has no part in it", async () => {
    const preview = await previewMapping(t.p, await t.tenant(), JSON.stringify(mapping("viewer")), {});
    expect(preview.summary).to.include({ users: 2, deactivated: 2, granted: 0, revoked: 2, drifted: 4 });
    const { items } = await preview.lines({ limit: 10 });
    expect(new Set(items.map(({ reason }) => reason))).to.deep.equal(new Set(["deactivated in `okta`"]));
  });

  it("a preview of another switch does, too", async () => {
    await t.pushUser("trial", "carl");
    const { summary } = await previewSync(t.p, await t.tenant(), "trial", { to: "live" });
    expect(summary).to.include({ users: 1, created: 1, drifted: 0 });
    const back = await previewSync(t.p, await t.tenant(), "okta", { to: "live" });
    expect(back.summary).to.include({ users: 2, deactivated: 0, revoked: 0 });
  });

  it("trying one of them says what explaining says", async () => {
    const tenant = await t.tenant();
    const explained = await explainUser(t.p, tenant, await t.userId("ada"));
    const tried = await tryPerson(t.p, tenant, { user: "ada" });
    expect(explained.account).to.include({ reason: "deactivated in `okta`" });
    expect(tried.account).to.deep.equal({ ...explained.account, status: "deactivated" });
    expect(tried.changes.map(({ change }) => change)).to.deep.equal(["deactivate_user", "revoke"]);
    const draft = await tryPerson(t.p, tenant, { user: "ada", document: JSON.stringify(mapping("viewer")) });
    expect(draft.changes.map(({ change }) => change)).to.deep.equal(["deactivate_user", "revoke"]);
  });
});

describe("what a source would say of an account", () => {
  const clock = testClock();
  let database: TestDatabase;
  let t: TenantInTest;

  before(async () => {
    database = await openDatabase({ with: clock.into });
    t = await database.tenant();
    await t.connect({ slug: "okta", protocol: "oidc", sync: "live", settleSeconds: 0 });
    await t.mapping(mapping("editor"));
    await t.pushGroup("okta", "Engineering", [await t.pushUser("okta", "ada", { externalId: "ada" })]);
    await t.signIn("okta", "joe", { groups: ["Engineering"] });
    await t.settled();
  });
  after(() => database.close());

  it("counts in a try as it counts when it is pushed", async () => {
    const tenant = await t.tenant();
    const leaves = await tryPerson(t.p, tenant, { user: "ada", facts: { user: { active: false } } });
    expect(leaves.account).to.include({ status: "deactivated", reason: "deactivated in `okta`" });
    expect(leaves.changes.map(({ change }) => change)).to.deep.equal(["deactivate_user", "revoke"]);
    const stays = await tryPerson(t.p, tenant, { user: "ada", facts: { user: { active: true } } });
    expect(stays.changes).to.deep.equal([]);
  });

  it("is nothing of somebody whom no document speaks of", async () => {
    const joe = await tryPerson(t.p, await t.tenant(), { user: "joe", facts: { user: { active: false } } });
    expect(joe.changes).to.deep.equal([]);
  });
});
