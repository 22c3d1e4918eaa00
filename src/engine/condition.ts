/** A rule's expressions, `when` and `grants`: asked once per way in which its matchers hold. */
import type { Match, Open } from "../model/evaluation.js";
import type { ExpressionFailure, ExpressionResult } from "../model/expression.js";
import type { Evidence } from "../model/grant.js";
import type { Instant } from "../model/ids.js";
import type { Json } from "../model/json.js";
import type { PersonLink } from "../model/person.js";
import type { CompiledExpression } from "./compile/compiled-mapping.js";
import type { RuleTable } from "./compile/rule-table.js";
import { computedTargets } from "./computed-targets.js";
import { type Reads, readFacts } from "./fact-reads.js";
import type { Found, Hit } from "./match.js";

/** Where expressions are asked: a link, its connection's table, and the answers to the jobs. */
export interface Asking {
  readonly table: RuleTable;
  readonly link: PersonLink;
  readonly results: ReadonlyMap<string, ExpressionResult>;
}

/** What an expression reads for one way. */
export function expressionReads(
  expression: CompiledExpression,
  { group }: Hit,
  { table, link }: Pick<Asking, "table" | "link">,
): Reads {
  return readFacts(expression, { facts: link.facts, table, group });
}

/**
 * The way, with the condition as further evidence; `undefined` when the condition is false; or why that is open. Nothing is
 * false: every fact that is read is known here, and JSONata makes nothing of a comparison with one that is empty.
 */
export function askCondition(
  when: CompiledExpression,
  hit: Hit,
  asking: Asking,
): { readonly found?: Found } | { readonly open: Open } {
  const answer = ask(when, hit, asking);
  if ("open" in answer) return answer;
  if (answer.value === null) return {};
  if (typeof answer.value !== "boolean") {
    return { open: { reason: "not_boolean", detail: "the expression yielded neither true nor false" } };
  }
  return answer.value ? { found: supported(hit.match, "expression", when, answer.staleSince) } : {};
}

/** What a way gives by `grants`: a match per target, none with whether facts are stale; or why that is open. */
export function askGrants(
  grants: CompiledExpression,
  hit: Hit,
  asking: Asking,
): { readonly matches: readonly Match[]; readonly stale: boolean } | { readonly open: Open } {
  const answer = ask(grants, hit, asking);
  if ("open" in answer) return answer;
  const computed = computedTargets(answer.value);
  if (!computed.ok) return { open: { reason: "not_targets", detail: computed.message } };
  // An expression that reads nothing gives the same to everybody: nobody could change its result.
  const found = grants.reads.length === 0 ? hit.match : supported(hit.match, "grants", grants, answer.staleSince);
  return { matches: computed.targets.map((target) => ({ ...found, target })), stale: found.stale };
}

type Answer = { readonly value: Json; readonly staleSince: Instant | undefined } | { readonly open: Open };

function ask(expression: CompiledExpression, hit: Hit, asking: Asking): Answer {
  const reads = expressionReads(expression, hit, asking);
  if (!reads.ok) return { open: unread(reads) };
  const result = asking.results.get(reads.key);
  if (!result) return { open: { reason: "expression_failed", detail: "the expression was not evaluated" } };
  return result.ok ? { value: result.value, staleSince: reads.staleSince } : { open: failureOf(result) };
}

/** What keeps an expression from being run. */
export function unread(reads: Extract<Reads, { ok: false }>): Open {
  if (reads.refused !== undefined) return { reason: "expression_failed", detail: reads.refused };
  return { reason: reads.reason, detail: reads.path };
}

function supported(
  match: Found,
  kind: Evidence["kind"],
  { source }: CompiledExpression,
  staleSince: Instant | undefined,
): Found {
  const said: Evidence = { kind, label: source, ...(staleSince === undefined ? {} : { staleSince }) };
  return { ...match, evidence: [...match.evidence, said], stale: match.stale || staleSince !== undefined };
}

/** An evaluation that failed, with its place. */
export function failureOf({ code, message, position }: Extract<ExpressionResult, { ok: false }>): Open {
  const reason = REASONS.get(code) ?? "expression_failed";
  return { reason, detail: message, ...(position === undefined ? {} : { position }) };
}

/** Time and memory may run out for the machine's sake: such an evaluation says nothing final. */
const REASONS: ReadonlyMap<ExpressionFailure, Open["reason"]> = new Map([
  ["timeout", "expression_stopped"],
  ["memory", "expression_stopped"],
  ["suspended", "expression_suspended"],
]);

/** A failure of the expression, as against a fact that is unknown. */
export function isFailure({ reason }: Open): boolean {
  return FAILURES.has(reason);
}

const FAILURES: ReadonlySet<Open["reason"]> = new Set([
  "expression_failed",
  "expression_stopped",
  "expression_suspended",
  "not_boolean",
  "not_targets",
  "too_many_targets",
  "not_text",
]);
