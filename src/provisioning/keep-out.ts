/**
 * Keep-out owns whom a deactivation or deletion reaches beyond its own account: who signs in under the person's names, and has
 * nothing else to be known by. Nobody's account ends by it; sessions do, and the next sign-in is refused.
 */
import type { Connection } from "../model/connection.js";
import { asciiLower } from "../model/fold.js";
import type { Grant } from "../model/grant.js";
import type { Instant, UserId } from "../model/ids.js";
import type { PersonState } from "../model/person.js";
import { isOwner, isPrivileged } from "../model/target.js";
import type { LinkCandidate } from "./ports/directory.js";
import type { SignedInRow } from "./ports/signed-in.js";
import type { TenantWriter } from "./ports/store.js";
import { meaningOf, namesToAsk, type PushedNames, type SignInNames } from "./sign-in-names.js";

/**
 * Deleted users whom the sign-in means: they keep it out, until a push makes the person anew, or an admin lets the names go. A name that
 * merely comes along counts only while nobody `live` has it. Nobody where SCIM is no evidence.
 */
export async function deletedNamesakes(
  tx: TenantWriter,
  connection: Connection,
  signIn: SignInNames,
  live: readonly LinkCandidate[],
): Promise<readonly LinkCandidate[]> {
  if (connection.sync !== "live") return [];
  const gone = await tx.rowsThatKeepOut(connection.id, namesToAsk(signIn));
  return gone.filter((row) => {
    const { links, closes } = meaningOf(signIn, row);
    const isHad = live.some(
      ({ scimActive, userName }) => scimActive && asciiLower(userName) === asciiLower(row.userName),
    );
    return links || (closes && !isHad);
  });
}

/** An admin says whether whoever was kept out is the one who was deleted. */
export async function reviewDeletedName(
  tx: TenantWriter,
  connection: Connection,
  rows: readonly LinkCandidate[],
  now: Instant,
): Promise<void> {
  const named = { names: rows.map(({ userName }) => userName), users: rows.map(({ user }) => user) };
  const detail = { ...named, candidates: rows.map(({ id }) => id) };
  await tx.insertReviewItem({ kind: "deleted_name", connection: connection.id, detail }, now);
}

export async function ownsTenant(tx: TenantWriter, user: UserId): Promise<boolean> {
  return (await tx.ownerIds()).includes(user);
}

/** Whether an admin gave the account what no sign-in should carry elsewhere unasked: the tenant, or privileges by hand. */
export async function holdsPrivileges(tx: TenantWriter, user: UserId): Promise<boolean> {
  const [state] = await tx.lockPeople([user]);
  return isPrivilegedByHand(state, state?.grants.some(isByHand) ? await tx.privilegedRoles() : undefined);
}

/** The same of somebody who was read; without `roles` no role is privileged. */
export function isPrivilegedByHand(state: PersonState | undefined, roles: ReadonlySet<string> = new Set()): boolean {
  if (state?.status !== "registered") return false;
  return state.grants.some((grant) => isOwner(grant.target) || (isByHand(grant) && isPrivileged(grant.target, roles)));
}

function isByHand({ origin }: Grant): boolean {
  return origin === "manual";
}

/** The sign-in that a push means stays where it is: whoever owns it is not moved without an admin's word. */
export async function reviewPrivileged(
  tx: TenantWriter,
  connection: Connection,
  { id, user }: SignedInRow,
  { userName }: PushedNames,
  now: Instant,
): Promise<void> {
  const detail = { names: [userName], users: [user], candidates: [id] };
  await tx.insertReviewItem({ kind: "privileged_sign_in", connection: connection.id, detail }, now);
}

/** INVARIANT: an owner is kept out by a name only while another owner can come in: no client locks a tenant's owners out. */
export async function mayKeepOut(tx: TenantWriter, user: UserId): Promise<boolean> {
  if (!(await ownsTenant(tx, user))) return true;
  await tx.lockTenant();
  const others = (await tx.ownerIds()).filter((id) => id !== user);
  return others.length > (await tx.keptOut(others)).length;
}

/** Ends the sessions of those whose next sign-in a user who is inactive by now refuses. */
export async function keepOut(
  tx: TenantWriter,
  connection: Connection,
  rows: readonly SignedInRow[],
  pushed: PushedNames,
  now: Instant,
): Promise<void> {
  const users: UserId[] = [];
  for (const row of rows.filter((one) => meaningOf(one, pushed).closes)) {
    if (await mayKeepOut(tx, row.user)) users.push(row.user);
    else await reviewPrivileged(tx, connection, row, pushed, now);
  }
  if (users.length > 0) await tx.endAllSessions(users);
}
