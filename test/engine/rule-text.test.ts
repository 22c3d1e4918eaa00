import { expect } from "chai";
import { documentText, isMadeId, ruleName, ruleText } from "../../src/engine/rule-text.js";
import type { RuleDocument } from "../../src/model/mapping.js";
import { compiled } from "./made-up.js";

const CASES: readonly (readonly [Partial<RuleDocument>, string])[] = [
  [{ group_name: "Eng" }, "group Eng -> A/editor"],
  [{ sso_group: ["a", "b"] }, "group a or b -> A/editor"],
  [{ group_name: ["a", "b", "c", "d", "e"] }, "group a or b or c or 2 more -> A/editor"],
  [{ group_pattern: "app-*", app_role: "x" }, "group app-* and app role x -> A/editor"],
  [{ everyone: true, when: "1 = 1" }, "everyone and when 1 = 1 -> A/editor"],
];

describe("what people call a rule", () => {
  for (const [matchers, text] of CASES) {
    it(text, () => {
      const rule = { ...matchers, team_name: "A", role_name: "editor" };
      const made = compiled({ mappings: [rule] }).rules[0];
      expect(documentText(rule)).to.equal(text);
      expect(made && ruleText(made)).to.equal(text);
      expect(made && ruleName(made)).to.equal(`\`${text}\``);
    });
  }

  it("says of a rule with `grants` that it computes", () => {
    const rule = { everyone: true as const, grants: "{'team': 'A', 'role': 'editor'}" };
    const [made] = compiled({ role_order: ["editor"], mappings: [rule] }).rules;
    expect(documentText(rule)).to.equal("everyone -> computed targets");
    expect(made && ruleText(made)).to.equal("everyone -> computed targets");
  });

  it("is the id that somebody wrote", () => {
    const [rule] = compiled({ mappings: [{ id: "eng", everyone: true, scope: "tenant", role_name: "x" }] }).rules;
    expect(rule && ruleName(rule)).to.equal("`eng`");
    expect([isMadeId("eng"), isMadeId("rule-0123456789ab")]).to.deep.equal([false, true]);
  });

  it("shows the label of a stable id, where there is one, and scopes as they are written", () => {
    const labelled = { group_id: "1f3c", group_name: "Finance", scope: "all_teams", role_name: "viewer" };
    const [rule] = compiled({ mappings: [labelled] }).rules;
    expect(rule && ruleText(rule)).to.equal("group Finance -> */viewer");
    expect(documentText(labelled)).to.equal("group Finance -> */viewer");
    const plain = { group_id: "1f3c", scope: "tenant", role_name: "x" };
    const [other] = compiled({ mappings: [plain] }).rules;
    expect(other && ruleText(other)).to.equal("group 1f3c -> tenant/x");
    expect(documentText(plain)).to.equal("group 1f3c -> tenant/x");
  });
});
