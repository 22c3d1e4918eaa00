/** Explain owns the answer to "why": for each assignment its reasons, for each rule that gives nothing why not, and what would change it. */
import type { Decision, LinkEvaluation, RuleOutcome, Verdict } from "../../model/evaluation.js";
import type { Evidence, Grant } from "../../model/grant.js";
import { grouped } from "../../model/grouped.js";
import type { Instant } from "../../model/ids.js";
import type { PersonLink, PersonState, UserStatus } from "../../model/person.js";
import { covers, type Target, targetKey, targetLabel } from "../../model/target.js";
import { compareText } from "../compare-text.js";
import type { CompiledMapping, CompiledRule } from "../compile/compiled-mapping.js";
import { diff, isSyncedGrant } from "../diff.js";
import { giveLabel } from "../give.js";
import { withPresentRules } from "../present-rules.js";
import { plainName, ruleNameOf } from "../rule-text.js";
import { type Apply, applyAll, type Waits } from "./applied.js";
import { type ExplainedAssignment, explainAssignment } from "./assignment.js";
import { explainGrant } from "./grant.js";
import { nearestFirst } from "./near-miss.js";
import { type ExplainedRole, explainRole } from "./role.js";
import { type Step, stepsText } from "./steps.js";
import { type Decided, whyNot } from "./why-not.js";

export interface Explanation {
  readonly account: { readonly status: UserStatus; readonly reason: string; readonly verdict: Verdict };
  /** What the person holds, each with all its reasons. */
  readonly assignments: readonly ExplainedAssignment[];
  /** How many more the person holds. */
  readonly assignmentsLeftOut: number;
  /** Rules that give this person nothing now, those that are the fewest steps away first. */
  readonly notGiven: readonly ExplainedRule[];
  /** How many more there are. */
  readonly notGivenLeftOut: number;
  /** Role assignments of SCIM that give this person nothing. */
  readonly rolesNotGiven: readonly ExplainedRole[];
}

/** An explanation with what further tries of it need. */
export interface Explained extends Explanation {
  /** The links that `notGiven` speaks of, in the same order: one connection may know a person by several rows. */
  readonly missedAt: readonly PersonLink[];
  /** What was asked for. */
  readonly wanted?: Target;
  /** What keeps this person's changes back now. */
  readonly waits?: Waits;
}

export interface ExplainedGrant {
  readonly origin: Grant["origin"];
  readonly rule?: string;
  /** What people call the rule: its id, or what it says. */
  readonly name?: string;
  readonly note?: string;
  /** Where the rule stands in the active document. */
  readonly pointer?: string;
  /** The latest version that confirmed it. */
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
  readonly sentence: string;
}

export interface ExplainedRule {
  readonly rule: string;
  readonly name: string;
  readonly note?: string;
  readonly pointer: string;
  readonly connection: string;
  /** What the rule would give, with its captures as they are written. */
  readonly label: string;
  readonly why:
    | "unmet"
    | "undecided"
    | "failed"
    | "overruled"
    | "waits"
    | "unknown_team"
    | "no_targets"
    | "account"
    | Waits["why"];
  /** The rule that overrules it or that it waits for. */
  readonly by?: string;
  /** Why not, in words. */
  readonly because: string;
  /** The smallest change that would make it give, all of it together. */
  readonly steps: readonly Step[];
  /** Whether re-evaluating with these steps taken gives it; absent while nobody tried. */
  readonly proved?: boolean;
  /** Labels of all that comes with the steps, whichever alternative is taken: this rule's first; only where it is proved. */
  readonly gives?: readonly string[];
  /** Why it would not be given all the same, and what to do first. */
  readonly keptBack?: string;
  readonly sentence: string;
}

export interface ExplainOptions {
  /** Most rules that are told of which give nothing. */
  readonly most?: number;
  /** Only rules that could give this target, and only what is held in its place or gives it. */
  readonly wanted?: Target;
  /** Most assignments that are told of. */
  readonly mostHeld?: number;
  readonly apply?: Apply;
  /** Why what would be lost stays, where `apply` was asked before with more in view. */
  readonly keptBack?: string | undefined;
}

const MOST_RULES = 100;

/** Most assignments that one explanation tells of. */
const MOST_ASSIGNMENTS = 500;

