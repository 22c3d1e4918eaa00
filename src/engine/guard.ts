/** Guard owns the arithmetic of what must not happen unseen: many losses at once, and the loss of the last owner. */
import type { ConnectionId, Instant, UserId } from "../model/ids.js";
import type { Hold } from "../model/person.js";
import type { Change, PersonPlan, PlanLine, Waiting } from "../model/plan.js";
import { isOwner } from "../model/target.js";
import { dangerKey, isLoss } from "./plan/digest.js";
import { assignmentChanges, planLines } from "./plan/lines.js";

/** Which losses a bucket counts, in people. */
export type BucketKind = "deactivations" | "access";

/** Sizes of the buckets: a floor, and a share of the registered synced people (0.01 is one in a hundred). */
export interface BrakeSettings {
  readonly deactivationsFloor: number;
  readonly deactivationsShare: number;
  readonly accessFloor: number;
  readonly accessShare: number;
  /** Tokens per hour while somebody is held: for new leavers, never for the held. */
  readonly dripPerHour: number;
}

/** Tokens of a brake's bucket as they were at an instant; they fill up with time. */
export interface Bucket {
  readonly tokens: number;
  readonly updatedAt: Instant;
}

const HOUR = 3_600_000;

/** How many people of a connection may lose something within an hour. */
export function capacity(settings: BrakeSettings, kind: BucketKind, registeredSynced: number): number {
  const [floor, share] =
    kind === "deactivations"
      ? [settings.deactivationsFloor, settings.deactivationsShare]
      : [settings.accessFloor, settings.accessShare];
  return Math.max(floor, Math.floor(share * registeredSynced));
}

/**
 * The tokens that a bucket holds now: full within an hour, or by the drip while somebody is held, and never more than its
 * capacity. A clock that went back refills nothing. Fractions are kept; whole tokens are spent.
 */
export function refill(
  settings: BrakeSettings,
  bucket: Bucket,
  now: Instant,
  capacityNow: number,
  someoneHeld: boolean,
): number {
  const hours = Math.max(0, Date.parse(now) - Date.parse(bucket.updatedAt)) / HOUR;
  const perHour = someoneHeld ? Math.min(settings.dripPerHour, capacityNow) : capacityNow;
  return Math.min(capacityNow, bucket.tokens + hours * perHour);
}

/** Takes up to `wanted` whole tokens: how many were had, and how many are left. */
export function take(tokens: number, wanted: number): { readonly taken: number; readonly left: number } {
  const taken = Math.min(wanted, Math.max(0, Math.floor(tokens)));
  return { taken, left: tokens - taken };
}

/** What a person would lose, and the connection whose bucket it is charged to, where one is known. */
export interface Loss {
  readonly kind: "deactivation" | "access";
  readonly connection?: ConnectionId;
}

/**
 * The loss in a plan: the account before assignments. A role that is replaced by a higher one is none, and an admin's own
 * deactivation is charged to nobody.
 */
export function lossOf(plan: PersonPlan): Loss | undefined {
  const ending = plan.changes.find((change) => change.kind === "deactivate_user");
  if (ending) return charged("deactivation", ending.connection);
  const lost = assignmentChanges(plan).lost.filter(({ raised }) => !raised);
  if (lost.length === 0) return undefined;
  return charged("access", lost.find(({ grant }) => grant.connection !== undefined)?.grant.connection);
}

function charged(kind: Loss["kind"], connection: ConnectionId | undefined): Loss {
  return connection === undefined ? { kind } : { kind, connection };
}

/** The person is an active owner, and would not be one after the plan. */
export function losesOwner({ person, changes }: PersonPlan): boolean {
  const owning = person.grants.filter((grant) => isOwner(grant.target));
  if (person.status !== "registered" || owning.length === 0) return false;
  if (changes.some((change) => change.kind === "deactivate_user")) return true;
  const closed = new Set(changes.flatMap((change) => (change.kind === "revoke" ? [change.grant.id] : [])));
  const opens = changes.some((change) => change.kind === "grant" && isOwner(change.grant.target));
  return !opens && owning.every(({ id }) => closed.has(id));
}

/**
 * Why a plan that takes an owner must wait. INVARIANT: the last active owner of a tenant never goes, by any door and any
 * release; the loss of the second to last waits for somebody to look.
 */
export function ownerRule(
  plan: PersonPlan,
  { otherActiveOwners }: { readonly otherActiveOwners: number },
): "last_owner" | "second_to_last_owner" | undefined {
  if (!losesOwner(plan) || otherActiveOwners > 1) return undefined;
  return otherActiveOwners === 1 ? "second_to_last_owner" : "last_owner";
}

/** Why an owner stays. */
export type OwnerReason = NonNullable<ReturnType<typeof ownerRule>>;

/**
 * Who of these stays an owner, and why: plans that take an owner each, in id order, beside so many other active owners.
 * `seen`: somebody has reviewed the plan, so that it may leave the tenant with one owner, though never with none.
 */
export function ownersWhoStay(
  losing: readonly PersonPlan[],
  otherOwners: number,
  seen: (plan: PersonPlan) => boolean,
): ReadonlyMap<UserId, OwnerReason> {
  const stay = new Map<UserId, OwnerReason>();
  let owners = losing.length + otherOwners;
  for (const plan of [...losing].sort((a, b) => (a.person.id < b.person.id ? -1 : 1))) {
    const reason = ownerRule(plan, { otherActiveOwners: owners - 1 });
    if (reason === "last_owner" || (reason !== undefined && !seen(plan))) stay.set(plan.person.id, reason);
    else owners -= 1;
  }
  return stay;
}

