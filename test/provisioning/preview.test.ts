import { expect } from "chai";
import { Refusal } from "../../src/model/problem.js";
import { previewMapping } from "../../src/provisioning/mapping/mappings.js";
import { openTenant, type TestTenant } from "../support/tenant.js";

describe("a preview of a mapping whose own example fails", () => {
  let t: TestTenant;

  beforeEach(async () => {
    t = await openTenant();
  });

  afterEach(() => t.close());

  it("shows what it would do, names the example, and cannot be saved", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    const rule = { group_name: "Engineering", team_name: "Platform", role_name: "editor" };
    const examples = [{ name: "bob edits", groups: ["Engineering"], expect: ["Platform/editor"] }];
    await t.mapping({ mappings: [rule], examples });
    await t.pushGroup("okta", "Engineering", [await t.pushUser("okta", "bob@acme.test")]);
    const text = JSON.stringify({ mappings: [{ ...rule, group_name: "Engineers" }], examples });
    const preview = await previewMapping(t.p, await t.tenant(), text, {});
    expect(preview.summary).to.include({ revoked: 1 });
    expect(preview.problems.map((problem) => problem.message).join()).to.include("bob edits");
    const refused = await t.mapping(JSON.parse(text)).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(Refusal).with.property("code", "invalid_document");
    expect(await t.holds("bob@acme.test")).to.deep.equal(["Platform/editor"]);
  });

  it("is refused with the invariants that people would break, too", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    await t.pushUser("okta", "bob@acme.test");
    const text = JSON.stringify({
      mappings: [{ everyone: true, team_name: "Lobby", role_name: "viewer" }],
      examples: [{ name: "bob edits", user: { title: "Editor" }, expect: ["Lobby/editor"] }],
      invariants: [{ name: "no bob", never: "user.userName = 'bob@acme.test'" }],
    });
    const preview = await previewMapping(t.p, await t.tenant(), text, {});
    expect(preview.problems.map(({ code }) => code)).to.deep.equal(["example_failed", "invariant_broken"]);
    const refused = await t.mapping(JSON.parse(text)).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(Refusal).with.property("code", "invalid_document");
    expect((refused as Refusal).detail).to.deep.equal({ problems: preview.problems });
  });
});
