/** A rule's `when`: asked once per way in which the rest of the rule holds. */
import type { Match, Open } from "../model/evaluation.js";
import type { ExpressionResult } from "../model/expression.js";
import type { Evidence } from "../model/grant.js";
import type { PersonLink } from "../model/person.js";
import type { CompiledExpression } from "./compiled-mapping.js";
import { type Reads, readFacts } from "./fact-reads.js";
import type { Hit } from "./match.js";
import type { RuleTable } from "./rule-table.js";

/** What an expression reads for one way. */
export function conditionReads(when: CompiledExpression, { group }: Hit, table: RuleTable, link: PersonLink): Reads {
  return readFacts(when, { facts: link.facts, table, group });
}

/** The match, with the condition as further evidence; `undefined` when the condition is false; or why that is open. */
export function askCondition(
  when: CompiledExpression,
  hit: Hit,
  table: RuleTable,
  link: PersonLink,
  results: ReadonlyMap<string, ExpressionResult>,
): { readonly match?: Match } | { readonly open: Open } {
  const reads = conditionReads(when, hit, table, link);
  if (!reads.ok) return { open: { reason: reads.reason, detail: reads.path } };
  const result = results.get(reads.key);
  if (!result) return { open: { reason: "expression_failed", detail: "the expression was not evaluated" } };
  if (!result.ok) return { open: failureOf(result) };
  if (typeof result.value !== "boolean") {
    return { open: { reason: "not_boolean", detail: "the expression yielded neither true nor false" } };
  }
  if (!result.value) return {};
  const { staleSince } = reads;
  const { target, evidence, stale } = hit.match;
  const said: Evidence = {
    kind: "expression",
    label: when.source,
    ...(staleSince === undefined ? {} : { staleSince }),
  };
  return { match: { target, evidence: [...evidence, said], stale: stale || staleSince !== undefined } };
}

function failureOf({ code, message, position }: Extract<ExpressionResult, { ok: false }>): Open {
  const reason = code === "suspended" ? "expression_suspended" : "expression_failed";
  return { reason, detail: message, ...(position === undefined ? {} : { position }) };
}

/** A failure of the expression, as against a fact that is unknown. */
export function isFailure({ reason }: Open): boolean {
  return reason === "expression_failed" || reason === "expression_suspended" || reason === "not_boolean";
}
