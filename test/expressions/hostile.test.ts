import { expect } from "chai";
import { checkExpression } from "../../src/engine/expression/expression.js";
import { EXPRESSION_LIMITS, type ExpressionResult } from "../../src/model/expression.js";
import { createExpressionRunner, type ExpressionRunner } from "../../src/platform/expression-runner.js";
import { type Fate, HOSTILE_EXPRESSIONS } from "./corpus.js";

const FACTS = {
  user: { userName: "ann", title: "VP", active: true, department: "Sales" },
  groups: ["IT", "Sales", "app-1"],
  now: "2026-11-22",
};

/** What a refusal of these kinds has to offer instead. */
const CONSTRUCTS: ReadonlySet<string> = new Set(["not_allowed", "refused_function", "range", "whole_object"]);

/** Of the guards, the one that ends it depends on how fast the machine is. */
const STOPPED = ["timeout", "memory", "too_large"];

describe("W-19, W-20: the corpus of hostile expressions", () => {
  it("is large, and each of them has its name", () => {
    expect(HOSTILE_EXPRESSIONS.length).to.be.greaterThan(120);
    expect(new Set(HOSTILE_EXPRESSIONS.map(({ name }) => name)).size).to.equal(HOSTILE_EXPRESSIONS.length);
  });

  describe("when it is saved", () => {
    for (const { group, name, source, save } of HOSTILE_EXPRESSIONS) {
      it(`${group}: ${name}: ${save}`, () => {
        const check = checkExpression(source, "when");
        if (check.ok) {
          expect(save).to.equal("saved");
          return;
        }
        const [first] = check.problems;
        expect(first?.code).to.equal(save);
        for (const { code, position, message, suggestion } of check.problems) {
          expect(position).to.be.within(0, source.length);
          expect(message).to.match(/^[^\p{Cc}]{5,300}$/u);
          if (CONSTRUCTS.has(code)) expect(suggestion, message).to.be.a("string");
        }
      });
    }
  });

  describe("where it runs without ever having been checked", () => {
    let runner: ExpressionRunner;
    before(() => {
      // A machine that is busy with other tests must not turn what is harmless into what takes too long.
      runner = createExpressionRunner({ killAfter: 2000 });
    });
    after(() => runner.close());

    for (const { group, name, source, run } of HOSTILE_EXPRESSIONS) {
      it(`${group}: ${name}: ${inWords(run)}`, async () => {
        const [attacked, neighbours] = await Promise.all([
          runner.run(1, [
            { source, input: FACTS },
            { source: "user.title = 'VP'", input: FACTS },
          ]),
          runner.run(2, [{ source: "'IT' in groups", input: FACTS }]),
        ]);
        expectFate(attacked[0], run);
        expect(JSON.stringify(attacked[0]).length).to.be.lessThan(2 * EXPRESSION_LIMITS.output);
        expect(attacked[1], "the next of the same tenant").to.deep.equal({ ok: true, value: true });
        expect(neighbours, "another tenant's").to.deep.equal([{ ok: true, value: true }]);
      });
    }

    it("and afterwards finds no trace of any of them in the process that ran them", async () => {
      const source = "[$exists({}.polluted), $exists({}.admin), $uppercase('a'), $not(false), $count(groups)]";
      const [result] = await runner.run(3, [{ source, input: FACTS }]);
      expect(result).to.deep.equal({ ok: true, value: [false, false, "A", true, 3] });
    });
  });
});

function inWords(fate: Fate): string {
  return typeof fate === "string" ? fate : `yields ${JSON.stringify(fate.yields)}`;
}

function expectFate(result: ExpressionResult | undefined, fate: Fate): void {
  if (fate === "harmless") expect(result).to.have.property("ok", true);
  else if (typeof fate === "object") expect(result).to.deep.equal({ ok: true, value: fate.yields });
  else
    expect(result)
      .to.have.property("code")
      .that.is.oneOf(fate === "stopped" ? STOPPED : [fate]);
  // Whoever reads the reason of a failure may not be allowed to read the facts.
  if (result?.ok === false) expect(result.message).to.not.match(/\bVP\b|Sales|\bann\b/);
}
