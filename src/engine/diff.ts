/** Diff owns the step from what a person holds to what was decided: one change per grant, and what stays as it is. */
import type { Decision, LinkEvaluation, Lock } from "../model/evaluation.js";
import { type DesiredGrant, type Evidence, type Grant, type GrantKey, grantKey } from "../model/grant.js";
import { grouped } from "../model/grouped.js";
import type { ConnectionId } from "../model/ids.js";
import type { DeactivatedBy, PersonState } from "../model/person.js";
import type { Change, Kept, PersonPlan, Refreshed } from "../model/plan.js";
import { quote } from "../model/quote.js";
import { isOwner, type ScopeKind, scopeKind, type Target, targetLabel } from "../model/target.js";
import { compareText } from "./compare-text.js";
import type { CompiledMapping } from "./compile/compiled-mapping.js";
import { inScope, ofRule } from "./of-rule.js";
import { grantsAfter } from "./plan/lines.js";
import { withPresentRules } from "./present-rules.js";
import { evidenceText, openReason } from "./reasons.js";
import { ruleNameOf } from "./rule-text.js";

/**
 * Compares. Only grants that sync gave are touched, except that a deactivation closes all of them. `frozen` is handed
 * on: the caller decides whether a frozen person's changes count. Pure; the plan of an applied plan is empty.
 */
export function diff(state: PersonState, decision: Decision, mapping: CompiledMapping): PersonPlan {
  const account = accountChanges(state, decision);
  const present = withPresentRules(state, mapping);
  const grants = isActiveAfter(state, decision)
    ? compareGrants(state, present, decision, mapping)
    : closeAll(present, decision, mapping);
  return {
    person: state,
    changes: [...account, ...grants.changes],
    kept: grants.kept,
    refreshed: grants.refreshed,
    frozen: decision.frozen,
  };
}

/** The account will be registered once the decision is applied. */
export function isActiveAfter(state: PersonState, { status }: Decision): boolean {
  return status === "registered" || (status === "unchanged" && state.status === "registered");
}

function accountChanges(state: PersonState, decision: Decision): readonly Change[] {
  const { status, statusReason: reason, statusConnection: connection, deactivatedBy } = decision;
  if (status === "registered" && state.status === "pending") return [{ kind: "create_user", reason }];
  if (status === "registered" && state.status === "deactivated") return [{ kind: "reactivate_user", reason }];
  if (status !== "deactivated" || state.status !== "registered") return [];
  // Whoever decides on a deactivation says by whose word, and from where.
  const by = deactivatedBy as DeactivatedBy;
  return [{ kind: "deactivate_user", reason, by, connection: connection as ConnectionId }];
}

type GrantChange = Extract<Change, { readonly grant: GrantKey }>;
type Revoke = Extract<Change, { readonly kind: "revoke" }>;
type GrantChanges = Pick<PersonPlan, "changes" | "kept" | "refreshed">;

/** INVARIANT: an account that is not active holds nothing, whatever rules are undecided; manual grants end with it. */
function closeAll(state: PersonState, decision: Decision, mapping: CompiledMapping): GrantChanges {
  const reason = decision.status === "deactivated" ? decision.statusReason : "the account is not active";
  const changes = state.grants.map((grant) => revoke(grant, reason, decision, mapping));
  return { changes: changes.sort(byTarget), kept: [], refreshed: [] };
}

