/** Explain owns the answer to "why": for each assignment its reasons, for each rule that gives nothing why not, and what would change it. */
import type { Decision, LinkEvaluation, RuleOutcome, Unassigned, Verdict } from "../model/evaluation.js";
import type { Evidence, Grant } from "../model/grant.js";
import type { Instant } from "../model/ids.js";
import type { PersonLink, PersonState, UserStatus } from "../model/person.js";
import { quote } from "../model/quote.js";
import { type ScimRole, scimRoleLabel } from "../model/scim-role.js";
import { type Target, targetKey, targetLabel } from "../model/target.js";
import { compareText } from "./compare-text.js";
import type { CompiledScimRoles } from "./compile-scim-roles.js";
import type { CompiledMapping, CompiledRule } from "./compiled-mapping.js";
import { diff } from "./diff.js";
import { giveLabel } from "./give.js";
import { scimRoleProblem } from "./scim-roles.js";
import { type Step, stepsToLose, stepText } from "./steps.js";
import { whyNot } from "./why-not.js";

export interface Explanation {
  readonly account: { readonly status: UserStatus; readonly reason: string; readonly verdict: Verdict };
  /** What the person holds, each with all its reasons. */
  readonly assignments: readonly ExplainedAssignment[];
  /** Rules that give this person nothing now, in document order. */
  readonly notGiven: readonly ExplainedRule[];
  /** Role assignments of SCIM that give this person nothing. */
  readonly rolesNotGiven: readonly ExplainedRole[];
}

export interface ExplainedAssignment {
  readonly target: Target;
  readonly label: string;
  readonly grants: readonly ExplainedGrant[];
  /** What would end it, all of it together. */
  readonly toLose: readonly Step[];
  readonly sentence: string;
}

export interface ExplainedGrant {
  readonly origin: Grant["origin"];
  readonly rule?: string;
  /** Where the rule stands in the active document. */
  readonly pointer?: string;
  readonly mappingVersion?: number;
  /** Slug of the connection whose facts gave it. */
  readonly connection?: string;
  readonly evidence: readonly Evidence[];
  readonly since: Instant;
  readonly expiresAt?: Instant;
  readonly by?: string;
  readonly reason?: string;
  /** Why it stays although no rule decides so now. */
  readonly kept?: string;
}

export interface ExplainedRule {
  readonly rule: string;
  readonly pointer: string;
  readonly connection: string;
  /** What the rule would give, with its captures as they are written. */
  readonly label: string;
  readonly why: "unmet" | "undecided" | "failed" | "overruled" | "waits" | "unknown_team" | "no_targets" | "account";
  /** The rule that overrules it or that it waits for. */
  readonly by?: string;
  /** The smallest change that would make it give, as far as one is known. */
  readonly steps: readonly Step[];
  readonly sentence: string;
}

export interface ExplainedRole extends ScimRole {
  readonly connection: string;
  /** The group that carries it; absent for the person's own. */
  readonly group?: string;
  readonly why: Unassigned["why"];
  readonly sentence: string;
}

/** Explains one person as evaluated. `links` and `evaluations` stand in the same order. */
export function explain(
  mapping: CompiledMapping,
  links: readonly PersonLink[],
  evaluations: readonly LinkEvaluation[],
  decision: Decision,
  state: PersonState,
): Explanation {
  const { kept } = diff(state, decision, mapping);
  const keptBecause = new Map(kept.map((one) => [one.grant.id, one.reason]));
  const slugs = new Map(links.map((link) => [link.connection.id, link.connection.slug]));
  const grantOf = (grant: Grant) =>
    explainGrant(grant, mapping, slugs.get(grant.connection as never), keptBecause.get(grant.id));
  const rules = evaluations.flatMap(({ outcomes }, index) =>
    outcomes.flatMap((outcome) => explainRule(mapping, links[index] as PersonLink, outcome, decision, state)),
  );
  return {
    account: { status: state.status, reason: decision.statusReason, verdict: decision.verdict },
    assignments: byTarget(state.grants).map((grants) => explainAssignment(grants, grantOf)),
    notGiven: rules.toSorted((a, b) => indexOf(mapping, a.rule) - indexOf(mapping, b.rule)),
    rolesNotGiven: decision.unassigned.map((one) => explainRole(mapping, one)),
  };
}

