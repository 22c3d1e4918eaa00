/** What to change further when a rule's matchers hold and something else is in its way. */
import type { Decision } from "../../model/evaluation.js";
import type { DesiredGrant } from "../../model/grant.js";
import { covers, type ScopeKind, scopeKind, type Target, teamOf } from "../../model/target.js";
import type { CompiledMapping, CompiledRule } from "../compile/compiled-mapping.js";
import type { ExplainedRule } from "./explain.js";
import type { FactChange } from "./fact-changes.js";
import { after, type Variant } from "./variants.js";

/** `decision`: what was decided with the variant as it is. None where nothing is known that would help. */
export function nextVariants(
  mapping: CompiledMapping,
  variant: Variant,
  why: ExplainedRule["why"],
  decision: Decision,
  wanted?: Target,
): readonly Variant[] {
  switch (why) {
    case "overruled":
      return unruled(mapping, variant, decision, wanted);
    case "waits":
      return grown(variant, [after(mapping, variant, [{ kind: "fresh", fact: "groups" }])]);
    case "unknown_team":
      return withTeam(variant, decision, wanted);
    default:
      return [];
  }
}

/** Above the rule that wins, where the first one does; else without what the winner matched by. */
function unruled(
  mapping: CompiledMapping,
  variant: Variant,
  decision: Decision,
  wanted: Target | undefined,
): readonly Variant[] {
  const { rule, link, steps } = variant;
  const offered = decision.offered.filter((one) => one.rule.id === rule.id && (!wanted || covers(one.target, wanted)));
  const scopes = new Set(offered.map(({ target }) => target.scope));
  // Whatever is overruled is so by a rule's fresh grant in its own scope.
  const winner = decision.desired.find(
    (grant) => grant.origin === "rule" && !grant.stale && scopes.has(grant.target.scope),
  ) as DesiredGrant;
  const above = mapping.ruleById.get(String(winner.rule)) as CompiledRule;
  const moved: Variant = {
    ...variant,
    rule: { ...rule, index: above.index - 0.5 },
    steps: [...steps, { do: "change_rule", rule: rule.id, how: "move_up", above: above.id }],
  };
  const isFirst =
    mapping.conflicts[scopeKind(winner.target.scope) as ScopeKind] === "first" && above.index > OWNERS_INDEX;
  const lost = winner.connection === link.connection.id ? lossesOf(winner.evidence) : [];
  return [...(isFirst ? [moved] : []), ...grown(variant, lost.length === 1 ? [after(mapping, variant, lost)] : [])];
}

/** Nothing stands before the owners' list. */
const OWNERS_INDEX = -1;

function lossesOf(evidence: Decision["desired"][number]["evidence"]): readonly FactChange[] {
  return evidence.flatMap((one): readonly FactChange[] =>
    one.kind === "group" ? [{ kind: "group", name: one.label, member: false }] : [],
  );
}

function withTeam(variant: Variant, { rejected }: Decision, wanted: Target | undefined): readonly Variant[] {
  const { target: missing } = rejected.find(
    (one) =>
      one.rule === variant.rule.id &&
      one.connection === variant.link.connection.id &&
      (!wanted || covers(one.target, wanted)),
  ) as Decision["rejected"][number];
  const team = teamOf(missing.scope) as string;
  const target = `${team}/${missing.role}`;
  return [{ ...variant, team, steps: [...variant.steps, { do: "create_team", target }] }];
}

/** Those that differ from the variant at all. */
function grown(variant: Variant, next: readonly Variant[]): readonly Variant[] {
  return next.filter(({ steps }) => steps.length > variant.steps.length);
}
