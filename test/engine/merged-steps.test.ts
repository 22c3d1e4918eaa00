import { expect } from "chai";
import { mergedSteps } from "../../src/engine/explain/merged-steps.js";
import type { Step } from "../../src/engine/explain/steps.js";

const join = (...anyOf: readonly string[]): Step => ({ do: "join_group", anyOf });
const set = (attribute: "title" | "country", value: string): Step => ({
  do: "set_attribute",
  attribute,
  anyOf: [value],
});
const leave: Step = { do: "leave_group", group: "x" };
const claim = (name: string, value: string): Step => ({ do: "set_claim", claim: name, anyOf: [value] });

describe("several ways of one size", () => {
  const cases: readonly (readonly [string, readonly (readonly Step[])[], readonly Step[]])[] = [
    ["are one step with any of their values", [[join("a")], [join("b")], [join("a")]], [join("a", "b")]],
    ["stay apart where they are of different kinds", [[join("a")], [leave], [set("title", "x")]], [join("a")]],
    ["are joined only for one attribute", [[set("title", "x")], [set("country", "x")]], [set("title", "x")]],
    ["are joined only for one claim", [[claim("a", "x")], [claim("b", "x")]], [claim("a", "x")]],
    [
      "are the first one where it takes several steps",
      [
        [join("a"), leave],
        [join("b"), leave],
      ],
      [join("a"), leave],
    ],
    ["are none of none", [], []],
    ["are the first one where it has no values", [[leave], [join("a")]], [leave]],
  ];
  for (const [title, sets, expected] of cases) {
    it(title, () => {
      expect(mergedSteps(sets)).to.deep.equal(expected);
    });
  }
});
