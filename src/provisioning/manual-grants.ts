/** Manual grants: what an admin gives by hand, with a reason and, where wanted, an end. Sync never touches them. */
import { isSyncedGrant } from "../engine/diff.js";
import type { Tenant } from "../model/connection.js";
import type { GrantId, Instant, UserId } from "../model/ids.js";
import type { PersonState } from "../model/person.js";
import { Refusal } from "../model/problem.js";
import { isOwner, type Target, teamOf } from "../model/target.js";
import { auditEntry, authorOf, type Context, type Provisioning } from "./deps.js";
import { NO_ACCESS_WRITES } from "./no-access-writes.js";
import { ownersChanged } from "./owners.js";
import type { ClosedGrant, NewGrant } from "./ports/access.js";
import type { TenantWriter } from "./ports/store.js";
import { refuseByPolicy } from "./team-policy.js";

export interface ManualGrant {
  readonly target: Target;
  readonly reason: string;
  readonly expiresAt?: Instant;
}

/** Gives a registered user a target by hand. Refusals: `not_found`, `conflict` (not registered, or held by hand already), `read_only` (an identity provider alone gives there). */
export async function addManualGrant(
  p: Provisioning,
  tenant: Tenant,
  user: UserId,
  given: ManualGrant,
  context: Context,
): Promise<GrantId> {
  const now = p.now();
  const { expiresAt } = given;
  if (expiresAt !== undefined && expiresAt <= now) throw new Refusal("bad_request", "`expiresAt` is in the past");
  const id = p.newId() as GrantId;
  await p.store.write(tenant.id, (tx) => giveByHand(tx, user, { ...given, id }, context, now));
  p.wake();
  return id;
}

/** The same inside a transaction. */
export async function giveByHand(
  tx: TenantWriter,
  user: UserId,
  given: ManualGrant & Pick<NewGrant, "id">,
  context: Context,
  now: Instant,
): Promise<void> {
  const { id, target, expiresAt } = given;
  const state = await lockedPerson(tx, user);
  refuseUseless(state, target);
  const name = teamOf(target.scope);
  const team = name === undefined ? undefined : (await tx.ensureTeams([name], now)).get(name);
  await refuseByPolicy(tx, target.scope, team);
  await openGrantWithAudit(tx, state, { ...given, ...(team && { team }) }, context, now);
  if (expiresAt !== undefined) await tx.wakeAt(expiresAt, "grant_expiry", expiryRef(user, id));
  // It may be what they are held for losing, or be lost with it.
  if (state.hold) await tx.markDirty([user], "manual_grant", now);
}

function refuseUseless({ serviceAccount, status, grants }: PersonState, { scope, role }: Target): void {
  // INVARIANT: who owns a tenant is a person.
  if (serviceAccount && isOwner({ scope, role })) throw new Refusal("conflict", "no service account owns the tenant");
  if (status !== "registered") {
    throw new Refusal("conflict", "the user is not registered: grants need an active account");
  }
  const isSame = grants.some(
    ({ origin, target }) => origin === "manual" && target.scope === scope && target.role === role,
  );
  if (isSame) throw new Refusal("conflict", "the user holds this by hand already");
}

/** Opens one grant with its audit entry and event. */
async function openGrantWithAudit(
  tx: TenantWriter,
  { id: user, userName }: PersonState,
  { id, team, target, reason, expiresAt }: ManualGrant & Pick<NewGrant, "id" | "team">,
  context: Context,
  now: Instant,
): Promise<void> {
  const ends = expiresAt === undefined ? {} : { expiresAt };
  const grant = { id, user, target, origin: "manual", evidence: [], by: authorOf(context), reason } as const;
  await tx.applyAccess({ ...NO_ACCESS_WRITES, open: [{ ...grant, ...(team && { team }), ...ends }] }, now);
  if (isOwner(target)) await ownersChanged(tx, now);
  const detail = { target: { ...target }, origin: "manual", reason, ...ends };
  await tx.appendAudit([{ ...auditEntry(context, now, "grant.added", detail), user }]);
  await tx.appendEvents([{ type: "grant.added", user, data: { userName, ...detail } }], now);
}