/** `present`: the same with the rules that its grants are of now, in the same order. */
function compareGrants(
  state: PersonState,
  present: PersonState,
  decision: Decision,
  mapping: CompiledMapping,
): GrantChanges {
  const desired = new Map(decision.desired.map((grant) => [grantKey(grant), grant]));
  const revokes: Revoke[] = [];
  const kept: Kept[] = [];
  const refreshed: Refreshed[] = [];
  const lockOn = lockFinder(decision);
  const reasonToRevoke = revokeReasons(decision, mapping);
  for (const [index, grant] of present.grants.entries()) {
    if (!isSyncedGrant(grant)) continue;
    const isRenamed = grant !== state.grants[index];
    const key = grantKey(grant);
    const wanted = desired.get(key);
    if (wanted) {
      desired.delete(key);
      if (wanted.stale) kept.push(keptAsStale(grant, wanted, mapping));
      if (isRenamed || !sameEvidence(grant.evidence, wanted.evidence, sameFact)) {
        refreshed.push({ ...refreshedBy(grant, wanted), ...(isRenamed && { rule: grant.rule }) });
      }
      continue;
    }
    const lock = lockOn(grant);
    if (lock) {
      kept.push({ grant, rule: lock.rule, reason: openReason(ruleNameOf(mapping, lock.rule), lock.open) });
      if (isRenamed) refreshed.push({ id: grant.id, evidence: grant.evidence, replaces: false, rule: grant.rule });
    } else revokes.push(revoke(grant, reasonToRevoke(grant), decision, mapping));
  }
  const keptIn = grouped(
    kept.filter(({ grant }) => grant.origin === "rule"),
    ({ grant }) => grant.target.scope,
  );
  const opened = [...desired.values()]
    .filter((grant) => !grant.stale && !isHeldByKept(grant, keptIn, mapping))
    .map((grant): GrantChange => ({ kind: "grant", grant, reason: grantReason(grant, mapping) }));
  const closed = withRaises(revokes, state, opened, mapping);
  return { changes: [...closed.sort(byTarget), ...opened.sort(byTarget)], kept, refreshed };
}

/**
 * Marks what goes because who holds it has a higher role in its place afterwards. Where roles add up, and where the order of
 * the two is not known, none stands for another. INVARIANT: nothing stands for `owner`.
 */
function withRaises(
  revokes: readonly Revoke[],
  { grants }: PersonState,
  opened: readonly GrantChange[],
  { roleOrder, conflicts }: CompiledMapping,
): Revoke[] {
  const ranks = new Map<string, number>();
  for (const { target } of revokes.length === 0 ? [] : grantsAfter(grants, [...revokes, ...opened])) {
    ranks.set(target.scope, Math.max(ranks.get(target.scope) ?? -1, roleOrder.rank(target.role)));
  }
  const isRaised = (target: Target): boolean => {
    const rank = roleOrder.rank(target.role);
    if (rank < 0 || isOwner(target) || conflicts[scopeKind(target.scope) as ScopeKind] === "all") return false;
    return (ranks.get(target.scope) ?? -1) > rank;
  };
  return revokes.map((one) => (isRaised(one.grant.target) ? { ...one, raised: true } : one));
}

/** Rules that cannot be judged keep what rules give. What SCIM assigns is never open, and goes as soon as SCIM takes it. */
function lockFinder({ stands, locks }: Decision): (grant: Grant) => Lock | undefined {
  const anywhere = locks.filter(({ scope }) => scope === undefined);
  const inScope = grouped(locks, ({ scope }) => scope);
  return (grant) => {
    if (grant.origin === "scim_role" || !stands(grant)) return undefined;
    const covers = (one: Lock) => one.covers(grant.target, grant.rule);
    return anywhere.find(covers) ?? inScope.get(grant.target.scope)?.find(covers);
  };
}

/** What sync gave and may take: one-time defaults and manual grants are nobody's but the admins'. */
export function isSyncedGrant({ origin, rule }: Pick<Grant, "origin" | "rule">): boolean {
  return origin === "rule" || origin === "scim_role" || (origin === "default" && rule === "no_match");
}

function keptAsStale(grant: Grant, wanted: DesiredGrant, mapping: CompiledMapping): Kept {
  const rule = String(wanted.rule);
  if (wanted.origin === "scim_role") {
    return { grant, rule, reason: `${evidenceText(wanted.evidence)}: nobody says any more who is in the group` };
  }
  const detail = wanted.evidence.map((one) => one.label).join(", ");
  return { grant, rule, reason: openReason(ruleNameOf(mapping, rule), { reason: "stale", detail }) };
}

function refreshedBy({ id, evidence: before }: Grant, { evidence }: DesiredGrant): Refreshed {
  return { id, evidence, replaces: !sameEvidence(before, evidence, sameThing) };
}

type Same = (a: Evidence, b: Evidence) => boolean;

function sameEvidence(a: readonly Evidence[], b: readonly Evidence[], same: Same): boolean {
  return a.length === b.length && a.every((one, index) => same(one, b[index] as Evidence));
}

function sameFact(a: Evidence, b: Evidence): boolean {
  return sameThing(a, b) && a.since === b.since && a.staleSince === b.staleSince;
}

/** A claim is as old as the last sign-in that made it: that it was made again says nothing new. */
function sameThing(a: Evidence, b: Evidence): boolean {
  const isSame = a.kind === b.kind && a.label === b.label && a.group === b.group && a.source === b.source;
  return isSame && (a.since === b.since || a.source === "claims");
}

