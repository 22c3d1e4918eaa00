/**
 * Keep-out owns whom a deactivation or deletion reaches beyond its own account: who signs in under the person's names, and has
 * nothing else to be known by. Nobody's account ends by it; sessions do, and the next sign-in is refused.
 */
import type { Connection } from "../model/connection.js";
import { fold } from "../model/fold.js";
import type { Grant } from "../model/grant.js";
import type { Instant, UserId } from "../model/ids.js";
import type { PersonState } from "../model/person.js";
import { isOwner, isPrivileged } from "../model/target.js";
import { isAnotherOwnerIn, ownsTenant } from "./owners.js";
import type { LinkCandidate } from "./ports/directory-writer.js";
import type { Met, MetRow } from "./ports/kept-out.js";
import type { SignedInRow } from "./ports/signed-in.js";
import type { TenantWriter } from "./ports/store.js";
import { meantBy, type PushedNames, type SignInNames } from "./sign-in-names.js";
import { isPlainlyTheirs, keepersAmong } from "./who-signs-in.js";

/**
 * A sign-in was refused for these: it stays so under whatever name it comes back. Not where they are met by what merely comes along: whoever
 * has it next lets it go, but for owners, who come back by an admin's word alone. `own`: the account of the sign-in.
 */
export async function noteRefusal(
  tx: TenantWriter,
  connection: Connection,
  { subject, names }: SignInNames,
  { keepers, own }: { readonly keepers: readonly MetRow[]; readonly own?: UserId | undefined },
  now: Instant,
): Promise<void> {
  const isOwners = own !== undefined && (await ownsTenant(tx, own));
  const isCalled = (called: string) => names.some(({ kind, name }) => kind !== "seen" && fold(name) === fold(called));
  const isMeant = ({ by, name }: Met) => by !== "name" || isCalled(name);
  const closed = keepers.filter(({ met }) => isOwners || met.some(isMeant)).map(({ id }) => ({ subject, by: id }));
  await tx.noteKeptOut(connection.id, closed, now);
}

/**
 * An admin says whether whoever was kept out is one of these: not of a sign-in that is plainly theirs, but where somebody was deleted and
 * may be hired again, under another name than the provider says.
 */
export async function reviewKeepers(
  tx: TenantWriter,
  connection: Connection,
  signIn: SignInNames,
  { keepers, own }: { readonly keepers: readonly MetRow[]; readonly own?: UserId | undefined },
  now: Instant,
): Promise<void> {
  const { subject } = signIn;
  const theirs = own === undefined ? keepers.filter((keeper) => isPlainlyTheirs(signIn, keeper)) : [];
  const back: MetRow[] = [];
  for (const row of theirs) if (row.deleted && (await tx.hasNewcomerSince(connection.id, row.id))) back.push(row);
  const others = keepers.filter((keeper) => !theirs.includes(keeper));
  const told = {
    deleted_name: others.filter(({ deleted }) => deleted),
    kept_out: [...others.filter(({ deleted }) => !deleted), ...back],
  };
  for (const [kind, rows] of Object.entries(told)) {
    if (rows.length === 0) continue;
    const named = { names: rows.map(({ userName }) => userName), users: rows.map(({ user }) => user) };
    const detail = { ...named, candidates: rows.map(({ id }) => id), subject };
    await tx.insertReviewItem({ kind, connection: connection.id, detail }, now);
  }
}

/** Those to whom an admin gave what no sign-in should carry elsewhere unasked: the tenant, or privileges by hand. */
export async function privilegedAmong(tx: TenantWriter, users: readonly UserId[]): Promise<ReadonlySet<UserId>> {
  if (users.length === 0) return new Set();
  const people = await tx.lockPeople(users);
  const roles = people.some(({ grants }) => grants.some(isByHand)) ? await tx.privilegedRoles() : undefined;
  return new Set(people.filter((state) => isPrivilegedByHand(state, roles)).map(({ id }) => id));
}

export async function holdsPrivileges(tx: TenantWriter, user: UserId): Promise<boolean> {
  return (await privilegedAmong(tx, [user])).has(user);
}

