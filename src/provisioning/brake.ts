/**
 * The brake and the rules beside it that keep changes back: losses beyond the connection's bucket, the last owner,
 * people without a seat. Runs inside the apply transaction, on freshly locked state (design rule 5).
 */
import {
  type Covers,
  losesOwner,
  lossKeys,
  lossOf,
  needsSeat,
  type OwnerReason,
  ownersWhoStay,
  underHold,
  unseenLoss,
} from "../engine/guard.js";
import type { Connection } from "../model/connection.js";
import type { ConnectionId, Instant, UserId } from "../model/ids.js";
import type { HeldReason } from "../model/person.js";
import type { PersonPlan } from "../model/plan.js";
import { type Charge, chargesFor, type Losing } from "./brake-buckets.js";
import type { Provisioning } from "./deps.js";
import type { BucketKind } from "./ports/access.js";
import type { TenantWriter } from "./ports/store.js";
import type { Approval } from "./preview/approval.js";

/** A person who is kept as they are, in whose connection's held run, and why. */
export interface HeldPlan {
  readonly plan: PersonPlan;
  readonly connection: ConnectionId;
  readonly reason: HeldReason;
  readonly detail: string;
}

/** What becomes of each plan. */
export interface Braked {
  readonly pass: readonly PersonPlan[];
  /** Newly held: to be entered in their connection's held run. */
  readonly hold: readonly HeldPlan[];
  /** Already held and still losing: nothing changes for them. */
  readonly waiting: readonly PersonPlan[];
  /** Holds whose cause is gone, or that are released. */
  readonly dissolve: readonly UserId[];
  /** What the losses that pass cost: the caller writes it in the same transaction. */
  readonly charges: readonly Charge[];
}

/** The plans of one batch, and by what their losses are judged. */
export interface BrakeInput {
  readonly plans: readonly PersonPlan[];
  readonly connections: readonly Connection[];
  /** The person's strongest connection: charged with what no connection gave. */
  readonly connectionOf: (user: UserId) => ConnectionId | undefined;
  readonly approval: Approval;
  readonly now: Instant;
}

/**
 * Sorts plans into those that pass and those that are held: losses beyond the bucket that nobody reviewed, the last owners,
 * people for whom there is no seat. Locks the tenant where somebody could be held.
 */
export async function brake(p: Provisioning, tx: TenantWriter, input: BrakeInput): Promise<Braked> {
  const held = await withFreedOwners(tx, settleHolds(input), input);
  const losing = held.pass.filter((plan) => unapprovedLoss(plan, input.approval) !== undefined);
  const owners = held.pass.filter(losesOwner);
  const seatless = held.pass.filter(needsSeat);
  await rememberLosses(tx, held, input.now);
  if (losing.length + owners.length + seatless.length > 0) await tx.lockTenant();
  const kept = new Map<UserId, HeldPlan>();
  await holdOwners(tx, owners, input, kept);
  const charges = await holdBeyondBuckets(p, tx, losing, input, kept);
  await holdSeatless(tx, seatless, input, kept);
  return {
    pass: held.pass.filter((plan) => !kept.has(plan.person.id)),
    hold: [...kept.values()],
    waiting: held.waiting,
    dissolve: held.dissolve,
    charges,
  };
}

interface SettledHolds extends Pick<Braked, "pass" | "waiting" | "dissolve"> {
  /** Who must stay an owner, where somebody waits for it. */
  readonly stay?: ReadonlyMap<UserId, OwnerReason>;
}

function settleHolds(input: BrakeInput): SettledHolds {
  const settled = { pass: [] as PersonPlan[], waiting: [] as PersonPlan[], dissolve: [] as UserId[] };
  const options = { covers: coveredBy(input.approval), releasing: false };
  for (const one of input.plans) {
    const { kind, plan } = underHold(one, options);
    if (kind === "waits") settled.waiting.push(plan);
    else settled.pass.push(plan);
    if (kind === "free" && plan.person.hold) settled.dissolve.push(plan.person.id);
  }
  return settled;
}

/**
 * Who waits as an owner who must stay waits no longer for that when there are owners enough, and for the reason that is true
 * now. INVARIANT: whoever is freed is judged like anybody else who loses as much.
 */
async function withFreedOwners(tx: TenantWriter, held: SettledHolds, input: BrakeInput): Promise<SettledHolds> {
  const waiting = held.waiting.filter((plan) => isHeldAsOwner(plan) && losesOwner(plan));
  if (waiting.length === 0) return held;
  await tx.lockTenant();
  const stay = await ownersKept(tx, [...held.pass.filter(losesOwner), ...waiting], input);
  const freed = waiting.filter(({ person }) => !stay.has(person.id));
  return {
    pass: [...held.pass, ...freed],
    waiting: held.waiting.filter((plan) => !freed.includes(plan)),
    dissolve: [...held.dissolve, ...freed.map(({ person }) => person.id)],
    stay,
  };
}

function isHeldAsOwner({ person: { hold } }: PersonPlan): boolean {
  return hold?.reason === "last_owner" || hold?.reason === "second_to_last_owner";
}

