/** Makes batches of the jobs that wait: as many as are one turn of a child process. */
import {
  EXPRESSION_LIMITS,
  type ExpressionFailure,
  type ExpressionJob,
  type ExpressionResult,
} from "../model/expression.js";
import type { JsonObject } from "../model/json.js";
import type { Strikes } from "./strikes.js";

const BATCH_JOBS = 100;
const BATCH_CHARACTERS = 1024 * 1024;

/** What jobs are run for. */
export interface Purpose {
  readonly strikes: Strikes;
  /** Of the active mapping; absent for a what-if. */
  readonly version?: number;
}

/** One job on its way. */
export interface Item {
  readonly job: ExpressionJob;
  readonly purpose: Purpose;
  readonly settle: (result: ExpressionResult) => void;
  /** Its child has died under it once, for whatever reason. */
  died: boolean;
}

export interface Batch {
  /** Where its items waited. */
  readonly lane: Item[];
  readonly items: Item[];
  readonly jobs: [source: string, input: string][];
}

/** Takes the next jobs out of a lane, as many as make one turn. What cannot run at all is answered on the way. */
export function takeBatch(lane: Item[]): Batch {
  const batch: Batch = { lane, items: [], jobs: [] };
  let characters = 0;
  let taken = 0;
  let last: { readonly input: JsonObject; readonly text: string } | undefined;
  for (const item of lane) {
    const { source, input } = item.job;
    if (batch.items.length === BATCH_JOBS) break;
    if (last?.input !== input) last = { input, text: textOf(input) };
    characters += last.text.length;
    if (characters > BATCH_CHARACTERS && batch.items.length > 0) break;
    const refusal = refusalOf(item, last.text);
    if (refusal === undefined) {
      batch.items.push(item);
      batch.jobs.push([source, last.text]);
    } else {
      item.settle(refusal);
    }
    taken++;
  }
  lane.splice(0, taken);
  return batch;
}

/** Why a job cannot run at all. */
function refusalOf({ job, purpose }: Item, input: string): ExpressionResult | undefined {
  const { source } = job;
  const suspended = purpose.strikes.refusal(source, input);
  if (suspended !== undefined) return failure("suspended", suspended);
  if (source.length > EXPRESSION_LIMITS.source) {
    return failure("too_large", `the expression is longer than ${EXPRESSION_LIMITS.source} characters`);
  }
  if (input.length > EXPRESSION_LIMITS.input) {
    return failure("too_large", `the facts are larger than ${EXPRESSION_LIMITS.input} characters`);
  }
  return undefined;
}

/** Facts as JSON; a nesting that JSON cannot say counts as too large. */
function textOf(input: JsonObject): string {
  try {
    return JSON.stringify(input);
  } catch {
    return " ".repeat(EXPRESSION_LIMITS.input + 1);
  }
}

export function failure(code: ExpressionFailure, message: string): ExpressionResult {
  return { ok: false, code, message };
}