/** The plan of a person for whom nothing changes, and that tells of what would have been lost and gained why it waits. */
export function keptBack(plan: PersonPlan, reason: string): PersonPlan {
  const losses = assignmentChanges(plan).lost.map(({ grant }) => grant);
  return { ...plan, changes: [], refreshed: [], held: { reason, losses }, waiting: waitingGains(plan, reason) };
}

/** The plan of a person whom a change does not reach: INVARIANT: what comes later by it is told, or nobody would have seen it. */
export function leftOut(plan: PersonPlan, reason: string): PersonPlan {
  return { ...plan, changes: [], kept: [], waiting: waitingGains(plan, reason) };
}

function waitingGains(plan: PersonPlan, reason: string): Waiting {
  return { reason, gains: assignmentChanges(plan).gained.map(({ grant }) => grant) };
}

/** The plan registers somebody who has no seat yet; service accounts take none. */
export function needsSeat({ person, changes }: PersonPlan): boolean {
  if (person.serviceAccount) return false;
  return !person.seat && changes.some(({ kind }) => kind === "create_user" || kind === "reactivate_user");
}

/**
 * Who has a seat will not be registered after the plan: an account ends, or somebody who was pushed and let in comes to nothing,
 * switched off again before anybody looked or refused by the rules. A plan that a frozen person waits with takes nothing.
 */
export function leavesSeat({ person, changes, frozen }: PersonPlan): boolean {
  if (!person.seat) return false;
  if (person.status === "registered") return changes.some(({ kind }) => kind === "deactivate_user");
  return !frozen && !changes.some(({ kind }) => kind === "create_user" || kind === "reactivate_user");
}

/** Which losses somebody has reviewed, by danger key. */
export type Covers = (key: string) => boolean;

/**
 * The loss in a plan, unless every loss in it was reviewed. The end of a service account waits for nobody: somebody said it of
 * this account, and its tokens must end with it.
 */
export function unseenLoss(plan: PersonPlan, covers: Covers): Loss | undefined {
  if (endsServiceAccount(plan)) return undefined;
  return losingLines(plan).every((line) => covers(dangerKey(line))) ? undefined : lossOf(plan);
}

function endsServiceAccount({ person, changes }: PersonPlan): boolean {
  return person.serviceAccount === true && changes.some(({ kind }) => kind === "deactivate_user");
}

/** Danger keys of what a plan takes away. */
export function lossKeys(plan: PersonPlan): readonly string[] {
  return losingLines(plan).map(dangerKey);
}

function losingLines(plan: PersonPlan): readonly PlanLine[] {
  return planLines(plan).filter(isLoss);
}

/** By what a hold is judged: what an owner has reviewed, and whether held people are let go. */
export interface HoldOptions {
  readonly covers: Covers;
  /** People held are planned as if nobody held them. */
  readonly releasing: boolean;
}

/**
 * What becomes of a person's plan under a hold. `free`: all of it counts, and a hold has lost its cause. `waits`: nothing
 * changes. `stays`: a discarded hold lasts, and the plan comes without the losses that were discarded.
 */
export type UnderHold = { readonly kind: "free" | "waits" | "stays"; readonly plan: PersonPlan };

/**
 * Judges a plan under its person's hold; for previews and for what is applied, so that both say the same. What an owner
 * reviewed passes, and what the mapping gives no more passes a discarded hold, since no fact was discarded with it.
 */
export function underHold(plan: PersonPlan, options: HoldOptions): UnderHold {
  const { hold } = plan.person;
  if (!hold) return { kind: "free", plan };
  return hold.status === "held" ? underWaiting(plan, hold, options) : underDiscarded(plan, hold, options.covers);
}

/** Who waits for lost access and then leaves is a leaver, and a new loss. */
function underWaiting(plan: PersonPlan, hold: Hold, { covers, releasing }: HoldOptions): UnderHold {
  const rises = endingKey(plan) !== undefined && !hold.losses.includes(String(endingKey(plan)));
  const waits = !releasing && !rises && unseenLoss(plan, covers) !== undefined;
  return { kind: waits ? "waits" : "free", plan };
}

function underDiscarded(plan: PersonPlan, hold: Hold, covers: Covers): UnderHold {
  const undecided = plan.kept.length > 0 || plan.frozen;
  if (endsServiceAccount(plan)) return { kind: "free", plan };
  if (lossOf(plan) === undefined) return { kind: undecided ? "stays" : "free", plan };
  const ending = endingKey(plan);
  if (ending !== undefined && (covers(ending) || !hold.losses.includes(ending))) return { kind: "free", plan };
  const passes = (change: Change): boolean =>
    change.kind === "revoke"
      ? change.raised === true || change.unruled === true || covers(revokeKey(plan, change))
      : change.kind !== "deactivate_user";
  const rest = { ...plan, changes: plan.changes.filter(passes) };
  const stopped = plan.changes.filter((change) => !passes(change));
  const isNew = (change: Change): boolean => change.kind === "revoke" && !hold.losses.includes(revokeKey(plan, change));
  const fresh = ending === undefined && assignmentChanges(plan).lost.some((change) => !passes(change) && isNew(change));
  return fresh || stopped.length === 0 ? { kind: "free", plan } : { kind: "stays", plan: rest };
}

function endingKey(plan: PersonPlan): string | undefined {
  const line = losingLines(plan).find(({ change }) => change === "deactivate_user");
  return line && dangerKey(line);
}

function revokeKey({ person }: PersonPlan, { grant }: Extract<Change, { readonly kind: "revoke" }>): string {
  const { id, userName } = person;
  return dangerKey({ user: { id, userName }, change: "revoke", target: grant.target, reason: "", privileged: false });
}
