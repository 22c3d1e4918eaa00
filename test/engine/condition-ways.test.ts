import { expect } from "chai";
import { waysTo } from "../../src/engine/explain/condition-ways.js";
import { changed, changeStep, type FactChange } from "../../src/engine/explain/fact-changes.js";
import { stepText } from "../../src/engine/explain/steps.js";
import { waysFor } from "../../src/engine/explain/variants.js";
import { syntaxTree } from "../../src/engine/expression/expression.js";
import type { SyntaxNode } from "../../src/engine/expression/syntax.js";
import { group, link, type MadeUpLink, NOW, unknown } from "./made-up.js";

/** Each way as orders, joined by `+`; ways by `|`; `as it is` for one that changes nothing. */
function said(source: string, truth = true): string {
  return waysTo(syntaxTree(source) as SyntaxNode, truth)
    .map((way) => way.map((change) => stepText(changeStep(change), (id) => id)).join(" + ") || "as it is")
    .join(" | ");
}

const dept = (value: string) => `have \`user.department\` be ${value}`;

describe("ways in which a condition could become true", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["user.department = 'IT'", dept("`IT`"), `${dept("something else than `IT`")} | ${dept("empty")}`],
    ["'IT' = user.department", dept("`IT`"), `${dept("something else than `IT`")} | ${dept("empty")}`],
    ["user.active = true", "have `user.active` be `true`", "have `user.active` be `false`"],
    ["user.active", "have `user.active` be `true`", "have `user.active` be `false`"],
    ["claims.a", "as it is", "as it is"],
    ["user.department in ['IT', 'HR']", `${dept("`IT`")} | ${dept("`HR`")}`, dept("empty")],
    ["user.department in ['IT', 1]", dept("`IT`"), dept("empty")],
    ["claims.a in ['x']", "have claim `a` hold `x`", "as it is"],
    ["user.department in [1]", "as it is", dept("empty")],
    ["user.department in claims.a", "as it is", "as it is"],
    ["1 in claims.a", "as it is", "as it is"],
    ["'x' in claims.a", "have claim `a` hold `x`", "as it is"],
    ["'x' in user.department", "as it is", "as it is"],
    ["'x' in groups", "join group `x`", "leave group `x`"],
    ["'x' in group_ids", "join group `x`", "leave group `x`"],
    ["'x' in app_roles", "get app role `x`", "lose app role `x`"],
    ["claims.a = 'x'", "have claim `a` hold `x`", "as it is"],
    ["claims.a = true", "as it is", "as it is"],
    ["group.name = 'x'", "as it is", "as it is"],
    ["user.unknown = 'x'", "as it is", "as it is"],
    ["user.title = user.department", "as it is", "as it is"],
    ["user.title = 1", "as it is", "as it is"],
    ["$count(groups) > 2", "as it is", "as it is"],
    ["('x' in groups)", "join group `x`", "leave group `x`"],
    ["($a := 1; $a = 1)", "as it is", "as it is"],
    ["'x' in groups and 'y' in groups", "join group `x` + join group `y`", "leave group `x` | leave group `y`"],
    ["'x' in groups or 'y' in groups", "join group `x` | join group `y`", "leave group `x` + leave group `y`"],
    ["$not('x' in groups)", "leave group `x`", "join group `x`"],
    ["$contains(user.department, 'IT')", dept("`IT`"), `${dept("something else than `IT`")} | ${dept("empty")}`],
    ["$contains(user.department, user.title)", "as it is", "as it is"],
    ["$lowercase(user.department) = 'it'", dept("`it`"), `${dept("something else than `it`")} | ${dept("empty")}`],
    ["$length(user.department) = 'it'", "as it is", "as it is"],
    ["$exists(user.department)", "as it is", dept("empty")],
    ["$exists(claims.a)", "as it is", "as it is"],
    ["$now()", "as it is", "as it is"],
    ["true", "as it is", ""],
    ["'text'", "as it is", "as it is"],
    [
      "user.active ? 'x' in groups : 'y' in groups",
      "have `user.active` be `true` + join group `x` | have `user.active` be `false` + join group `y`",
      "have `user.active` be `true` + leave group `x` | have `user.active` be `false` + leave group `y`",
    ],
    [
      "user.active ? 'x' in groups",
      "have `user.active` be `true` + join group `x`",
      "have `user.active` be `true` + leave group `x`",
    ],
    ["groups[0] = 'x'", "as it is", "as it is"],
    ["user.title = null", "as it is", "as it is"],
    ["$lowercase() = 'x'", "as it is", "as it is"],
  ];
  for (const [source, yes, no] of cases) {
    it(`${source}: ${yes}; or false: ${no}`, () => {
      expect([said(source), said(source, false)]).to.deep.equal([yes, no]);
    });
  }

  it("are few, however many there could be", () => {
    const many = Array.from({ length: 9 }, (_, n) => `user.title in ['${n}a', '${n}b', '${n}c', '${n}d']`);
    expect(waysFor(many.join(" and "), true).length).to.equal(24);
    expect(waysFor(many.join(" or "), true).length).to.equal(24);
  });

  it("are none of what is no expression", () => {
    expect([waysFor("1 +", true), syntaxTree("1 +")]).to.deep.equal([[], undefined]);
  });
});

