import { expect } from "chai";
import { compileMapping } from "../../src/engine/compile/compile.js";
import type { ExpressionJob, ExpressionResult } from "../../src/model/expression.js";
import { rememberedFor, resultsOf } from "../../src/provisioning/mapping/expression-results.js";

describe("results of expressions", () => {
  const compiled = () => {
    const result = compileMapping({}, { connections: [], version: 1 });
    if (!result.ok) throw new Error("the empty mapping compiles");
    return result.mapping;
  };
  const job = (source: string, person: number): readonly [string, ExpressionJob] => [
    `${source} ${person}`,
    { source, input: { person } },
  ];
  /** Answers each job by what it was asked, and notes the order. */
  const asking = () => {
    const asked: string[] = [];
    const run = async (_tenant: number, jobs: readonly ExpressionJob[]): Promise<readonly ExpressionResult[]> =>
      jobs.map(({ source, input }) => {
        asked.push(source);
        return { ok: true, value: `${source} ${input["person"]}` };
      });
    return { asked, run };
  };

  it("are asked for one expression after the other, which is prepared once for many people, and stand under their keys", async () => {
    const jobs = new Map([job("a", 1), job("b", 1), job("a", 2), job("b", 2), job("a", 3)]);
    const port = asking();
    const results = await resultsOf(port, 1, jobs);
    expect(port.asked).to.deep.equal(["a", "a", "a", "b", "b"]);
    for (const key of jobs.keys()) expect(results.get(key)).to.deep.equal({ ok: true, value: key });
  });

  it("are not asked for again where they are remembered", async () => {
    const remembered = new Map<string, ExpressionResult>();
    const port = asking();
    await resultsOf(port, 1, new Map([job("a", 1)]), remembered);
    const results = await resultsOf(port, 1, new Map([job("a", 1), job("a", 2)]), remembered);
    expect([port.asked.length, results.size]).to.deep.equal([2, 2]);
  });

  it("of decisions are remembered with their mapping alone, and anew once they are many", () => {
    const [one, another] = [compiled(), compiled()];
    rememberedFor(one).set("a", { ok: true, value: 1 });
    expect([...rememberedFor(one).keys(), rememberedFor(another).size]).to.deep.equal(["a", 0]);
    for (let at = 0; at < 2_000; at++) rememberedFor(one).set(String(at), { ok: true, value: at });
    expect(rememberedFor(one).size).to.be.lessThan(2_000);
  });
});
