/** Says of an example that fails, target by target, what came otherwise than expected and which rule is behind it. */
import type { Decision, RuleOutcome } from "../../model/evaluation.js";
import type { UserId } from "../../model/ids.js";
import { NOTHING_SHOWN, type PersonLink, type PersonState } from "../../model/person.js";
import { suggest } from "../../model/suggest.js";
import { type Target, targetKey, targetLabel } from "../../model/target.js";
import { compareText } from "../compare-text.js";
import type { CompiledMapping, CompiledRule } from "../compile/compiled-mapping.js";
import { explainRule } from "../explain/explain.js";
import { stepsText } from "../explain/steps.js";
import type { Give } from "../give.js";
import { evidenceText } from "../reasons.js";
import { ruleName, ruleNameOf } from "../rule-text.js";

const ORIGINS = { default: "the default", scim_role: "`scim_roles`", manual: "hand" } as const;

/** Rules that are named for one target that did not come. */
const MOST_RULES = 3;

/** The person of an example, before anything was given. */
const NOBODY_YET: PersonState = {
  id: "example" as UserId,
  userName: "example",
  email: null,
  ...NOTHING_SHOWN,
  status: "registered",
  everRegistered: true,
  factsVersion: 0,
  reconciledVersion: 0,
  dirty: false,
  seat: true,
  grants: [],
};

/**
 * A difference, a line each: `- Team/role: ...` for what was expected and did not come, with the rules that could give it
 * and what would make them; `+ Team/role: ...` for what came too, with the rule that gives it. Nothing for one that passes.
 */
export function exampleDifference(
  mapping: CompiledMapping,
  expect: readonly Target[],
  link: PersonLink,
  decision: Decision,
): readonly string[] {
  const wanted = byKey(expect);
  const given = byKey(decision.desired.filter((grant) => !grant.stale).map((grant) => grant.target));
  const missing = [...wanted.values()].filter((target) => !given.has(targetKey(target)));
  const extra = [...given.values()].filter((target) => !wanted.has(targetKey(target)));
  return [
    ...labelled(missing).map(([label, target]) => `- ${label}: ${whyMissing(mapping, target, link, decision)}`),
    ...labelled(extra).map(([label, target]) => `+ ${label}: ${whyGiven(mapping, target, decision)}`),
  ];
}

function byKey(targets: readonly Target[]): ReadonlyMap<string, Target> {
  return new Map(targets.map((target) => [targetKey(target), target]));
}

function labelled(targets: readonly Target[]): readonly (readonly [string, Target])[] {
  return targets.map((target) => [targetLabel(target), target] as const).toSorted(([a], [b]) => compareText(a, b));
}

function whyGiven(mapping: CompiledMapping, target: Target, { desired }: Decision): string {
  const key = targetKey(target);
  const reasons = desired
    .filter((grant) => !grant.stale && targetKey(grant.target) === key)
    .map(({ origin, rule, evidence }) => {
      const by = origin === "rule" ? `rule ${ruleNameOf(mapping, String(rule))}` : ORIGINS[origin];
      return evidence.length > 0 ? `${by}, ${evidenceText(evidence)}` : by;
    });
  return `given by ${reasons.join("; and by ")}`;
}

function whyMissing(mapping: CompiledMapping, target: Target, link: PersonLink, decision: Decision): string {
  const giveOf = ({ rule }: RuleOutcome) => (mapping.ruleById.get(rule) as CompiledRule).give;
  const able = decision.evaluations
    .flatMap((one) => one.outcomes)
    .filter((outcome) => couldGive(giveOf(outcome), target));
  const literal = able.filter((outcome) => giveOf(outcome).literal);
  // Rules that could make the target of some captured text are worth naming only where none writes it out.
  const named = literal.length > 0 ? literal : able;
  const reasons = named.slice(0, MOST_RULES).map((outcome) => whyNotBy(mapping, link, outcome, decision));
  const more = named.length - reasons.length;
  return [
    ...(literal.length === 0 ? [noRuleGives(mapping, target)] : []),
    ...reasons,
    ...(more > 0 ? [`${more} more rules could give it`] : []),
  ].join("; ");
}

function whyNotBy(mapping: CompiledMapping, link: PersonLink, outcome: RuleOutcome, decision: Decision): string {
  const [inVain] = explainRule({ mapping, decision, state: NOBODY_YET }, link, outcome);
  if (inVain) {
    const { because, steps } = inVain;
    return steps.length > 0 ? `${because}: ${stepsText(steps, (rule) => ruleNameOf(mapping, rule))}` : because;
  }
  return `rule ${ruleName(mapping.ruleById.get(outcome.rule) as CompiledRule)} gives something else to this person`;
}

function couldGive({ scopes, roles }: Give, { scope, role }: Target): boolean {
  return scopes?.has(scope) !== false && roles?.has(role) !== false;
}

function noRuleGives({ rules, defaults }: CompiledMapping, target: Target): string {
  const literal = rules.flatMap(({ give }) => give.literal ?? []);
  const near = suggest(targetLabel(target), [...literal, ...defaults.map((one) => one.target)].map(targetLabel));
  return near === undefined ? "no rule writes it out" : `no rule writes it out, did you mean \`${near}\`?`;
}
