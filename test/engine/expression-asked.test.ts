import { expect } from "chai";
import { askedTexts } from "../../src/engine/expression/expression.js";

describe("what an expression asks a list for", () => {
  const cases: readonly (readonly [source: string, list: string, asked: readonly string[] | undefined])[] = [
    ["'IT' in groups", "groups", ["IT"]],
    ["'IT' in groups and $not('HR' in groups)", "groups", ["IT", "HR"]],
    ["user.title = 'x' ? 'IT' in groups : 'HR' in app_roles", "groups", ["IT"]],
    ["'x' in claims.costcenter", "claims.costcenter", ["x"]],
    ["'x' in claims.`http://schemas.example/roles`", "claims.http://schemas.example/roles", ["x"]],
    ["'groups' in app_roles", "groups", []],
    ["user.title in groups", "groups", undefined],
    ["'IT' in groups[0]", "groups", undefined],
    ["'IT' in groups[$ != 'x']", "groups", undefined],
    ["'IT' in $$.groups", "groups", undefined],
    ["groups in 'IT'", "groups", undefined],
    ["'IT' in groups and $count(groups) > 1", "groups", undefined],
    ["($g := groups; 'IT' in $g)", "groups", undefined],
    ["'IT' in [groups]", "groups", undefined],
    ["groups = 'IT'", "groups", undefined],
    ["'IT' in $append(groups, 'x')", "groups", undefined],
    ["'x' in claims.(costcenter)", "claims.costcenter", undefined],
    ["'x' in claims.groups", "groups", undefined],
    ["$contains(user.title, /groups/)", "groups", []],
    ["'IT' in (", "groups", undefined],
  ];
  for (const [source, list, asked] of cases) {
    it(`${source}: ${asked === undefined ? "all of it" : JSON.stringify(asked)}`, () => {
      expect(askedTexts(source, list)).to.deep.equal(asked);
    });
  }
});
