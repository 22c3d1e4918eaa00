import type { CompiledMapping } from "../../engine/compile/compile.js";
import type { ExpressionFailure, ExpressionJob, ExpressionResult } from "../../model/expression.js";
import { grouped } from "../../model/grouped.js";
import { Refusal } from "../../model/problem.js";
import type { ExpressionPort } from "../deps.js";

/** Jobs handed in at once: a large mapping over many people must not fill its tenant's own queue. */
const AT_ONCE = 5000;

/** Failures that say nothing of the expression or the person. INVARIANT: nothing is ever decided by them. */
const BUSY: ReadonlySet<ExpressionFailure> = new Set(["queue_full", "unavailable", "closed"]);

/** More results than these, and those of large inputs, are not remembered: a walk's memory does not grow with its people. */
const REMEMBERED = 20_000;
const LONGEST_KEY = 500;

const MOST_OF_MAPPING = 2_000;

// Kept with the compiled mapping, which is another one for each version.
const ofMappings = new WeakMap<CompiledMapping, Map<string, ExpressionResult>>();

/** Results of decisions by this mapping that are good for the next ones; not too many, the newest where there are more. */
export function rememberedFor(mapping: CompiledMapping): Map<string, ExpressionResult> {
  const known = ofMappings.get(mapping);
  if (known !== undefined && known.size < MOST_OF_MAPPING) return known;
  const fresh = new Map<string, ExpressionResult>();
  ofMappings.set(mapping, fresh);
  return fresh;
}

/**
 * Runs keyed jobs and answers by the same keys. What is remembered is not run again; failures are, as they may be of the
 * moment. Refusal `expression_busy`: some could not be run at all for now.
 */
export async function resultsOf(
  expressions: ExpressionPort,
  tenant: number,
  jobs: ReadonlyMap<string, ExpressionJob>,
  remembered: Map<string, ExpressionResult> = new Map(),
): Promise<ReadonlyMap<string, ExpressionResult>> {
  const results = new Map<string, ExpressionResult>();
  const unknown: (readonly [string, ExpressionJob])[] = [];
  for (const entry of jobs) {
    const known = remembered.get(entry[0]);
    if (known) results.set(entry[0], known);
    else unknown.push(entry);
  }
  // One expression after the other: whoever runs them keeps few prepared, and preparing one takes longest.
  const asked = [...grouped(unknown, ([, { source }]) => source).values()].flat();
  for (let from = 0; from < asked.length; from += AT_ONCE) {
    const part = asked.slice(from, from + AT_ONCE);
    const answers = await expressions.run(
      tenant,
      part.map(([, job]) => job),
    );
    for (const [index, answer] of answers.entries()) {
      if (!answer.ok && BUSY.has(answer.code)) throw new Refusal("expression_busy", BUSY_MESSAGE);
      const [key] = part[index] as readonly [string, ExpressionJob];
      results.set(key, answer);
      if (answer.ok && key.length <= LONGEST_KEY && remembered.size < REMEMBERED) remembered.set(key, answer);
    }
  }
  return results;
}

const BUSY_MESSAGE = "the expressions of the mapping cannot be run right now: try again in a minute";