describe("facts as they would be", () => {
  const none = new Map();
  const same: readonly (readonly [MadeUpLink, FactChange])[] = [
    [{ groups: ["x"] }, { kind: "group", name: "x", member: true }],
    [{}, { kind: "group", name: "x", member: false }],
    [{ groups: ["y"] }, { kind: "group", name: "x", member: false }],
    [{ appRoles: { known: true, value: ["x"] } }, { kind: "app_role", role: "x", held: true }],
    [{ appRoles: { known: true, value: [] } }, { kind: "app_role", role: "x", held: false }],
    [{ user: { title: "x" } }, { kind: "attribute", attribute: "title", value: "x" }],
    [{ user: { title: "y" } }, { kind: "attribute", attribute: "title", value: "not x", not: "x" }],
    [{ claims: { a: ["x"] } }, { kind: "claim", claim: "a", value: "x" }],
  ];
  for (const [made, change] of same) {
    it(`are the very same where it is so already: ${JSON.stringify(change)}`, () => {
      const before = link(made);
      expect(changed(before, change, none)).to.equal(before);
    });
  }

  const different: readonly (readonly [
    MadeUpLink,
    FactChange,
    (facts: ReturnType<typeof link>["facts"]) => unknown,
    unknown,
  ])[] = [
    [
      { groups: [group("x", { staleSince: NOW })] },
      { kind: "group", name: "x", member: true },
      ({ groups }) => groups.members.map(({ names, staleSince }) => [names, staleSince]),
      [[["x"], undefined]],
    ],
    [
      { groups: ["other"] },
      { kind: "group", name: "Fin", id: "1f", member: true },
      ({ groups }) => groups.members.map(({ names, ids }) => [names, ids]),
      [
        [["other"], ["other"]],
        [["Fin"], ["1f"]],
      ],
    ],
    [
      { groups: [group("x", { waiting: "x" })] },
      { kind: "confirm", group: "x" },
      ({ groups }) => groups.members.map(({ waiting }) => waiting),
      [undefined],
    ],
    [
      { groups: ["1f", "Fin", group("Sales", { presentName: "EU" })] },
      { kind: "group", name: "Fin (1f)", member: false },
      ({ groups }) => groups.members.map(({ names }) => names[0]),
      ["Sales"],
    ],
    [
      { groups: [group("Sales", { presentName: "EU" })] },
      { kind: "group", name: "Sales (now EU)", member: false },
      ({ groups }) => groups.members,
      [],
    ],
    [
      { groups: ["x", "y"], unlisted: "overage", answered: ["z"] },
      { kind: "group", name: "x", member: false },
      ({ groups }) => [groups.members.map(({ names }) => names[0]), [...groups.answered]],
      [["y"], ["z", "x"]],
    ],
    [
      { appRoles: unknown("never_asserted") },
      { kind: "app_role", role: "x", held: false },
      ({ appRoles }) => appRoles,
      { known: true, value: [] },
    ],
    [
      { appRoles: { known: true, value: ["x"], staleSince: NOW } },
      { kind: "app_role", role: "x", held: true },
      ({ appRoles }) => appRoles,
      { known: true, value: ["x"] },
    ],
    [
      { user: { title: unknown("absent_claim") } },
      { kind: "attribute", attribute: "title", value: "not x", not: "x" },
      ({ user }) => user.title,
      { known: true, value: "not x" },
    ],
    [
      { user: { title: { known: true, value: "x", staleSince: NOW } } },
      { kind: "attribute", attribute: "title", value: "x" },
      ({ user }) => user.title,
      { known: true, value: "x" },
    ],
    [{ claims: {} }, { kind: "claim", claim: "a", value: "x" }, ({ claims }) => claims, { a: ["x"] }],
    [
      { user: { title: unknown("absent_claim") }, appRoles: { known: true, value: ["x"], staleSince: NOW } },
      { kind: "fresh", fact: "groups" },
      ({ appRoles, user }) => [appRoles, user.title],
      [{ known: true, value: ["x"] }, unknown("absent_claim")],
    ],
    [
      { appRoles: unknown("absent_claim") },
      { kind: "fresh", fact: "groups" },
      ({ appRoles }) => appRoles,
      unknown("absent_claim"),
    ],
  ];
  for (const [made, change, read, expected] of different) {
    it(`are changed by ${JSON.stringify(change)} on ${JSON.stringify(made)}`, () => {
      expect(read(changed(link(made), change, none).facts)).to.deep.equal(expected);
    });
  }
});