function byTarget(grants: readonly Grant[]): readonly (readonly [Grant, ...Grant[]])[] {
  const targets = new Map<string, [Grant, ...Grant[]]>();
  for (const grant of grants) {
    const same = targets.get(targetKey(grant.target));
    if (same) same.push(grant);
    else targets.set(targetKey(grant.target), [grant]);
  }
  return [...targets.values()].sort(([a], [b]) => compareText(targetLabel(a.target), targetLabel(b.target)));
}

function explainAssignment(
  grants: readonly [Grant, ...Grant[]],
  grantOf: (grant: Grant) => ExplainedGrant,
): ExplainedAssignment {
  const { target } = grants[0];
  const label = targetLabel(target);
  const toLose = grants.flatMap(stepsToLose);
  const sentence = `${label}: to lose it, ${toLose.map(stepText).join(", and ")}`;
  return { target, label, grants: grants.map(grantOf), toLose, sentence };
}

function explainGrant(
  grant: Grant,
  mapping: CompiledMapping,
  connection: string | undefined,
  kept: string | undefined,
): ExplainedGrant {
  const { id: _id, target: _target, connection: _connection, ...said } = grant;
  const declared = grant.origin === "scim_role" ? mapping.scimRoles?.declared : undefined;
  const pointer = declared
    ? declared.find(({ type }) => type === grant.rule)?.pointer
    : mapping.ruleById.get(String(grant.rule))?.pointer;
  return {
    ...said,
    ...(pointer === undefined ? {} : { pointer }),
    ...(connection === undefined ? {} : { connection }),
    ...(kept === undefined ? {} : { kept }),
  };
}

/** Why a rule gives nothing here: no entry for one that gives all it has. */
export function explainRule(
  mapping: CompiledMapping,
  link: PersonLink,
  outcome: RuleOutcome,
  decision: Decision,
  state: PersonState,
): readonly ExplainedRule[] {
  const rule = mapping.ruleById.get(outcome.rule) as CompiledRule;
  const because = whyNot(mapping, rule, link, outcome, decision, state);
  if (!because) return [];
  const label = giveLabel(rule.give);
  const { slug } = link.connection;
  const steps = because.steps.map(stepText).join(", and ");
  const sentence = `${label} by ${because.text}${steps === "" ? "" : `: ${steps}`}`;
  const { text: _, ...said } = because;
  return [{ rule: rule.id, pointer: rule.pointer, connection: slug, label, ...said, sentence }];
}

function explainRole(mapping: CompiledMapping, { connection, role, group, why }: Unassigned): ExplainedRole {
  const from = group === undefined ? "" : ` of group ${quote(group)}`;
  const sentence = `SCIM role ${quote(scimRoleLabel(role))}${from} gives nothing: ${roleWhy(mapping, connection, role, why)}`;
  return { connection, ...role, ...(group === undefined ? {} : { group }), why, sentence };
}

function roleWhy(
  { scimRoles }: CompiledMapping,
  connection: string,
  role: ScimRole,
  why: ExplainedRole["why"],
): string {
  switch (why) {
    case "no_scim_roles":
      return "the mapping has no `scim_roles`";
    case "unknown_team":
      return "there is no such team, and the mapping may not make it";
    case "owner_connection":
      return `set \`mayGrantOwner\` for connection ${quote(connection)}`;
    case "unknown_type":
    case "unknown_value":
      return scimRoleProblem(scimRoles as CompiledScimRoles, role);
  }
}

function indexOf(mapping: CompiledMapping, rule: string): number {
  return (mapping.ruleById.get(rule) as CompiledRule).index;
}
