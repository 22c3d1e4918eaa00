import type { ExpressionFailure } from "../../model/expression.js";
import { EXPRESSION_LIMITS } from "../../model/expression.js";
import type { Json } from "../../model/json.js";
import { PROTOTYPE_KEYS } from "./facts.js";
import { startOfToken } from "./syntax.js";

/** An evaluation that ended without a result. Its message holds nothing of the facts. */
export class ExpressionFault extends Error {
  readonly code: ExpressionFailure;
  readonly offset: number | undefined;

  constructor(code: ExpressionFailure, message: string, offset?: number) {
    super(message);
    this.name = "ExpressionFault";
    this.code = code;
    this.offset = offset;
  }
}

/** Thrown by stand-ins of functions that are switched off, so that JSONata adds the place and the name. */
export class SwitchedOff extends Error {
  readonly code = "SWITCHED_OFF";
}

/** Nesting of a result, at most. */
const DEEPEST_RESULT = 32;

/**
 * A result as plain JSON, copied so that nothing of JSONata comes along; "nothing" becomes `null`.
 * Refuses functions, numbers that JSON cannot say, prototype keys, and what is larger than the limit.
 */
export function plainJson(result: unknown): Json {
  const budget = { left: EXPRESSION_LIMITS.output };
  return copy(result, budget, 0);
}

function copy(value: unknown, budget: { left: number }, depth: number): Json {
  if (value === undefined || value === null || typeof value === "boolean") return spend(budget, 5, value ?? null);
  if (typeof value === "number") return spend(budget, 8, finite(value));
  if (typeof value === "string") return spend(budget, value.length + 3, value);
  if (depth > DEEPEST_RESULT) throw new ExpressionFault("too_large", "the result nests too deeply");
  if (Array.isArray(value)) return spend(budget, 2, value).map((entry) => copy(entry, budget, depth + 1));
  if (isFunction(value)) throw new ExpressionFault("error", "the result holds a function");
  const copied: [string, Json][] = [];
  for (const [key, entry] of Object.entries(value as object)) {
    if (PROTOTYPE_KEYS.has(key)) throw new ExpressionFault("error", `the result has a key \`${key}\``);
    copied.push([spend(budget, key.length + 4, key), copy(entry, budget, depth + 1)]);
  }
  return Object.fromEntries(copied);
}

function spend<T>(budget: { left: number }, units: number, value: T): T {
  budget.left -= units;
  if (budget.left < 0)
    throw new ExpressionFault("too_large", `the result is larger than ${EXPRESSION_LIMITS.output} characters`);
  return value;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new ExpressionFault("error", "the result is a number out of range");
  return value;
}

function isFunction(value: unknown): boolean {
  return (
    typeof value === "function" ||
    Object.hasOwn(value as object, "_jsonata_lambda") ||
    Object.hasOwn(value as object, "_jsonata_function")
  );
}

/** What JSONata throws: an object of its own, or an Error to which it has added the place. */
interface Thrown {
  readonly code?: string;
  readonly message?: string;
  readonly position?: number;
  readonly token?: string;
  readonly index?: number;
}

/** JSONata's codes in our words: its own messages quote values, and values are personal data. */
const FAULTS: ReadonlyMap<string, readonly [ExpressionFailure, string]> = new Map(
  Object.entries({
    SWITCHED_OFF: ["refused", "`$TOKEN` is switched off"],
    D1001: ["error", "a number is out of range"],
    D1002: ["error", "`-` needs a number"],
    D1004: ["error", "the regular expression matches the empty text"],
    D1009: ["error", "a key comes twice"],
    D1011: ["too_large", "the expression nests or recurses too deeply"],
    D1012: ["timeout", `the evaluation took longer than ${EXPRESSION_LIMITS.timeout} ms`],
    D2014: ["too_large", `a list is longer than ${EXPRESSION_LIMITS.sequence} entries`],
    D2015: ["too_large", `a list is longer than ${EXPRESSION_LIMITS.sequence} entries`],
    D3001: ["error", "a number is out of range"],
    D3010: ["error", "`$replace` cannot look for the empty text"],
    D3030: ["error", "`$number` cannot read this as a number"],
    D3070: ["error", "`$sort` needs a list of texts only, or of numbers only"],
    D3138: ["error", "`$single` found more than one entry"],
    D3139: ["error", "`$single` found no entry"],
    T0410: ["error", "argument INDEX of `$TOKEN` has the wrong type"],
    T0411: ["error", "argument INDEX of `$TOKEN` is missing, and the context is no stand-in"],
    T0412: ["error", "argument INDEX of `$TOKEN` has entries of the wrong type"],
    T1003: ["error", "a key must be a text"],
    T1006: ["error", "what is called here is no function"],
    T2001: ["error", "the left side of `TOKEN` must be a number"],
    T2002: ["error", "the right side of `TOKEN` must be a number"],
    T2009: ["error", "both sides of `TOKEN` must be texts, or both numbers"],
    T2010: ["error", "both sides of `TOKEN` must be texts or numbers"],
  } satisfies Record<string, readonly [ExpressionFailure, string]>),
);

/** Anything thrown by an evaluation as a fault in our words, with the place where it happened. */
export function faultOf(error: unknown, source: string): ExpressionFault {
  if (error instanceof ExpressionFault) return error;
  if (error instanceof RangeError)
    return new ExpressionFault("too_large", "a text, list or nesting is beyond what can be computed");
  const thrown = error as Thrown;
  const [code, template] = FAULTS.get(String(thrown.code)) ?? ["error", "JSONata cannot evaluate this"];
  const token = String(thrown.token);
  const message = template.replace("TOKEN", () => token).replace("INDEX", String(thrown.index));
  const offset = thrown.position === undefined ? undefined : startOfToken(source, thrown.position, token);
  return new ExpressionFault(code, message, offset);
}
