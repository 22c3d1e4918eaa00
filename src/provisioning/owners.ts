/** Owners owns who counts as an owner who could come in, and who looks again when that changes. */
import type { Instant, UserId } from "../model/ids.js";
import type { PersonState } from "../model/person.js";
import { isOwner } from "../model/target.js";
import type { TenantWriter } from "./ports/store.js";

/** Has the worker look again at those who are held as owners who must stay: why they must may not be true any more. */
export async function ownersChanged(tx: TenantWriter, now: Instant): Promise<void> {
  await tx.wakeAt(now, "owners", "tenant");
}

export async function ownsTenant(tx: TenantWriter, user: UserId): Promise<boolean> {
  return (await tx.ownerIds()).includes(user);
}

/**
 * Whether an owner besides these has a way in: somebody who has signed in, by a connection that goes on, whom no push has switched
 * off, whom nobody's deactivation keeps out, and who is not an owner only because the last one never goes.
 */
export async function isAnotherOwnerIn(tx: TenantWriter, besides: readonly UserId[]): Promise<boolean> {
  const others = (await tx.ownersWithWayIn()).filter((id) => !besides.includes(id));
  return others.length > 0 && others.length > (await tx.keptOut(others)).length;
}

/**
 * INVARIANT: no push takes the last way into a tenant: an owner who only is one still because the last one never goes comes in, until
 * another owner can.
 */
export async function isLastWayIn(
  tx: TenantWriter,
  { id, status, grants }: Pick<PersonState, "id" | "status" | "grants">,
): Promise<boolean> {
  return status === "registered" && grants.some(({ target }) => isOwner(target)) && !(await isAnotherOwnerIn(tx, [id]));
}
