/** Guard owns the arithmetic of what must not happen unseen: many losses at once, and the loss of the last owner. */
import { grantKey } from "../model/grant.js";
import type { ConnectionId, Instant } from "../model/ids.js";
import type { PersonPlan } from "../model/plan.js";
import { isOwner } from "../model/target.js";
import { assignmentChanges } from "./plan-lines.js";

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

/** The loss in a plan: the account before assignments. An admin's own deactivation is charged to nobody. */
export function lossOf(plan: PersonPlan): Loss | undefined {
  const ending = plan.changes.find((change) => change.kind === "deactivate_user");
  if (ending) return charged("deactivation", ending.connection);
  const { lost } = assignmentChanges(plan);
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
  const closed = new Set(changes.flatMap((change) => (change.kind === "revoke" ? [grantKey(change.grant)] : [])));
  const opens = changes.some((change) => change.kind === "grant" && isOwner(change.grant.target));
  return !opens && owning.every((grant) => closed.has(grantKey(grant)));
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
