import { expect } from "chai";
import { summaryLines } from "../../src/cli/plan-text.js";
import { planTally } from "../../src/engine/plan/summary.js";
import type { Undecided } from "../../src/model/plan.js";

describe("a plan's figures in words", () => {
  const line = (one: Omit<Undecided, "name">) =>
    summaryLines(planTally().summary([], { items: [{ ...one, name: one.rule }], more: 0 })).at(-1);
  const settling = { rule: "no_match", reason: "settling", people: 3 } as const;

  for (const [what, one, expected] of [
    [
      "name a rule that cannot be judged",
      { rule: "labs", reason: "stale", people: 1 },
      "  rule labs cannot be judged for 1 person (stale)",
    ],
    [
      "say how many accounts may end later, and when",
      { ...settling, until: "2026-11-22T10:00:00.000Z" },
      "  accounts that end if no rule matches by 2026-11-22T10:00:00.000Z: 3 people",
    ],
    [
      "say that they wait for groups, while none was pushed",
      settling,
      "  accounts that end if no rule matches when groups have come: 3 people",
    ],
  ] as const) {
    it(what, () => expect(line(one)).to.equal(expected));
  }
});
