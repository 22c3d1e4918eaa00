/**
 * The brake and the rules beside it that keep changes back: losses beyond the connection's bucket, the last owner,
 * people without a seat. Runs inside the apply transaction, on freshly locked state (design rule 5).
 */
import { dangerKey } from "../engine/digest.js";
import { type BrakeSettings, capacity, losesOwner, lossOf, ownerRule, refill, take } from "../engine/guard.js";
import { planLines } from "../engine/plan-lines.js";
import type { Connection } from "../model/connection.js";
import type { ConnectionId, Instant, UserId } from "../model/ids.js";
import type { HeldReason } from "../model/person.js";
import type { PersonPlan } from "../model/plan.js";
import type { Approval } from "./approval.js";
import type { Provisioning } from "./deps.js";
import type { BucketKind } from "./ports/access.js";
import type { TenantWriter } from "./ports/store.js";

export interface HeldPlan {
  readonly plan: PersonPlan;
  readonly connection: ConnectionId;
  readonly reason: HeldReason;
  readonly detail: string;
}

export interface Braked {
  readonly pass: readonly PersonPlan[];
  /** Newly held: to be entered in their connection's held run. */
  readonly hold: readonly HeldPlan[];
  /** Already held and still losing: nothing changes for them. */
  readonly waiting: readonly PersonPlan[];
  /** Holds whose cause is gone, or that are released. */
  readonly dissolve: readonly UserId[];
}

export interface BrakeInput {
  readonly plans: readonly PersonPlan[];
  readonly connections: readonly Connection[];
  /** Where a person without a charged connection is held. */
  readonly connectionOf: (user: UserId) => ConnectionId | undefined;
  readonly approval: Approval;
  readonly releasing: boolean;
  readonly now: Instant;
}

export async function brake(p: Provisioning, tx: TenantWriter, input: BrakeInput): Promise<Braked> {
  const held = settleHolds(input);
  const losing = held.pass.filter((plan) => unapprovedLoss(plan, input.approval) !== undefined);
  const owners = held.pass.filter(losesOwner);
  const seatless = held.pass.filter(needsSeat);
  if (losing.length + owners.length + seatless.length > 0) await tx.lockTenant();
  const kept = new Map<UserId, HeldPlan>();
  await holdOwners(tx, owners, input, kept);
  await holdBeyondBuckets(p, tx, losing, input, kept);
  await holdSeatless(tx, seatless, input, kept);
  return {
    pass: held.pass.filter((plan) => !kept.has(plan.person.id)),
    hold: [...kept.values()],
    waiting: held.waiting,
    dissolve: held.dissolve,
  };
}

interface SettledHolds {
  readonly pass: PersonPlan[];
  readonly waiting: PersonPlan[];
  readonly dissolve: UserId[];
}

function settleHolds(input: BrakeInput): SettledHolds {
  const settled: SettledHolds = { pass: [], waiting: [], dissolve: [] };
  for (const plan of input.plans) {
    const hold = plan.person.hold;
    if (!hold) {
      settled.pass.push(plan);
      continue;
    }
    const losing = unapprovedLoss(plan, "none") !== undefined;
    if (hold.status === "discarded" && hold.factsVersion === plan.person.factsVersion) {
      settled.pass.push(withoutLosses(plan));
    } else if (hold.status === "held" && losing && !input.releasing) {
      settled.waiting.push(plan);
    } else {
      settled.dissolve.push(plan.person.id);
      settled.pass.push(plan);
    }
  }
  return settled;
}

/** A discarded hold: what was gained still comes, what would be lost stays. */
function withoutLosses(plan: PersonPlan): PersonPlan {
  return {
    ...plan,
    changes: plan.changes.filter((change) => change.kind !== "deactivate_user" && change.kind !== "revoke"),
  };
}

