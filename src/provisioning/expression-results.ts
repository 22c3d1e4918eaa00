import type { ExpressionFailure, ExpressionJob, ExpressionResult } from "../model/expression.js";
import { Refusal } from "../model/problem.js";
import type { ExpressionPort } from "./deps.js";

/** Jobs handed in at once: a large mapping over many people must not fill its tenant's own queue. */
const AT_ONCE = 5000;

/** Failures that say nothing of the expression or the person. INVARIANT: nothing is ever decided by them. */
const BUSY: ReadonlySet<ExpressionFailure> = new Set(["queue_full", "unavailable", "closed"]);

/** Runs keyed jobs and answers by the same keys. Refusal `expression_busy`: some could not be run at all for now. */
export async function resultsOf(
  expressions: ExpressionPort,
  tenant: number,
  jobs: ReadonlyMap<string, ExpressionJob>,
): Promise<ReadonlyMap<string, ExpressionResult>> {
  const results = new Map<string, ExpressionResult>();
  const keyed = [...jobs];
  for (let from = 0; from < keyed.length; from += AT_ONCE) {
    const part = keyed.slice(from, from + AT_ONCE);
    const answers = await expressions.run(
      tenant,
      part.map(([, job]) => job),
    );
    for (const [index, answer] of answers.entries()) {
      if (!answer.ok && BUSY.has(answer.code)) throw new Refusal("expression_busy", BUSY_MESSAGE);
      results.set((part[index] as readonly [string, ExpressionJob])[0], answer);
    }
  }
  return results;
}

const BUSY_MESSAGE = "the expressions of the mapping cannot be run right now: try again in a minute";
