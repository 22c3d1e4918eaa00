/** What each rule made of a person, with its reason: for the trace of a sign-in. */
import type { Decision, RuleOutcome } from "../../model/evaluation.js";
import type { Evidence } from "../../model/grant.js";
import { isCurrent, type PersonLink, type PersonState } from "../../model/person.js";
import type { Target } from "../../model/target.js";
import type { CompiledMapping, CompiledRule } from "../compile/compiled-mapping.js";
import { giveLabel } from "../give.js";
import { evidenceText } from "../reasons.js";
import { ruleName } from "../rule-text.js";
import { type ExplainedRule, explainRule } from "./explain.js";

export interface ExplainedOutcome extends Pick<ExplainedRule, "rule" | "pointer" | "connection" | "label"> {
  readonly status: RuleOutcome["status"];
  /** What it matches by: targets with their evidence, the first of very many. */
  readonly matches: readonly { readonly target: Target; readonly evidence: readonly Evidence[] }[];
  /** Absent where the rule gives all it has. */
  readonly why?: ExplainedRule["why"];
  /** The rule that overrules it or that it waits for. */
  readonly by?: string;
  readonly reason: string;
}

const MOST_MATCHES = 100;

/**
 * Every rule at every current link of the person, in document order for each; `links` and the decision's evaluations stand in
 * the same order. `most` bounds the answer: rules that match or cannot be judged come before those that do not match.
 */
export function explainOutcomes(
  mapping: CompiledMapping,
  links: readonly PersonLink[],
  decision: Decision,
  state: PersonState,
  most: number,
): { readonly rules: readonly ExplainedOutcome[]; readonly leftOut: number } {
  // Of somebody who was switched off everywhere, the ended rows are all there is to show.
  const isOver = !links.some(isCurrent);
  const all = decision.evaluations.flatMap(({ outcomes }, at) => {
    const link = links[at] as PersonLink;
    return isOver || isCurrent(link) ? outcomes.map((outcome) => ({ outcome, link })) : [];
  });
  const chosen = new Set([...all.filter(isNotable), ...all.filter((one) => !isNotable(one))].slice(0, most));
  return {
    rules: all
      .filter((one) => chosen.has(one))
      .map(({ outcome, link }) => explainOutcome(mapping, link, outcome, decision, state)),
    leftOut: all.length - chosen.size,
  };
}

function isNotable({ outcome }: { readonly outcome: RuleOutcome }): boolean {
  return outcome.status !== "unmatched";
}

function explainOutcome(
  mapping: CompiledMapping,
  link: PersonLink,
  outcome: RuleOutcome,
  decision: Decision,
  state: PersonState,
): ExplainedOutcome {
  const rule = mapping.ruleById.get(outcome.rule) as CompiledRule;
  const [inVain] = explainRule({ mapping, decision, state }, link, outcome);
  const label = giveLabel(rule.give);
  const because = inVain && { why: inVain.why, ...(inVain.by === undefined ? {} : { by: inVain.by }) };
  return {
    rule: rule.id,
    pointer: rule.pointer,
    connection: link.connection.slug,
    label,
    status: outcome.status,
    matches: matchesOf(outcome).slice(0, MOST_MATCHES),
    ...because,
    reason: inVain?.sentence ?? `${label} by rule ${ruleName(rule)}: ${matchedBy(outcome)}`,
  };
}

function matchesOf(outcome: RuleOutcome): ExplainedOutcome["matches"] {
  if (outcome.status !== "matched") return [];
  return outcome.matches.map(({ target, evidence }) => ({ target, evidence }));
}

/** Of several matches the first in words; a rule that gives all it has says the rest as data. */
function matchedBy(outcome: RuleOutcome): string {
  const [text = "", ...more] = matchesOf(outcome).map(({ evidence }) => evidenceText(evidence));
  return more.length === 0 ? text : `${text} and ${more.length} more`;
}