/** The same of somebody who was read; without `roles` no role is privileged. */
export function isPrivilegedByHand(state: PersonState | undefined, roles: ReadonlySet<string> = new Set()): boolean {
  if (state?.status !== "registered") return false;
  return state.grants.some((grant) => isOwner(grant.target) || (isByHand(grant) && isPrivileged(grant.target, roles)));
}

function isByHand({ origin }: Grant): boolean {
  return origin === "manual";
}

/** INVARIANT: no client hands an account with privileges to another subject by renaming the person. */
export async function mayMove(
  tx: TenantWriter,
  { user, idChanged, nameChanged }: Pick<LinkCandidate, "user" | "idChanged" | "nameChanged">,
): Promise<boolean> {
  return !(idChanged || nameChanged) || !(await holdsPrivileges(tx, user));
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

/**
 * INVARIANT: an owner is kept out only while another owner can come in: no client locks a tenant's owners out. Whoever was kept out stays
 * so when the other owners go: that is an admin's to say.
 */
export async function mayKeepOut(
  tx: TenantWriter,
  user: UserId,
  { keepers = [], closed = [] }: KeptOutSoFar = {},
): Promise<boolean> {
  if (keepers.some(({ met }) => met.some(({ by }) => by === "before")) || !(await ownsTenant(tx, user))) return true;
  await tx.lockTenant();
  return isAnotherOwnerIn(tx, [user, ...closed]);
}

interface KeptOutSoFar {
  readonly keepers?: readonly MetRow[];
  /** Who is kept out by the same push, and noted only after it. */
  readonly closed?: readonly UserId[];
}

/** Ends the sessions of those of these who are kept out by now, but for owners where no other could come in. */
export async function endClosed(tx: TenantWriter, { id }: Connection, rows: readonly SignedInRow[]): Promise<void> {
  if (rows.length === 0) return;
  const met = await tx.metBy(id, rows);
  const closed = rows.flatMap(({ user }, at) => {
    const keepers = keepersAmong(met[at] ?? []);
    return keepers.length > 0 ? [{ user, keepers }] : [];
  });
  if (closed.length === 0) return;
  const owners = new Set(await tx.ownerIds());
  const ended: UserId[] = [];
  for (const { user, keepers } of closed) {
    if (!owners.has(user) || (await mayKeepOut(tx, user, { keepers, closed: ended }))) ended.push(user);
  }
  if (ended.length > 0) await tx.endAllSessions(ended);
}

/** What a deactivation or deletion comes to for the subjects that it means. */
export interface KeepingOut {
  /** They stay out whatever they are called later: the caller notes it. */
  readonly out: readonly string[];
  /** They stay in, since no other owner could come in. */
  readonly in: readonly string[];
}

/** Ends the sessions of those whom a user who is inactive by now keeps out. */
export async function keepOut(
  tx: TenantWriter,
  connection: Connection,
  rows: readonly SignedInRow[],
  pushed: PushedNames,
  now: Instant,
): Promise<KeepingOut> {
  const closed: SignedInRow[] = [];
  const left: SignedInRow[] = [];
  for (const row of rows) {
    if (await mayKeepOut(tx, row.user, { closed: closed.map(({ user }) => user) })) closed.push(row);
    else left.push(row);
  }
  for (const row of left) await reviewPrivileged(tx, connection, row, pushed, now);
  if (closed.length > 0) await tx.endAllSessions(closed.map(({ user }) => user));
  const owners = new Set(closed.length > 0 ? await tx.ownerIds() : []);
  const isNoted = (row: SignedInRow) => owners.has(row.user) || !comesAlong(row, pushed);
  const subjects = (of: readonly SignedInRow[]) => of.map(({ subject }) => subject);
  return { out: subjects(closed.filter(isNoted)), in: subjects(left) };
}

/** By an e-mail as claimed alone: whoever has it next lets it go. */
function comesAlong(row: SignedInRow, pushed: PushedNames): boolean {
  const isClosing = row.names.some(({ kind, name }) => kind === "closing" && name === fold(pushed.userName));
  return meantBy(row, pushed) === "seen" && !isClosing;
}