/** Explains one person as evaluated. `links` and `evaluations` stand in the same order. */
export function explain(
  mapping: CompiledMapping,
  links: readonly PersonLink[],
  evaluations: readonly LinkEvaluation[],
  decision: Decision,
  asHeld: PersonState,
  { most = MOST_RULES, wanted, mostHeld = MOST_ASSIGNMENTS, apply = applyAll, keptBack }: ExplainOptions = {},
): Explained {
  const state = withPresentRules(asHeld, mapping);
  const plan = diff(state, decision, mapping);
  const { kept, changes } = plan;
  const { waits, changes: done } = apply(plan);
  // A discarded hold keeps losses alone back.
  const gainsWait = done.some(({ kind }) => kind === "grant") ? undefined : waits;
  const keptBecause = new Map(kept.map((one) => [one.grant.id, one.reason]));
  const leaving = new Set(changes.flatMap((change) => (change.kind === "revoke" ? [change.grant.id] : [])));
  const slugs = new Map(links.map((link) => [link.connection.id, link.connection.slug]));
  const now = links[0]?.at;
  const grantOf = (grant: Grant) => {
    const kept = leaving.has(grant.id) ? (keptBack ?? waits?.reason) : keptBecause.get(grant.id);
    const told = leaving.has(grant.id) || keptBecause.has(grant.id) ? grant : confirmed(grant, state);
    return explainGrant(told, mapping, slugs.get(grant.connection as never), kept, now);
  };
  const rules: ExplainedRule[] = [];
  const missedAt: PersonLink[] = [];
  const all = grouped(state.grants, ({ target }) => targetKey(target));
  const held = byLabel([...all.values()].filter(([{ target }]) => !wanted || isThere(target, wanted)));
  const offeredIn = grouped(decision.offered, (one) => one.target.scope);
  const decided: Decided = { mapping, decision, state, wanted, waits: gainsWait };
  let leftOut = 0;
  for (const { outcome, link } of nearestFirst(mapping, links, evaluations, wanted)) {
    // A rule that matches may be one that gives all it has.
    const isFull = rules.length >= most;
    const told = isFull && outcome.status !== "matched" ? [] : explainRule(decided, link, outcome);
    if (!isFull) {
      rules.push(...told);
      missedAt.push(...told.map(() => link));
    } else if (outcome.status !== "matched" || told.length > 0) leftOut += 1;
  }
  return {
    account: { status: state.status, reason: decision.statusReason, verdict: decision.verdict },
    assignments: held
      .slice(0, mostHeld)
      .map((grants) => explainAssignment(mapping, offeredIn, grants, grantOf, { leaving, waits })),
    assignmentsLeftOut: all.size - Math.min(held.length, mostHeld),
    notGiven: rules,
    notGivenLeftOut: leftOut,
    rolesNotGiven: decision.unassigned.map((one) => explainRole(mapping, one)),
    missedAt,
    ...(wanted ? { wanted } : {}),
    ...(waits ? { waits } : {}),
  };
}

/** What is still given for the same reason was confirmed by the last version that reached the person. */
function confirmed(grant: Grant, { reconciledVersion }: PersonState): Grant {
  return isSyncedGrant(grant) ? { ...grant, mappingVersion: reconciledVersion } : grant;
}

type Held = readonly [Grant, ...Grant[]];

/** It stands in the place that is asked about, or gives what is. */
export function isThere(target: Target, wanted: Target): boolean {
  return target.scope === wanted.scope || covers(target, wanted);
}

function byLabel(held: readonly Held[]): readonly Held[] {
  return held
    .map((grants) => ({ grants, label: targetLabel(grants[0].target) }))
    .sort((a, b) => compareText(a.label, b.label))
    .map(({ grants }) => grants);
}

/** Why a rule gives nothing here, or not what is wanted: no entry for one that gives all it has. */
export function explainRule(decided: Decided, link: PersonLink, outcome: RuleOutcome): readonly ExplainedRule[] {
  const { mapping, waits } = decided;
  const rule = mapping.ruleById.get(outcome.rule) as CompiledRule;
  const found = whyNot(decided, rule, link, outcome);
  if (!found) return [];
  const label = giveLabel(rule.give);
  const { text: because, ...said } = found;
  // Facts that never come again open nothing.
  const isFrozen = waits?.why === "frozen";
  const steps = isFrozen ? [] : found.steps;
  const keptBack = isFrozen && said.why !== "frozen" ? waits.text : undefined;
  return [
    {
      rule: rule.id,
      name: plainName(rule),
      ...(rule.note === undefined ? {} : { note: rule.note }),
      pointer: rule.pointer,
      connection: link.connection.slug,
      label,
      ...said,
      because,
      steps,
      ...(keptBack === undefined ? {} : { keptBack }),
      sentence: ruleSentence(mapping, label, because, steps, keptBack),
    },
  ];
}

/** Why a rule gives nothing and what would make it, in words; `keptBack`: why it would not all the same. */
export function ruleSentence(
  mapping: CompiledMapping,
  label: string,
  because: string,
  steps: readonly Step[],
  keptBack?: string,
): string {
  const todo = stepsText(steps, (id) => ruleNameOf(mapping, id));
  return `${label} by ${because}${todo === "" ? "" : `: ${todo}`}${keptBack === undefined ? "" : `; but ${keptBack}`}`;
}
