/** Says of each rule that did not match which matcher was in the way: for explanations, never on the hot path. */
import type { RuleOutcome, Unmet } from "../model/evaluation.js";
import type { PersonLink } from "../model/person.js";
import { candidates } from "./candidates.js";
import { type CompiledMapping, type CompiledRule, isExpired } from "./compile/compiled-mapping.js";

/** Every rule's outcome in document order; `notable` holds those that are not unmatched. None where rules say nothing. */
export function allOutcomes(
  mapping: CompiledMapping,
  link: PersonLink,
  notable: readonly RuleOutcome[],
): readonly RuleOutcome[] {
  if (link.connection.unruled) return [];
  const known = new Map(notable.map((outcome) => [outcome.index, outcome]));
  const reached = new Set(candidates(mapping.tables(link.connection), link).map(({ owner }) => owner.rule));
  return mapping.rules.map((rule) => {
    const outcome = known.get(rule.index);
    if (outcome) return outcome;
    return { rule: rule.id, index: rule.index, status: "unmatched", unmet: unmetBy(rule, link, reached.has(rule)) };
  });
}

function unmetBy(rule: CompiledRule, link: PersonLink, reached: boolean): Unmet {
  const { slug, mayGrantOwner } = link.connection;
  if (!rule.enabled) return { matcher: "enabled", wanted: ["true"] };
  if (isExpired(rule, link.at)) return { matcher: "expires_at", wanted: [rule.expiresAt as string] };
  if (rule.give.owner && !mayGrantOwner) return { matcher: "owner_connection", wanted: [...(rule.connections ?? [])] };
  if (rule.connections && !rule.connections.has(slug)) return { matcher: "connections", wanted: [...rule.connections] };
  if (reached && rule.when) return { matcher: "when", wanted: [rule.when.source] };
  return unmetByFacts(rule, link);
}

function unmetByFacts({ groups, appRoles = [] }: CompiledRule, { facts }: PersonLink): Unmet {
  const held = facts.appRoles;
  const hasRole = appRoles.length === 0 || (held.known && appRoles.some((role) => held.value.includes(role)));
  if (!groups || !hasRole) return { matcher: "app_role", wanted: appRoles };
  return { matcher: "group", wanted: groups.any?.of ?? [groups.pattern?.text as string] };
}
