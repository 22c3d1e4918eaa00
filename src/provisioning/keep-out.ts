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
import { isAnotherOwnerIn, ownsTenant } from "./owners.js";
import type { LinkCandidate, SignInName } from "./ports/directory.js";
import type { Keeper, Met } from "./ports/kept-out.js";
import type { SignedInRow } from "./ports/signed-in.js";
import type { TenantWriter } from "./ports/store.js";
import { type Meaning, meaningOf, namesToAsk, type PushedNames, type SignInNames } from "./sign-in-names.js";

/**
 * Those who are switched off or deleted and not back, and whom the sign-in means by a name or id that is or ever was theirs, or was refused
 * for before: they keep it out. INVARIANT: a rename opens nothing; what another active pushed person has by now closes nothing anew.
 * `called`: what the person was called until now. Nobody where SCIM is no evidence.
 */
export async function keepersOf(
  tx: TenantWriter,
  connection: Connection,
  { subject, names }: SignInNames,
  called: readonly SignInName[] = [],
): Promise<readonly Keeper[]> {
  if (connection.sync !== "live") return [];
  const rows = await tx.keepers(connection.id, subject, namesToAsk({ subject, names: [...names, ...called] }));
  const met = rows.flatMap((row) => row.met);
  const nameOf = (by: Met["by"]) => met.flatMap((one) => (one.by === by ? [one.name] : []));
  const [externalIds, userNames] = [nameOf("id"), nameOf("name")];
  if (externalIds.length + userNames.length === 0) return rows;
  const active = (await tx.rowsByNames(connection.id, { externalIds, userNames })).filter(
    (row) => row.hasScim && row.scimActive,
  );
  return rows.filter((row) => row.met.some((one) => one.by === "before" || !active.some((had) => has(had, one, row))));
}

/** Whether somebody else has by now what a sign-in meets this one by. */
function has({ user, externalId, userName }: LinkCandidate, { by, name }: Met, keeper: Keeper): boolean {
  return user !== keeper.user && (by === "id" ? externalId === name : asciiLower(userName) === name);
}

/**
 * A sign-in was refused for these: it stays so under whatever name it comes back. Not where they are met by what merely comes along: whoever
 * has it next lets it go, but for owners, who come back by an admin's word alone. `own`: the account of the sign-in.
 */
export async function noteRefusal(
  tx: TenantWriter,
  connection: Connection,
  { subject, names }: SignInNames,
  { keepers, own }: { readonly keepers: readonly Keeper[]; readonly own?: UserId | undefined },
  now: Instant,
): Promise<void> {
  const isOwners = own !== undefined && (await ownsTenant(tx, own));
  const isCalled = (called: string) => names.some(({ kind, name }) => kind !== "seen" && name === called);
  const isMeant = ({ by, name }: Met) => by !== "name" || isCalled(name);
  const closed = keepers.filter(({ met }) => isOwners || met.some(isMeant)).map(({ id }) => ({ subject, by: id }));
  await tx.noteKeptOut(connection.id, closed, now);
}

/**
 * Whether a sign-in is the keeper's own, of which no admin has to be told: theirs until now, or the first that anybody hears of, by what
 * would link it.
 */
export function isThem(signIn: SignInNames, keeper: Keeper): boolean {
  if (keeper.subject !== undefined) return keeper.subject === signIn.subject;
  const { links, proves } = meaningOf(signIn, keeper);
  return keeper.deleted ? proves : links;
}

/** An admin says whether whoever was kept out is one of these. */
export async function reviewKeepers(
  tx: TenantWriter,
  connection: Connection,
  subject: string,
  keepers: readonly LinkCandidate[],
  now: Instant,
): Promise<void> {
  for (const kind of ["deleted_name", "kept_out"] as const) {
    const rows = keepers.filter(({ deleted }) => deleted === (kind === "deleted_name"));
    if (rows.length === 0) continue;
    const named = { names: rows.map(({ userName }) => userName), users: rows.map(({ user }) => user) };
    const detail = { ...named, candidates: rows.map(({ id }) => id), subject };
    await tx.insertReviewItem({ kind, connection: connection.id, detail }, now);
  }
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
  readonly keepers?: readonly Keeper[];
  /** Who is kept out by the same push, and noted only after it. */
  readonly closed?: readonly UserId[];
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
  const comesAlong = (meaning: Meaning) => meaning.closes && !meaning.links;
  const isNoted = (row: SignedInRow) => owners.has(row.user) || !comesAlong(meaningOf(row, pushed));
  const subjects = (of: readonly SignedInRow[]) => of.map(({ subject }) => subject);
  return { out: subjects(closed.filter(isNoted)), in: subjects(left) };
}
