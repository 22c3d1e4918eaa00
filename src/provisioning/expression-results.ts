import type { ExpressionJob, ExpressionResult } from "../model/expression.js";
import type { ExpressionPort } from "./deps.js";

/** Runs keyed jobs and answers by the same keys. */
export async function resultsOf(
  expressions: ExpressionPort,
  tenant: number,
  jobs: ReadonlyMap<string, ExpressionJob>,
): Promise<ReadonlyMap<string, ExpressionResult>> {
  const results = new Map<string, ExpressionResult>();
  if (jobs.size === 0) return results;
  const answers = await expressions.run(tenant, [...jobs.values()]);
  let at = 0;
  for (const key of jobs.keys()) {
    const answer = answers[at++];
    if (answer) results.set(key, answer);
  }
  return results;
}
