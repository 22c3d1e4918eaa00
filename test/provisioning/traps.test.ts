import { expect } from "chai";
import { Refusal } from "../../src/model/problem.js";
import { goLive, previewSync } from "../../src/provisioning/sync-mode.js";
import { ADMIN, openTenant, type TestTenant } from "../support/tenant.js";

const ENGINEERING = {
  mappings: [
    { group_name: "Engineering", team_name: "Platform", role_name: "editor" },
    { group_name: "Sales", team_name: "Sales", role_name: "viewer" },
  ],
};

describe("the traps of provisioning", () => {
  let t: TestTenant;

  beforeEach(async () => {
    t = await openTenant();
  });

  afterEach(() => t.close());

  it("keeps test mode out of access: nobody is registered, and going live needs no resend", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "test" });
    await t.mapping(ENGINEERING);
    const ada = await t.pushUser("okta", "ada@acme.test");
    await t.pushGroup("okta", "Engineering", [ada]);
    await t.settled();
    expect(await t.holds("ada@acme.test")).to.equal("nobody");
    const tenant = await t.tenant();
    const preview = await previewSync(t.p, tenant, "okta", { to: "live" });
    expect(preview.summary).to.include({ users: 1, changed: 1, granted: 1, revoked: 0, created: 1 });
    await goLive(t.p, tenant, "okta", preview.digest, ADMIN);
    await t.settled();
    expect(await t.holds("ada@acme.test")).to.deep.equal(["Platform/editor"]);
  });

  it("changes no grant when a sign-in comes without the group attribute", async () => {
    await t.connect({ slug: "sso", protocol: "oidc", jit: "every_sign_in" });
    await t.mapping(ENGINEERING);
    expect(await t.signIn("sso", "ada", { groups: ["Engineering"] })).to.include({ allowed: true, created: true });
    expect(await t.signIn("sso", "ada")).to.include({ allowed: true, created: false });
    expect(await t.holds("ada")).to.deep.equal(["Platform/editor"]);
    expect(await t.signIn("sso", "ada", { groups: [] })).to.include({ allowed: true });
    expect(await t.holds("ada")).to.deep.equal([]);
  });

  it("refuses a stranger without a match and takes no seat for them", async () => {
    await t.connect({ slug: "sso", protocol: "oidc" });
    await t.mapping(ENGINEERING);
    expect(await t.signIn("sso", "eve", { groups: ["Visitors"] })).to.include({ allowed: false, code: "not_assigned" });
    expect(await t.signIn("sso", "mal")).to.include({ allowed: false, code: "groups_unknown" });
    expect(await t.holds("eve")).to.equal("nobody");
    expect(await t.tenant()).to.include({ seatsUsed: 0 });
  });

  it("does not empty everybody else's groups when the first group is pushed (groups: auto)", async () => {
    await t.connect({ slug: "okta", protocol: "oidc", sync: "live" });
    await t.mapping(ENGINEERING);
    const ada = await t.pushUser("okta", "ada@acme.test", { externalId: "ada" });
    await t.pushUser("okta", "bob@acme.test", { externalId: "bob" });
    await t.signIn("okta", "ada", { groups: ["Engineering"] });
    await t.signIn("okta", "bob", { groups: ["Engineering", "Sales"] });
    await t.pushGroup("okta", "Engineering", [ada]);
    await t.settled();
    expect(await t.holds("ada@acme.test")).to.deep.equal(["Platform/editor"]);
    expect(await t.holds("bob@acme.test")).to.deep.equal(["Platform/editor", "Sales/viewer"]);
  });

  it("lets no second connection make owners", async () => {
    await t.connect({ slug: "first", protocol: "oidc" });
    await t.connect({ slug: "second", protocol: "oidc" });
    await t.mapping({ tenant_owners_groups: ["IT Admins"], ...ENGINEERING });
    await t.signIn("first", "root", { groups: ["IT Admins"] });
    await t.signIn("second", "mallory", { groups: ["IT Admins", "Engineering"] });
    expect(await t.holds("root")).to.deep.equal(["tenant/owner"]);
    expect(await t.holds("mallory")).to.deep.equal(["Platform/editor"]);
  });

  it("takes access away with the answer when SCIM removes a member, and ends the account when it is deactivated", async () => {
    await t.connect({ slug: "okta", protocol: "oidc", sync: "live" });
    await t.mapping(ENGINEERING);
    const ada = await t.pushUser("okta", "ada@acme.test");
    const group = await t.pushGroup("okta", "Engineering", [ada]);
    expect(await t.holds("ada@acme.test")).to.deep.equal(["Platform/editor"]);
    await t.change("okta", { kind: "removeMembers", group, members: [ada] });
    expect(await t.holds("ada@acme.test")).to.deep.equal([]);
    await t.pushUser("okta", "ada@acme.test", { id: ada, active: false });
    expect(await t.holds("ada@acme.test")).to.equal("deactivated");
    expect(await t.signIn("okta", "ada", { userName: "ada@acme.test", groups: ["Engineering"] })).to.include({
      allowed: false,
    });
    expect(await t.holds("ada@acme.test")).to.equal("deactivated");
  });

  it("confirms a preview on a tenant where people keep coming", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "test" });
    await t.mapping(ENGINEERING);
    const ids = [await t.pushUser("okta", "ada@acme.test")];
    const group = await t.pushGroup("okta", "Engineering", ids);
    const tenant = await t.tenant();
    const { digest } = await previewSync(t.p, tenant, "okta", { to: "live" });
    const late = await t.pushUser("okta", "late@acme.test");
    await t.change("okta", { kind: "addMembers", group, members: [late] });
    await goLive(t.p, tenant, "okta", digest, ADMIN);
    await t.settled();
    expect(await t.holds("late@acme.test")).to.deep.equal(["Platform/editor"]);
  });

  it("refuses a user without a free seat before anything is stored, and lets the same push in after an upgrade", async () => {
    await t.close();
    t = await openTenant({ seats: 1 });
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    await t.pushUser("okta", "ada@acme.test");
    const refused = await t.pushUser("okta", "bob@acme.test").catch((error: unknown) => error);
    expect(refused)
      .to.be.instanceOf(Refusal)
      .with.property("message", "no free seat: 1 of 1 used; add seats, then retry");
    const tenant = await t.tenant();
    await t.p.store.instance.updateTenant(tenant.id, { seats: 2 }, t.p.now());
    await t.pushUser("okta", "bob@acme.test");
    expect(await t.holds("bob@acme.test")).to.deep.equal([]);
  });

  it("holds leavers beyond the bucket, answers every push, and lets an owner release them as previewed", async () => {
    const { previewRun, releaseRun, waitForRun } = await import("../../src/provisioning/runs/held-runs.js");
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    await t.mapping(ENGINEERING);
    const people = [];
    for (let i = 0; i < 14; i++) people.push(await t.pushUser("okta", `p${i}@acme.test`));
    for (const [i, id] of people.entries()) await t.pushUser("okta", `p${i}@acme.test`, { id, active: false });
    const states = await Promise.all(people.map((_, i) => t.holds(`p${i}@acme.test`)));
    expect(states.filter((state) => state === "deactivated")).to.have.length(10);
    const tenant = await t.tenant();
    const [run] = (await t.p.store.read(tenant.id).runs({ limit: 10, status: "held" })).items;
    if (!run) throw new Error("no held run");
    const { digest, summary } = await previewRun(t.p, tenant, run.id);
    expect(summary.deactivated).to.equal(4);
    await releaseRun(t.p, tenant, run.id, digest, ADMIN);
    expect(await waitForRun(t.p, tenant, run.id, 10)).to.include({ status: "done" });
    expect(await t.holds("p13@acme.test")).to.equal("deactivated");
  });

  it("never takes the last active owner, by any push", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    await t.mapping({ tenant_owners_groups: ["IT Admins"] });
    const root = await t.pushUser("okta", "root@acme.test");
    await t.pushGroup("okta", "IT Admins", [root]);
    expect(await t.holds("root@acme.test")).to.deep.equal(["tenant/owner"]);
    await t.pushUser("okta", "root@acme.test", { id: root, active: false });
    expect(await t.holds("root@acme.test")).to.deep.equal(["tenant/owner"]);
  });
});
