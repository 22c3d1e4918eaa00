/** Which rules are how far from giving a person something: the nearest first, without working out why. */
import type { LinkEvaluation, RuleOutcome } from "../../model/evaluation.js";
import { isCurrent, type PersonLink } from "../../model/person.js";
import { OWNER, type Target, teamOf } from "../../model/target.js";
import { type CompiledMapping, type CompiledRule, isExpired } from "../compile/compiled-mapping.js";
import { couldGiveIn } from "../offers.js";
import { namesFor } from "./groups-for.js";

export interface Miss {
  readonly outcome: RuleOutcome;
  readonly link: PersonLink;
}

/**
 * Every outcome that may be a near miss, those with the fewest matchers in the way first, then in document order. Links that
 * are not current are left out, as nothing comes of what they say; `wanted` leaves rules out that could not give it. A rule that matches comes first of all: what is in its way is one other thing.
 */
export function nearestFirst(
  mapping: CompiledMapping,
  links: readonly PersonLink[],
  evaluations: readonly LinkEvaluation[],
  wanted?: Target,
): readonly Miss[] {
  const found: { readonly miss: Miss; readonly distance: number }[] = [];
  evaluations.forEach(({ outcomes }, at) => {
    const link = links[at] as PersonLink;
    if (!isCurrent(link)) return;
    for (const outcome of outcomes) {
      const rule = mapping.ruleById.get(outcome.rule) as CompiledRule;
      if (wanted && !couldGive(rule, wanted)) continue;
      found.push({ miss: { outcome, link }, distance: distanceOf(rule, outcome, link) });
    }
  });
  return found
    .sort((a, b) => a.distance - b.distance || a.miss.outcome.index - b.miss.outcome.index)
    .map(({ miss }) => miss);
}

/**
 * A role in all teams is a role in each of them. A rule that could give any role still gives no `owner`. A pattern must have
 * captures that fill in this very target.
 */
function couldGive(rule: CompiledRule, wanted: Target): boolean {
  const { groups, give } = rule;
  const { scope, role } = wanted;
  if (give.roles ? !give.roles.has(role) : role === OWNER.role) return false;
  const isPlace =
    couldGiveIn(rule, scope, () => undefined) || (give.kinds.includes("all_teams") && teamOf(scope) !== undefined);
  return isPlace && (!groups?.pattern || give.grants !== undefined || namesFor({ ...rule, groups }, wanted).length > 0);
}

/** How many things are in the way, as far as that is seen at a glance. */
function distanceOf(rule: CompiledRule, outcome: RuleOutcome, link: PersonLink): number {
  if (outcome.status === "matched") return 0;
  if (outcome.status === "unmatched" && outcome.unmet.matcher === "when") return 1;
  const { slug, mayGrantOwner } = link.connection;
  const structural = [
    !rule.enabled,
    isExpired(rule, link.at),
    rule.give.owner && !mayGrantOwner,
    rule.connections?.has(slug) === false,
  ].filter(Boolean).length;
  // A rule that its own settings keep out was not looked at further: its matchers count as if none held.
  const matchers = [rule.groups, rule.appRoles, rule.when].filter((one) => one !== undefined).length;
  return structural > 0 ? structural + matchers : Math.max(1, matchers);
}
