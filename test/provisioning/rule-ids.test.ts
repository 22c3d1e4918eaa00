import { expect } from "chai";
import { previewMapping } from "../../src/provisioning/mapping/mappings.js";
import { openTenant, type TestTenant } from "../support/tenant.js";

const RULE = { group_name: "G", team_name: "T", role_name: "editor" };

describe("a rule that gets an id, or a neighbour", () => {
  let t: TestTenant;
  beforeEach(async () => {
    t = await openTenant();
    await t.connect({ slug: "main", protocol: "oidc" });
    await t.mapping({ no_match: "allow", mappings: [RULE] });
    await t.signIn("main", "ann", { groups: ["G"] });
    await t.signIn("main", "old", { groups: ["G"] });
    await t.signIn("main", "old", {});
  });
  afterEach(() => t.close());

  const sinces = async () =>
    Promise.all(["ann", "old"].map(async (name) => (await t.person(name)).grants.map(({ since }) => since)));

  for (const [what, mappings] of [
    ["an id", [{ ...RULE, id: "eng" }]],
    ["a neighbour that gives another role", [RULE, { ...RULE, role_name: "viewer" }]],
    [
      "both",
      [
        { ...RULE, id: "eng" },
        { ...RULE, role_name: "viewer" },
      ],
    ],
  ] as const) {
    it(`takes nothing by ${what}, also from people whose facts are stale, and the grant goes on`, async () => {
      const before = await sinces();
      const document = { no_match: "allow", mappings };
      const { summary } = await previewMapping(t.p, await t.tenant(), JSON.stringify(document), {});
      expect(summary).to.include({ changed: 0, granted: 0, revoked: 0 });
      await t.mapping(document);
      await t.settled();
      for (const name of ["ann", "old"]) expect(await t.holds(name), name).to.deep.equal(["T/editor"]);
      expect(await sinces()).to.deep.equal(before);
    });
  }

  it("is known by its new id from then on", async () => {
    await t.mapping({ no_match: "allow", mappings: [{ ...RULE, id: "eng" }] });
    await t.settled();
    expect((await t.person("old")).grants.map(({ rule }) => rule)).to.deep.equal(["eng"]);
    await t.mapping({ no_match: "allow", mappings: [{ ...RULE, id: "eng", group_name: ["G", "H"] }] });
    await t.settled();
    expect(await t.holds("old"), "an edit of a rule with an id").to.deep.equal(["T/editor"]);
  });
});
