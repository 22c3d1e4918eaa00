/** Owners owns who counts as an owner who could come in, and who looks again when that changes. */
import type { GrantOrigin } from "../model/grant.js";
import type { Instant, UserId } from "../model/ids.js";
import type { PersonState } from "../model/person.js";
import { isOwner } from "../model/target.js";
import { storedDocument } from "./mapping/stored-document.js";
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
 * off, whom nobody's deactivation keeps out, whom the mapping lets in, and who is not an owner only because the last one never goes.
 */
export async function isAnotherOwnerIn(tx: TenantWriter, besides: readonly UserId[]): Promise<boolean> {
  const others = (await tx.ownersWithWayIn()).filter((id) => !besides.includes(id));
  if (others.length === 0) return false;
  const keptOut = await tx.keptOut(others);
  const left = others.filter((id) => !keptOut.includes(id));
  return left.length > 0 && (await isOneLetIn(tx, left));
}

/**
 * INVARIANT: rather one too few than one too many: where the mapping refuses whom no rule matches, only who holds something by a rule now, and
 * keeps it, counts.
 */
async function isOneLetIn(tx: TenantWriter, users: readonly UserId[]): Promise<boolean> {
  const active = await tx.activeMapping();
  const { no_match: policy } = active === undefined ? {} : storedDocument(active.text);
  if (policy !== "deny" && policy !== "deactivate") return true;
  const people = await tx.people(users);
  return people.some(({ hold, grants }) => hold === undefined && grants.some(({ origin }) => RULED.has(origin)));
}

const RULED: ReadonlySet<GrantOrigin> = new Set(["rule", "scim_role"]);

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
