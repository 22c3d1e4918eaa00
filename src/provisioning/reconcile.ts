/** Reconcile is the only caller of evaluate, diff, brake and apply: it brings what people hold to what facts and mapping give. */

import type { DecisionDoor } from "../engine/account.js";
import type { CompiledMapping } from "../engine/compile/compile.js";
import type { ComputedProfile } from "../engine/computed-profile.js";
import { diff } from "../engine/diff.js";
import { leavesSeat, lossOf, needsSeat } from "../engine/guard.js";
import type { ResolveTeam } from "../engine/offers.js";
import type { Connection } from "../model/connection.js";
import type { Decision } from "../model/evaluation.js";
import type { ExpressionResult } from "../model/expression.js";
import type { Instant, RunId, TenantId, UserId } from "../model/ids.js";
import type { PersonState } from "../model/person.js";
import type { PersonPlan } from "../model/plan.js";
import { applyPlans } from "./apply.js";
import { type Braked, brake } from "./brake.js";
import { charge } from "./brake-buckets.js";
import type { Context, ExpressionPort, Provisioning } from "./deps.js";
import { type Gathered, gather } from "./gather.js";
import { judge, teamBook } from "./judge.js";
import { rememberedFor } from "./mapping/expression-results.js";
import { type OpenSwitches, openSwitches } from "./open-switches.js";
import type { TenantWriter } from "./ports/store.js";
import { type Approval, eitherApproval } from "./preview/approval.js";
import { changedProfile, computeProfiles, type Profile } from "./profile.js";
import { BACK_OFF_SECONDS, secondsFrom } from "./runs/back-off.js";
import { endEmptyRuns, enterHeld } from "./runs/held-run.js";
import { countsOf, isOpenFor, staysOf } from "./runs/run-counts.js";
import { type RunShares, runShares } from "./runs/run-shares.js";
import { readSubjects, type Subjects } from "./subjects.js";

/** How people are reconciled: on whose behalf, as seen through which door, and what passes the brake. */
export interface ReconcileOptions {
  readonly context: Context;
  /** Whose changes are on behalf of somebody else: several requests are reconciled together. */
  readonly contexts?: ReadonlyMap<UserId, Context>;
  readonly door?: DecisionDoor;
  /** Mapping saves leave frozen people out unless told otherwise. */
  readonly includeFrozen?: boolean;
  readonly approval?: Approval;
  /** Results of expressions in earlier batches, which are not asked for again; `of_mapping`: in all that were decided so. */
  readonly remembered?: Map<string, ExpressionResult> | "of_mapping";
  /** These people as they were read already; only of what is committed by now. */
  readonly subjects?: Subjects | undefined;
  /** The held run that lets people go, as far as the approval goes; their changes are its work. */
  readonly releasedRun?: RunId;
}

/** What became of each person; `counts`: see `countsOf`. */
export interface Reconciled extends Judgement {
  /** People whose state now is what the evaluation asked for, or is kept back knowingly. */
  readonly done: readonly UserId[];
  /** Facts, account or mapping moved while they were evaluated: marks that are left stay, and someone tries again. */
  readonly moved: readonly UserId[];
  readonly held: readonly UserId[];
  readonly counts: Readonly<Record<string, number>>;
}

/** What was decided for whom, and by what: people as they were before anything was applied. */
export interface Judgement {
  readonly people: ReadonlyMap<UserId, Gathered>;
  readonly decisions: ReadonlyMap<UserId, Decision>;
  readonly mapping: CompiledMapping;
}

/**
 * Reconciles these people with the active mapping. Evaluates outside the transaction, compares inside it against freshly
 * locked rows, and writes everything at once (design rule 4). Throws what the store throws; marks then stay as they are.
 */
export async function reconcilePeople(
  p: Provisioning,
  tenant: TenantId,
  ids: readonly UserId[],
  options: ReconcileOptions,
): Promise<Reconciled> {
  return applyPrepared(p, tenant, await preparePeople(p, tenant, ids, options));
}

/** People who are evaluated, with what was said of them: what is left to do is one transaction. */
export interface Prepared {
  readonly evaluated: Evaluated;
  readonly options: ReconcileOptions;
}

/** The half outside the transaction: a worker prepares the next people while others are written. */
export async function preparePeople(
  p: Provisioning,
  tenant: TenantId,
  ids: readonly UserId[],
  options: ReconcileOptions,
): Promise<Prepared> {
  const evaluated = await evaluatePeople(p, tenant, ids, options);
  return { evaluated, options: { ...options, ...(await whatWasSaid(p, tenant, evaluated, options)) } };
}

/** The half inside: whose facts or account moved since they were evaluated is left to another attempt. */
export function applyPrepared(
  p: Provisioning,
  tenant: TenantId,
  { evaluated, options }: Prepared,
): Promise<Reconciled> {
  return p.store.write(tenant, (tx) => applyBatch(p, tx, evaluated, options));
}

