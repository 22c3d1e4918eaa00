import { expect } from "chai";
import { type ExplainedOutcome, explainOutcomes } from "../../src/engine/explain/outcomes.js";
import type { MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import { BEFORE, compiled, decided, link, type MadeUpLink, state, unknown } from "./made-up.js";

function document(...rules: readonly Partial<RuleDocument>[]): MappingDocument {
  return { mappings: rules.map((more, at) => ({ id: `r${at}`, team_name: `T${at}`, role_name: "editor", ...more })) };
}

async function outcomesOf(mapping: MappingDocument, made: readonly MadeUpLink[], most = 100) {
  const version = compiled(mapping);
  const links = made.map(link);
  const before = state();
  const decision = await decided(version, links, before, "sign_in");
  return explainOutcomes(version, links, decision, before, most);
}

async function only(rule: Partial<RuleDocument>, made: MadeUpLink): Promise<ExplainedOutcome | undefined> {
  return (await outcomesOf(document(rule), [made])).rules[0];
}

describe("explaining what came of each rule", () => {
  it("says by what a rule matches, as data and in words", async () => {
    expect(await only({ group_name: "X" }, { groups: ["X"] })).to.deep.equal({
      rule: "r0",
      pointer: "/mappings/0",
      connection: "idp",
      label: "T0/editor",
      status: "matched",
      matches: [
        {
          target: { scope: "team:T0", role: "editor" },
          evidence: [{ kind: "group", label: "X", source: "claims", since: BEFORE }],
        },
      ],
      reason: "T0/editor by rule `r0`: group `X`",
    });
  });

  it("counts further matches of one rule, and lists them", async () => {
    const outcome = await only(
      { group_pattern: "app-{team}", team_name: "{team}", values: { team: { "*": true } } },
      { groups: ["app-a", "app-b", "app-c"] },
    );
    expect(outcome?.reason).to.match(/group `app-\w` and 2 more$/);
    expect(outcome?.matches.map(({ target }) => target.scope)).to.have.members(["team:a", "team:b", "team:c"]);
  });

  const reasons: readonly [title: string, rule: Partial<RuleDocument>, made: MadeUpLink, says: object][] = [
    ["what a rule wants that is not there", { group_name: "X" }, {}, { status: "unmatched", why: "unmet" }],
    [
      "which fact is unknown",
      { when: "user.department = 'IT'" },
      { user: { department: unknown("absent_claim") } },
      { status: "undecided", why: "undecided" },
    ],
    [
      "that an expression fails",
      { when: "$distinct(user.title)" },
      { user: { title: "x" } },
      { status: "failed", why: "failed" },
    ],
  ];
  for (const [title, rule, made, says] of reasons) {
    it(`says ${title}`, async () => {
      const outcome = await only(rule, made);
      expect(outcome).to.deep.include({ ...says, matches: [] });
      expect(outcome?.reason).to.match(/^T0\/editor by rule `r0` .+/);
    });
  }

  it("says which rule overrules one that matches", async () => {
    const { rules } = await outcomesOf(
      document({ group_name: "X", team_name: "A" }, { group_name: "Y", team_name: "A", role_name: "viewer" }),
      [{ groups: ["X", "Y"] }],
    );
    expect(rules[1]).to.deep.include({ status: "matched", why: "overruled", by: "r0" });
    expect(rules[1]?.matches).to.have.length(1);
  });

  it("tells the connections of a person apart", async () => {
    const { rules } = await outcomesOf(document({ group_name: "X" }), [
      { groups: ["X"] },
      { connection: { slug: "other" } },
    ]);
    expect(rules.map(({ connection, status }) => [connection, status])).to.deep.equal([
      ["idp", "matched"],
      ["other", "unmatched"],
    ]);
  });

  it("leaves out what does not match where there is too much, and keeps the order", async () => {
    const { rules, leftOut } = await outcomesOf(
      document({ group_name: "A" }, { group_name: "B" }, { group_name: "X" }, { group_name: "C" }, { everyone: true }),
      [{ groups: ["X"] }],
      3,
    );
    expect([rules.map(({ rule }) => rule), leftOut]).to.deep.equal([["r0", "r2", "r4"], 2]);
  });
});
