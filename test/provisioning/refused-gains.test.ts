import { expect } from "chai";
import type { DirectoryUserId } from "../../src/model/ids.js";
import { explainUser } from "../../src/provisioning/explain/explain-user.js";
import { previewMapping } from "../../src/provisioning/mapping/mappings.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { signInOf } from "../support/people.js";
import { openTenant, type TestTenant } from "../support/tenant.js";

const EVERYONE = { mappings: [{ everyone: true, team_name: "All", role_name: "viewer" }] };

describe("doors that must not open by a side entrance", () => {
  let t: TestTenant;

  beforeEach(async () => {
    t = await openTenant();
  });

  afterEach(() => t.close());

  it("holds an unverified e-mail against allowed domains, although it is good for nothing else", async () => {
    const connection = await t.connect({ slug: "sso", protocol: "oidc", allowedDomains: ["acme.test"] });
    await t.mapping(EVERYONE);
    const observed = { ...signInOf("eve"), claimedEmail: "eve@evil.test" };
    const outcome = await signIn(t.p, { tenant: await t.tenant(), connection, observed });
    expect(outcome).to.include({ allowed: false, code: "foreign_domain" });
    expect(await t.holds("eve")).to.equal("nobody");
  });

  it("does not refill the brake when a broken push is taken back, and ends the held run that is empty by then", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    const names = Array.from({ length: 20 }, (_, at) => `p${at}@acme.test`);
    const ids: DirectoryUserId[] = [];
    for (const name of names) ids.push(await t.pushUser("okta", name));
    const turn = async (active: boolean, count: number) => {
      for (const [at, id] of ids.slice(0, count).entries()) await t.pushUser("okta", names[at] ?? "", { id, active });
    };
    const leavers = async () => {
      const states = await Promise.all(names.map((name) => t.holds(name)));
      return states.filter((state) => state === "deactivated").length;
    };
    await turn(false, 20);
    expect(await leavers()).to.equal(10);
    const held = await explainUser(t.p, await t.tenant(), await t.userId("p19@acme.test"));
    expect(held.hold).to.include({ status: "held", reason: "brake_deactivations" });
    await turn(true, 20);
    expect(await leavers()).to.equal(0);
    const { items } = await t.p.store.read((await t.tenant()).id).runs({ limit: 10 });
    expect(items.map((run) => [run.trigger, run.status])).to.deep.include(["held", "done"]);
    await turn(false, 15);
    expect(await leavers()).to.equal(0);
  });

  it("holds a draft's invariants against the people there are, and names one who would break them", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    await t.pushGroup("okta", "Contractors", [await t.pushUser("okta", "eve@acme.test")]);
    const draft = {
      mappings: [{ group_name: "Contractors", scope: "tenant", role_name: "admin" }],
      invariants: [{ name: "no contractor is an admin", never: "target.role = 'admin' and 'Contractors' in groups" }],
    };
    const preview = await previewMapping(t.p, await t.tenant(), JSON.stringify(draft), {});
    expect(preview.problems.map(({ message }) => message).join()).to.include("`eve@acme.test` would be given");
    const saved = await t.mapping(draft).catch((error: unknown) => error);
    expect(saved).to.have.property("code", "invalid_document");
  });
});
