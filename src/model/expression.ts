import type { Json, JsonObject } from "./json.js";

/** One evaluation: a JSONata expression over the facts of `schemas/facts.schema.json`. */
export interface ExpressionJob {
  readonly source: string;
  readonly input: JsonObject;
}

/**
 * What came of one evaluation; `null` stands for "nothing", as JSONata has no value for it.
 * `position` is the offset of a character in the source. Messages never hold values of the input.
 */
export type ExpressionResult =
  | { readonly ok: true; readonly value: Json }
  | {
      readonly ok: false;
      readonly code: ExpressionFailure;
      readonly message: string;
      readonly position?: number;
    };

export type ExpressionFailure =
  | "timeout" // did not end in time; the child that ran it was killed if it had to be
  | "memory" // took its child's memory, or its child down
  | "suspended" // ended badly too often, at all or on this input: not run any more for this purpose
  | "refused" // does not parse, or uses what is switched off
  | "error" // JSONata failed on these facts: a wrong type, for instance
  | "too_large" // source, input, result or a list on the way is beyond its limit
  | "queue_full" // the tenant has too many evaluations waiting
  | "unavailable" // no child could be started
  | "closed"; // the runner is stopping

/** Bounds of one evaluation. Sizes are counted in UTF-16 units of the JSON text, times in milliseconds. */
export const EXPRESSION_LIMITS = {
  source: 4096,
  input: 256 * 1024,
  output: 64 * 1024,
  /** JSONata's own guard rails, inside the child. */
  timeout: 250,
  stack: 200,
  sequence: 10_000,
  /** From outside: the child is killed when one evaluation takes longer. */
  kill: 300,
} as const;

/** What the runner sends to its child: sources with their inputs as JSON texts, all of one tenant, to be run in order. */
export interface ExpressionBatch {
  readonly jobs: readonly (readonly [source: string, input: string])[];
}

/**
 * What the child answers, as a JSON text: the next results in the order of the batch. With `done` the batch is over,
 * also when jobs are left: its time was up, and somebody else's turn comes first.
 */
export interface ExpressionReply {
  readonly results: readonly ExpressionResult[];
  readonly done: boolean;
}