function unapprovedLoss(plan: PersonPlan, approval: Approval): ReturnType<typeof lossOf> {
  const loss = lossOf(plan);
  if (loss === undefined || approval === "all") return undefined;
  if (approval === "none") return loss;
  const unseen = planLines(plan).some(
    (line) => (line.change === "revoke" || line.change === "deactivate_user") && !approval.has(dangerKey(line)),
  );
  return unseen ? loss : undefined;
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
  const plans = [...losing].sort((a, b) => (a.person.id < b.person.id ? -1 : 1));
  let owners = plans.length + (await tx.otherOwners(plans.map((plan) => plan.person.id)));
  for (const plan of plans) {
    const reason = ownerRule(plan, { otherActiveOwners: owners - 1 });
    const seen = unapprovedLoss(plan, input.approval) === undefined;
    if (reason === "last_owner" || (reason === "second_to_last_owner" && !seen)) {
      keep(kept, plan, input, chargedConnection(plan, input), reason, OWNER_DETAIL[reason]);
    } else owners -= 1;
  }
}

const OWNER_DETAIL = {
  last_owner: "the last active owner of the tenant stays",
  second_to_last_owner: "the tenant would be left with one active owner",
} as const;

async function holdBeyondBuckets(
  p: Provisioning,
  tx: TenantWriter,
  losing: readonly PersonPlan[],
  input: BrakeInput,
  kept: Map<UserId, HeldPlan>,
): Promise<void> {
  const byBucket = new Map<string, { connection: ConnectionId; kind: BucketKind; plans: PersonPlan[] }>();
  for (const plan of losing) {
    const connection = chargedConnection(plan, input);
    if (kept.has(plan.person.id) || connection === undefined) continue;
    const kind = lossOf(plan)?.kind === "deactivation" ? "deactivations" : "access";
    const key = `${connection}|${kind}`;
    const entry = byBucket.get(key) ?? { connection, kind, plans: [] };
    entry.plans.push(plan);
    byBucket.set(key, entry);
  }
  for (const { connection, kind, plans } of byBucket.values()) {
    const left = await takeTokens(p, tx, connection, kind, plans.length, input.now);
    for (const plan of plans.slice(left)) {
      const reason = kind === "deactivations" ? "brake_deactivations" : "brake_access";
      keep(kept, plan, input, connection, reason, "more people would lose access at once than the brake lets through");
    }
  }
}

/** Takes up to `wanted` tokens, announced changes first; how many were had. */
async function takeTokens(
  p: Provisioning,
  tx: TenantWriter,
  connection: ConnectionId,
  kind: BucketKind,
  wanted: number,
  now: Instant,
): Promise<number> {
  const expected = await tx.expectation(connection);
  const announced = expected && expected.until > now ? Math.min(wanted, expected.left) : 0;
  if (announced > 0) await tx.useExpectation(connection, announced);
  const settings: BrakeSettings = p.settings.brake;
  const size = capacity(settings, kind, await tx.registeredSynced(connection));
  const held = (await tx.heldCount(connection)) > 0;
  const before = (await tx.bucket(connection, kind)) ?? { tokens: size, updatedAt: now };
  const { taken, left } = take(refill(settings, before, now, size, held), wanted - announced);
  await tx.putBucket(connection, kind, { tokens: Math.min(size, left), updatedAt: now });
  return announced + taken;
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
    if (refused.has(plan.person.id))
      keep(kept, plan, input, chargedConnection(plan, input), "no_seat", "no seat is free");
  }
}

function needsSeat(plan: PersonPlan): boolean {
  return (
    !plan.person.seat &&
    plan.changes.some((change) => change.kind === "create_user" || change.kind === "reactivate_user")
  );
}

function chargedConnection(plan: PersonPlan, input: BrakeInput): ConnectionId | undefined {
  return lossOf(plan)?.connection ?? input.connectionOf(plan.person.id);
}

function keep(
  kept: Map<UserId, HeldPlan>,
  plan: PersonPlan,
  input: BrakeInput,
  connection: ConnectionId | undefined,
  reason: HeldReason,
  detail: string,
): void {
  const where = connection ?? input.connections.find((one) => one.protocol === "local")?.id;
  if (where === undefined) throw new Error("a tenant without its local connection");
  kept.set(plan.person.id, { plan, connection: where, reason, detail });
}