/** Who waits may lose something else meanwhile: a discard speaks of what would be lost when it is said. */
async function rememberLosses(tx: TenantWriter, { waiting, stay }: SettledHolds, now: Instant): Promise<void> {
  for (const plan of waiting) {
    const { id: user, factsVersion, hold } = plan.person;
    if (!hold) continue;
    const losses = lossKeys(plan);
    const reason = isHeldAsOwner(plan) ? (stay?.get(user) ?? hold.reason) : hold.reason;
    if (reason === hold.reason && losses.every((key) => hold.losses.includes(key))) continue;
    await tx.hold(hold.run, [{ user, factsVersion, reason, detail: HELD_BECAUSE[reason], losses }], now);
  }
}

function coveredBy(approval: Approval): Covers {
  if (typeof approval === "string") return () => approval === "all";
  return (key) => approval.has(key);
}

function unapprovedLoss(plan: PersonPlan, approval: Approval): ReturnType<typeof lossOf> {
  return unseenLoss(plan, coveredBy(approval));
}

/**
 * INVARIANT: no door, no release and no interleaving takes a tenant's last active owner; the tenant is locked here.
 * The loss of the second to last waits for somebody to look, unless somebody has.
 */
async function holdOwners(
  tx: TenantWriter,
  losing: readonly PersonPlan[],
  input: BrakeInput,
  kept: Map<UserId, HeldPlan>,
): Promise<void> {
  if (losing.length === 0) return;
  const stay = await ownersKept(tx, losing, input);
  for (const plan of losing) {
    const reason = stay.get(plan.person.id);
    if (reason) keep(kept, plan, chargedConnection(plan, input), reason);
  }
}

async function ownersKept(
  tx: TenantWriter,
  losing: readonly PersonPlan[],
  { approval }: BrakeInput,
): Promise<ReadonlyMap<UserId, OwnerReason>> {
  const others = await tx.otherOwners(losing.map((plan) => plan.person.id));
  return ownersWhoStay(losing, others, (plan) => unapprovedLoss(plan, approval) === undefined);
}

/** Why people are kept back, in words. */
export const HELD_BECAUSE: Readonly<Record<HeldReason, string>> = {
  brake_deactivations: "more people would lose access at once than the brake lets through",
  brake_access: "more people would lose access at once than the brake lets through",
  last_owner: "the last active owner of the tenant stays",
  second_to_last_owner: "the tenant would be left with one active owner",
  no_seat: "no seat is free",
};

async function holdBeyondBuckets(
  p: Provisioning,
  tx: TenantWriter,
  losing: readonly PersonPlan[],
  input: BrakeInput,
  kept: Map<UserId, HeldPlan>,
): Promise<readonly Charge[]> {
  const byBucket = new Map<string, { connection: ConnectionId; kind: BucketKind; plans: PersonPlan[] }>();
  for (const plan of losing) {
    if (kept.has(plan.person.id)) continue;
    const { connection, kind } = bucketOf(plan, input);
    const key = `${connection}|${kind}`;
    const entry = byBucket.get(key) ?? { connection, kind, plans: [] };
    entry.plans.push(plan);
    byBucket.set(key, entry);
  }
  const buckets = [...byBucket.values()];
  const losses = buckets.map(({ connection, kind, plans }) => ({ connection, kind, people: plans.length }));
  const charges = await chargesFor(p, tx, losses, input.now);
  for (const [at, { connection, kind, plans }] of buckets.entries()) {
    for (const plan of plans.slice(charges[at]?.passes)) {
      const reason = kind === "deactivations" ? "brake_deactivations" : "brake_access";
      keep(kept, plan, connection, reason);
    }
  }
  return charges;
}

async function holdSeatless(
  tx: TenantWriter,
  plans: readonly PersonPlan[],
  input: BrakeInput,
  kept: Map<UserId, HeldPlan>,
): Promise<void> {
  const wanting = plans.filter((plan) => !kept.has(plan.person.id));
  if (wanting.length === 0) return;
  const refused = new Set(await tx.seatPeople(wanting.map((plan) => plan.person.id)));
  for (const plan of wanting) {
    if (refused.has(plan.person.id)) keep(kept, plan, chargedConnection(plan, input), "no_seat");
  }
}

/** Which bucket a loss is charged to. */
export function bucketOf(plan: PersonPlan, input: Charging): Pick<Losing, "connection" | "kind"> {
  const kind = lossOf(plan)?.kind === "deactivation" ? "deactivations" : "access";
  return { connection: chargedConnection(plan, input), kind };
}

type Charging = Pick<BrakeInput, "connections" | "connectionOf">;

/** INVARIANT: every loss is charged: to the connection that gave, else to the person's strongest, else to the built-in one. */
function chargedConnection(plan: PersonPlan, input: Charging): ConnectionId {
  const known = lossOf(plan)?.connection ?? input.connectionOf(plan.person.id);
  const charged = known ?? input.connections.find((one) => one.protocol === "local")?.id;
  if (charged === undefined) throw new Error("a tenant without its local connection");
  return charged;
}

function keep(kept: Map<UserId, HeldPlan>, plan: PersonPlan, connection: ConnectionId, reason: HeldReason): void {
  kept.set(plan.person.id, { plan, connection, reason, detail: HELD_BECAUSE[reason] });
}
