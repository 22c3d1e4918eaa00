import { expect } from "chai";
import { checkExpression } from "../../src/engine/expression/expression.js";
import { problemsOf, warningsOf } from "./made-up.js";

function places(source: string): readonly number[] {
  const checked = checkExpression(source, "when");
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  return checked.neverBoolean.map(({ position }) => position);
}

describe("a condition that is never true or false", () => {
  const never: readonly (readonly [source: string, position: number])[] = [
    ["'x'", 0],
    ["1", 0],
    ["1 + 1", 2],
    ["user.title & 'x'", 11],
    ["groups", 0],
    ["user.department", 0],
    ["claims.duties", 0],
    ["groups[$ = 'A']", 0],
    ["['A'] ", 0],
    ["-1", 0],
    ["$count(groups)", 0],
    ["user.active ? 1 : user.active", 14],
    ["($x := user.title; $uppercase($x))", 19],
  ];
  for (const [source, position] of never) {
    it(`is seen in ${source}, at the very place`, () => expect(places(source)).to.deep.equal([position]));
  }

  for (const source of [
    "user.active",
    "user.title = 'x'",
    "'A' in groups",
    "$exists(user.title)",
    "$not(user.active)",
    "user.active ? user.title = 'x' : false",
    "user.active ? true",
    "$distinct(user.title)",
    "($x := user.title; $x = 'x')",
  ]) {
    it(`is not suspected in ${source}`, () => expect(places(source)).to.deep.equal([]));
  }

  it("is refused in rules and invariants, and told of stored ones, which keep", () => {
    const rule = { when: "user.department", team_name: "A", role_name: "viewer" };
    const document = { mappings: [rule], invariants: [{ name: "i", never: "target.role" }] };
    const told = [
      ["/mappings/0/when", "not_boolean"],
      ["/invariants/0/never", "not_boolean"],
    ];
    expect(problemsOf(document).map(({ pointer, code }) => [pointer, code])).to.deep.equal(told);
    const stored = warningsOf(document, { stored: true });
    expect(stored.map(({ pointer, code }) => [pointer, code])).to.deep.include.members(told);
  });

  it("is what `grants` are", () => {
    expect(checkExpression("[{'team': 'A', 'role': 'x'}]", "grants")).to.have.property("ok", true);
  });
});