/** Takes a manual grant, or a default that was given once, away for good. Refusals: `not_found`, `read_only` (sync gave it), `last_owner`. */
export async function removeManualGrant(
  p: Provisioning,
  tenant: Tenant,
  user: UserId,
  id: GrantId,
  context: Context,
): Promise<void> {
  await p.store.write(tenant.id, async (tx) => {
    const state = await lockedPerson(tx, user);
    const grant = state.grants.find((one) => one.id === id);
    if (!grant) throw new Refusal("not_found", `no open grant \`${id}\``);
    if (isSyncedGrant(grant)) {
      throw new Refusal(
        "read_only",
        `sync gave this by rule \`${grant.rule ?? grant.origin}\`: change the mapping or the groups`,
      );
    }
    if (isOwner(grant.target)) await refuseLastOwner(tx, state.id, ownerGrantsOf(state));
    await closeGrantWithAudit(tx, id, "removed by hand", context, p.now());
  });
}

/** Closes one grant with its audit entry and event; nothing when it is closed already. */
async function closeGrantWithAudit(
  tx: TenantWriter,
  id: GrantId,
  reason: string,
  context: Context,
  now: Instant,
): Promise<void> {
  const closed = await tx.closeGrant(id, reason, now);
  if (!closed) return;
  if (isOwner(closed.target)) await ownersChanged(tx, now);
  await recordClosed(tx, [closed], reason, context, now);
}

/** The audit entries and events of grants that ended outside a plan. */
export async function recordClosed(
  tx: TenantWriter,
  closed: readonly ClosedGrant[],
  reason: string,
  context: Context,
  now: Instant,
): Promise<void> {
  if (closed.length === 0) return;
  const lines = closed.map(({ user, target, origin }) => ({ user, data: { target: { ...target }, origin, reason } }));
  await tx.appendAudit(lines.map(({ user, data }) => ({ ...auditEntry(context, now, "grant.removed", data), user })));
  await tx.appendEvents(
    lines.map((line) => ({ type: "grant.removed", ...line })),
    now,
  );
}

/** What the worker is woken for when a grant's time is over. */
function expiryRef(user: UserId, grant: GrantId): string {
  return `${user}/${grant}`;
}

const DAY = 86_400_000;

/** Ends the grant that a wake-up speaks of; the last active owner's is looked at again a day later. */
export async function expireGrant(tx: TenantWriter, ref: string, context: Context, now: Instant): Promise<void> {
  const [user, id] = ref.split("/") as [UserId, GrantId];
  const [state] = await tx.lockPeople([user]);
  const grant = state?.grants.find((one) => one.id === id);
  if (!state || !grant) return;
  if (isOwner(grant.target) && (await isLastOwner(tx, user, ownerGrantsOf(state)))) {
    await tx.wakeAt(new Date(Date.parse(now) + DAY).toISOString(), "grant_expiry", ref);
    const detail = { target: { ...grant.target }, reason: "the last active owner of the tenant stays" };
    await tx.appendAudit([{ ...auditEntry(context, now, "grant.expiry_put_off", detail), user }]);
    return;
  }
  await closeGrantWithAudit(tx, id, "expired", context, now);
}

async function lockedPerson(tx: TenantWriter, user: UserId) {
  const [state] = await tx.lockPeople([user]);
  if (!state || state.status === "pending") throw new Refusal("not_found", `no user \`${user}\``);
  return state;
}

function ownerGrantsOf({ grants }: PersonState): number {
  return grants.filter((grant) => isOwner(grant.target)).length;
}

/** INVARIANT: the last active owner stays an owner, by any door. */
export async function refuseLastOwner(tx: TenantWriter, user: UserId, ownerGrants: number): Promise<void> {
  if (await isLastOwner(tx, user, ownerGrants)) {
    throw new Refusal("last_owner", "this is the tenant's last active owner: make another one first");
  }
}

/** Whether one owner grant less would leave the tenant without an active owner; the tenant is locked from here on. */
async function isLastOwner(tx: TenantWriter, user: UserId, ownerGrants: number): Promise<boolean> {
  await tx.lockTenant();
  return ownerGrants === 1 && (await tx.otherOwners([user])) === 0;
}