/**
 * Where one rule wins, a grant that stays keeps its place: another role opens there only once it is judged. What SCIM assigns
 * contends with no rule.
 */
function isHeldByKept(
  wanted: DesiredGrant,
  keptIn: ReadonlyMap<string, readonly Kept[]>,
  mapping: CompiledMapping,
): boolean {
  const { scope, role } = wanted.target;
  if (wanted.origin === "scim_role") return false;
  if (mapping.conflicts[scopeKind(scope) as ScopeKind] === "all") return false;
  return keptIn.get(scope)?.some(({ grant }) => grant.target.role !== role) === true;
}

function grantReason({ origin, rule, evidence }: DesiredGrant, mapping: CompiledMapping): string {
  if (origin === "default") return rule === "no_match" ? "no rule matches: the default" : "the default of new accounts";
  if (origin === "scim_role") return evidenceText(evidence);
  return `rule ${ruleNameOf(mapping, String(rule))}: ${evidenceText(evidence)}`;
}

function revoke(grant: Grant, reason: string, decision: Decision, mapping: CompiledMapping): Revoke {
  const ruled = grant.origin === "default" ? mapping.noMatch === "default" : decision.stands(grant);
  return { kind: "revoke", grant, reason, ...(isSyncedGrant(grant) && !ruled && { unruled: true }) };
}

/** What matches is looked through once: people may lose very many grants. */
function revokeReasons(decision: Decision, mapping: CompiledMapping): (grant: Grant) => string {
  let matching: ReadonlySet<string> | undefined;
  const isMatched = ({ rule, connection }: Grant) => {
    matching ??= new Set(decision.evaluations.flatMap(matchedRules));
    return matching.has(`${rule}\u0000${connection}`);
  };
  return (grant) => {
    if (grant.origin === "default") return defaultEnds(decision, mapping);
    if (grant.origin === "scim_role") return assignmentEnds(grant, decision);
    const id = String(grant.rule);
    const name = `rule ${ruleNameOf(mapping, id)}`;
    if (!mapping.ruleById.has(id)) return `${name} is not in the mapping any more`;
    if (!decision.stands(grant)) return `${name} does not give this any more`;
    return isMatched(grant) ? `${name} ${matchedInVain(grant, decision, mapping)}` : `${name} does not match any more`;
  };
}

/** What became of a grant whose rule goes on matching. */
function matchedInVain(
  { rule, connection, target: { scope } }: Grant,
  { offered, desired }: Decision,
  mapping: CompiledMapping,
): string {
  const decided = inScope(desired, scope).filter(({ origin, stale }) => origin === "rule" && !stale);
  const own = decided.find((one) => one.rule === rule && one.connection === connection);
  if (own) return `gives ${quote(targetLabel(own.target))} instead`;
  const offers = ofRule(offered, String(rule), connection as ConnectionId);
  const contends = mapping.conflicts[scopeKind(scope) as ScopeKind] !== "all";
  const [winner] = decided;
  if (!contends || !winner || !offers.some(({ target }) => target.scope === scope)) {
    return "matches, and does not give this any more";
  }
  const what = quote(targetLabel(winner.target));
  return `is overruled: rule ${ruleNameOf(mapping, String(winner.rule))} decides here, and gives ${what}`;
}

function assignmentEnds(grant: Grant, decision: Decision): string {
  const assigned = evidenceText(grant.evidence);
  if (!decision.stands(grant)) return `the mapping makes nothing of ${assigned} any more`;
  return `SCIM does not say ${assigned} any more`;
}

function defaultEnds({ evaluations }: Decision, mapping: CompiledMapping): string {
  if (mapping.noMatch !== "default") return "the mapping gives no default any more";
  return evaluations.length === 0 ? "no connection knows the person any more" : "a rule matches now";
}

function matchedRules({ connection, notable }: LinkEvaluation): readonly string[] {
  return notable.flatMap(({ rule, status }) => (status === "matched" ? [`${rule}\u0000${connection}`] : []));
}

function byTarget({ grant: a }: GrantChange, { grant: b }: GrantChange): number {
  return (
    compareText(a.target.scope, b.target.scope) ||
    compareText(a.target.role, b.target.role) ||
    compareText(grantKey(a), grantKey(b))
  );
}
