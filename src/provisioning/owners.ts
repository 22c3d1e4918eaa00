/** Owners owns who counts as an owner who could come in, and who looks again when that changes. */
import type { GrantOrigin } from "../model/grant.js";
import { grouped } from "../model/grouped.js";
import type { Instant, UserId } from "../model/ids.js";
import type { PersonState } from "../model/person.js";
import { isOwner } from "../model/target.js";
import { closedAcross } from "./closed-across.js";
import { storedDocument } from "./mapping/stored-document.js";
import type { WayIn } from "./ports/kept-out.js";
import type { TenantWriter } from "./ports/store.js";
import { keepersAmong } from "./who-signs-in.js";

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
  const ways = (await tx.waysInOfOwners()).filter(({ user }) => !besides.includes(user));
  const open = new Set(ways.filter(({ mayBeKeptOut }) => !mayBeKeptOut));
  for (const [connection, asked] of grouped(
    ways.filter(({ mayBeKeptOut }) => mayBeKeptOut),
    (way) => way.connection,
  )) {
    const met = await tx.metBy(connection, asked);
    for (const [at, way] of asked.entries()) if (keepersAmong(met[at] ?? []).length === 0) open.add(way);
  }
  for (const { signIn } of await closedAcross(tx, [...new Set([...open].map(({ user }) => user))])) {
    const isClosed = (way: WayIn) => way.connection === signIn.connection && way.subject === signIn.subject;
    for (const way of [...open].filter(isClosed)) open.delete(way);
  }
  return open.size > 0 && (await isOneLetIn(tx, [...new Set([...open].map(({ user }) => user))]));
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