/**
 * What owners reviewed counts for whoever comes to reconcile the people concerned: for people behind the active mapping what
 * its author saw, for connections that are being switched what was confirmed.
 */
async function whatWasSaid(
  p: Provisioning,
  tenant: TenantId,
  { people, mapping, switches }: Evaluated,
  { approval = "none", includeFrozen = false }: ReconcileOptions,
): Promise<Pick<ReconcileOptions, "approval" | "includeFrozen">> {
  const said = eitherApproval(approval, switches.approval);
  const behind = [...people.values()].some(({ state }) => state.reconciledVersion < mapping.version);
  if (!behind) return { approval: said, includeFrozen };
  const saved = await p.approvals.ofMapping(p.store.read(tenant), mapping.version);
  return { approval: eitherApproval(said, saved.approval), includeFrozen: includeFrozen || saved.includeFrozen };
}

interface Evaluated extends Judgement {
  readonly profiles: ReadonlyMap<UserId, ComputedProfile>;
  readonly connections: readonly Connection[];
  readonly switches: OpenSwitches;
  readonly resolveTeam: ResolveTeam;
  /** What ran the expressions, for more of them about the same people. */
  readonly expressions: ExpressionPort;
  readonly now: Instant;
}

interface EvaluateOptions extends Pick<ReconcileOptions, "door" | "remembered" | "subjects"> {
  /** Nothing is decided by it: its expressions are no business of those who decide. */
  readonly whatIf?: boolean;
}

/** The first half alone: what the active mapping decides for these people, with nothing written. */
export async function evaluatePeople(
  p: Provisioning,
  tenant: TenantId,
  ids: readonly UserId[],
  { door = "sync", remembered, subjects, whatIf = false }: EvaluateOptions,
): Promise<Evaluated> {
  const reader = p.store.read(tenant);
  const now = p.now();
  const { states, links, standing, groups } = subjects ?? (await readSubjects(reader, ids));
  const { activeVersion, connections, teams, openRuns } = standing;
  const switches = await openSwitches(p, reader, openRuns);
  const mapping = await p.mappings.active(reader, activeVersion, connections);
  const people = await gather(p, reader, connections, states, { now, mapping, links, groups, ...switches });
  const resolveTeam = teamBook(teams);
  const expressions = whatIf ? p.expressions.apart(mapping.version) : p.expressions.live(mapping.version);
  const known = remembered === "of_mapping" ? rememberedFor(mapping) : remembered;
  const decisions = await judge(expressions, tenant, mapping, people, resolveTeam, door, known);
  return {
    people: new Map(people.map((person) => [person.state.id, person])),
    decisions,
    profiles: await computeProfiles(expressions, tenant, mapping, people),
    ...{ mapping, connections, switches, resolveTeam, expressions, now },
  };
}

async function applyBatch(
  p: Provisioning,
  tx: TenantWriter,
  evaluated: Evaluated,
  options: ReconcileOptions,
): Promise<Reconciled> {
  const leavers = [...evaluated.decisions].flatMap(([user, { status }]) => (status === "deactivated" ? [user] : []));
  const [, states, { activeVersion }, owned] = await Promise.all([
    // INVARIANT: the tenant is locked before its people, as by pushes and sign-ins: otherwise each would wait for the other
    locksTenant(evaluated) && tx.lockTenant(),
    tx.lockPeople([...evaluated.people.keys()]),
    tx.tenantNow(),
    leavers.length > 0 ? tx.accountsOwnedBy(leavers) : [],
  ]);
  const current = activeVersion === evaluated.mapping.version;
  const fresh = states.filter((state) => current && isAsSeen(state, evaluated.people.get(state.id)?.state));
  const plans = fresh.map((state) => planFor(state, evaluated, options));
  const braked = await brake(p, tx, {
    plans,
    connections: evaluated.connections,
    connectionOf: (user) => evaluated.people.get(user)?.links[0]?.connection.id,
    approval: options.approval ?? "none",
    now: evaluated.now,
  });
  const shares = sharesOf(fresh, braked, evaluated, options);
  const contextOf = (user: UserId): Context => options.contexts?.get(user) ?? options.context;
  await tx.dissolveHolds(braked.dissolve);
  await endEmptyRuns(tx, states, braked.dissolve, evaluated.now);
  const apply = {
    plans: braked.pass,
    profiles: profilesOf(evaluated, braked.pass, options),
    reconciled: fresh.map((state) => ({ user: state.id, factsVersion: state.factsVersion })),
    mappingVersion: evaluated.mapping.version,
    contextOf,
    ...{ runOf: shares.runOf, owned },
    now: evaluated.now,
  };
  await Promise.all([applyPlans(p, tx, apply), charge(tx, braked.charges)]);
  const counted = (run?: RunId) =>
    countsOf(plans, braked, evaluated, run === undefined ? undefined : ({ id }) => shares.runOf(id) === run);
  for (const [run, addDone] of shares.done)
    await tx.updateRun(run, { addDone, addCounts: counted(run) }, evaluated.now);
  await tryAgainLater(tx, fresh, evaluated);
  await enterHeld(tx, braked.hold, contextOf, evaluated.now);
  const { releasedRun: released } = options;
  if (released !== undefined) await tx.updateRun(released, { addCounts: staysOf(released, braked) }, evaluated.now);
  return report(states, fresh, braked, evaluated, counted());
}

