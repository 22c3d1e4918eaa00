import { expect } from "chai";
import { exampleDifference } from "../../src/engine/examples/example-failure.js";
import { exampleLink } from "../../src/engine/examples/examples.js";
import type { ExampleDocument, MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import { compiled, decided } from "./made-up.js";

const rule = (id: string, more: Partial<RuleDocument>): RuleDocument => {
  return { id, team_name: "Platform", role_name: "editor", ...more };
};
const CONVENTION = rule("conv", { group_pattern: "app-{t}", team_name: "{t}", role_name: "viewer" });

async function difference(document: MappingDocument, example: Omit<ExampleDocument, "name">) {
  const made = { name: "x", ...example };
  const mapping = compiled({ ...document, examples: [made] });
  const person = exampleLink(made, mapping);
  const expected = mapping.examples[0]?.expect ?? [];
  return exampleDifference(mapping, expected, person, await decided(mapping, [person]));
}

describe("an example that fails says, target by target,", () => {
  const cases: readonly [
    title: string,
    rules: readonly RuleDocument[],
    example: Omit<ExampleDocument, "name">,
    lines: readonly string[],
    more?: MappingDocument,
  ][] = [
    ["nothing, if it passes", [rule("a", { group_name: "Eng" })], { groups: ["Eng"], expect: ["Platform/editor"] }, []],
    [
      "which rule did not give it, and what would make it",
      [rule("a", { group_name: "Eng" }), CONVENTION],
      { groups: ["Engineer"], expect: ["Platform/editor"] },
      ["- Platform/editor: rule `a` does not match: join group `Eng`"],
    ],
    [
      "which rule gives what nobody expected, and by what",
      [rule("a", { group_name: "Eng" }), rule("b", { when: "user.title = 'VP'" })],
      { user: { title: "VP" }, expect: [] },
      ["+ Platform/editor: given by rule `b`, condition `user.title = 'VP'`"],
    ],
    [
      "each rule that gives it, where all of them count",
      [rule("a", { group_name: "Eng" }), rule("b", { when: "user.title = 'VP'" })],
      { groups: ["Eng"], user: { title: "VP" }, expect: [] },
      ["+ Platform/editor: given by rule `a`, group `Eng`; and by rule `b`, condition `user.title = 'VP'`"],
      { conflicts: "all" },
    ],
    [
      "which rule came before it",
      [rule("a", { everyone: true, role_name: "viewer" }), rule("b", { everyone: true })],
      { expect: ["Platform/editor"] },
      [
        "- Platform/editor: rule `b`, which matches, but rule `a` decides there: move rule `b` above `a`",
        "+ Platform/viewer: given by rule `a`, everyone",
      ],
    ],
    [
      "which role ranks above it",
      [rule("a", { everyone: true, role_name: "viewer" }), rule("b", { everyone: true })],
      { expect: ["Platform/viewer", "Platform/editor"] },
      ["- Platform/viewer: rule `a`, which matches, but rule `b` decides there"],
      { conflicts: "highest", role_order: ["viewer", "editor"] },
    ],
    [
      "why a rule failed",
      [rule("a", { when: "$number(user.title) > 1" })],
      { user: { title: "VP" }, expect: ["Platform/editor"] },
      ["- Platform/editor: rule `a` cannot be judged: `$number` cannot read this as a number: repair rule `a`"],
    ],
    [
      "what was probably meant",
      [rule("a", { group_name: "Eng" })],
      { expect: ["Platfrom/editor"] },
      ["- Platfrom/editor: no rule writes it out, did you mean `Platform/editor`?"],
    ],
    [
      "which rules could make it of a captured text",
      [CONVENTION],
      { groups: ["app-Platform"], expect: ["Data/viewer"] },
      [
        "- Data/viewer: no rule writes it out; rule `conv` gives something else to this person",
        "+ Platform/viewer: given by rule `conv`, group `app-Platform`",
      ],
    ],
    [
      "three of many rules",
      ["a", "b", "c", "d", "e"].map((id) => rule(id, { group_name: id })),
      { expect: ["Platform/editor"] },
      [
        "- Platform/editor: rule `a` does not match: join group `a`; rule `b` does not match: join group `b`; " +
          "rule `c` does not match: join group `c`; 2 more rules could give it",
      ],
    ],
    [
      "what SCIM's role assignments give",
      [],
      { scim_roles: [{ type: "kind", value: "admin" }], expect: [] },
      ["+ tenant/admin: given by `scim_roles`, SCIM role `kind: admin`"],
      { scim_roles: [{ type: "kind", values: ["admin"], scope: "tenant" }] },
    ],
    [
      "what the fallback gives",
      [],
      { expect: ["Lobby/admin"] },
      ["- Lobby/admin: no rule writes it out, did you mean `Lobby/member`?", "+ Lobby/member: given by the default"],
      { no_match: "default", default_team: "Lobby" },
    ],
  ];
  for (const [title, mappings, example, lines, more = {}] of cases) {
    it(title, async () => {
      expect(await difference({ ...more, mappings }, example)).to.deep.equal(lines);
    });
  }
});