/** What the brake and the seats will lock the tenant for, as far as it is known before people are locked. */
function locksTenant({ people, decisions, mapping }: Evaluated): boolean {
  return [...people.values()].some(({ state }) => {
    const decision = decisions.get(state.id);
    if (decision === undefined) return false;
    const plan = diff(state, decision, mapping);
    return needsSeat(plan) || leavesSeat(plan) || lossOf(plan) !== undefined;
  });
}

/** INVARIANT: what a run is relieved of is counted where it is done, once, whoever does it and whatever dies behind it. */
function sharesOf(
  fresh: readonly PersonState[],
  braked: Braked,
  { switches, mapping }: Evaluated,
  { releasedRun }: ReconcileOptions,
): RunShares {
  const stay = new Set([...braked.hold, ...braked.waiting.map((plan) => ({ plan }))].map(({ plan }) => plan.person.id));
  return runShares(fresh, {
    open: switches.runs,
    version: mapping.version,
    ...(releasedRun !== undefined && { released: { run: releasedRun, stay } }),
  });
}

/**
 * INVARIANT: a decision counts for the facts and the account that it was made for. Two who look at a newcomer at once both
 * decide on a new account: the second one's decision would open the defaults of new accounts again.
 */
function isAsSeen(state: PersonState, seen: PersonState | undefined): boolean {
  return (
    state.factsVersion === seen?.factsVersion &&
    state.status === seen.status &&
    state.everRegistered === seen.everRegistered &&
    state.deactivatedBy === seen.deactivatedBy
  );
}

function planFor(state: PersonState, evaluated: Evaluated, options: ReconcileOptions): PersonPlan {
  const decision = evaluated.decisions.get(state.id);
  if (!decision) throw new Error("a person was locked that was not evaluated");
  const plan = diff(state, decision, evaluated.mapping);
  if (isLeftOut(plan, options)) return { ...plan, changes: [], kept: [], refreshed: [] };
  return plan.frozen ? { ...plan, frozen: false } : plan;
}

function isLeftOut({ frozen }: PersonPlan, { door, includeFrozen }: ReconcileOptions): boolean {
  return frozen && door !== "sign_in" && !includeFrozen;
}

function profilesOf(
  evaluated: Evaluated,
  plans: readonly PersonPlan[],
  options: ReconcileOptions,
): ReadonlyMap<UserId, Profile> {
  const profiles = new Map<UserId, Profile>();
  for (const plan of plans) {
    const { person } = plan;
    if (isLeftOut(plan, options)) continue;
    const links = evaluated.people.get(person.id)?.links ?? [];
    const profile = changedProfile(person, links, evaluated.profiles.get(person.id));
    if (profile) profiles.set(person.id, profile);
  }
  return profiles;
}

/**
 * What was kept because an evaluation was stopped is looked at again: the machine may have been busy, and a loss that is only
 * put off must not be forgotten. An expression that is to blame is suspended by and by, which ends the attempts.
 */
async function tryAgainLater(tx: TenantWriter, fresh: readonly PersonState[], evaluated: Evaluated): Promise<void> {
  const { now } = evaluated;
  const stopped = fresh.map(({ id }) => id).filter((id) => isOpenFor(id, "expression_stopped", evaluated));
  if (stopped.length === 0) return;
  await tx.markDirty(stopped, "expression_stopped", now);
  await tx.delayMarks(stopped, secondsFrom(now, BACK_OFF_SECONDS));
}

function report(
  states: readonly PersonState[],
  fresh: readonly PersonState[],
  braked: Braked,
  evaluated: Evaluated,
  counts: Readonly<Record<string, number>>,
): Reconciled {
  const done = new Set(fresh.map((state) => state.id));
  return {
    done: [...done],
    moved: states.filter((state) => !done.has(state.id)).map((state) => state.id),
    held: [...braked.hold, ...braked.waiting.map((plan) => ({ plan }))].map(({ plan }) => plan.person.id),
    counts,
    people: evaluated.people,
    decisions: evaluated.decisions,
    mapping: evaluated.mapping,
  };
}
