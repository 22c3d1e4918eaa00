/**
 * Link owns the question "who is this at this connection", inside one connection: by the lasting subject, then by the
 * identifiers that IdPs use for the same person, never by e-mail (design section 2, Linking).
 */
import type { Connection } from "../model/connection.js";
import type { ObserveUser } from "../model/directory.js";
import type { Instant, UserId } from "../model/ids.js";
import { holdsPrivileges, keepersOf, mayKeepOut, mayMove } from "./keep-out.js";
import { signedInAs } from "./link-push.js";
import { isLastWayIn } from "./owners.js";
import type { LinkCandidate, SignInName } from "./ports/directory.js";
import type { Keeper } from "./ports/kept-out.js";
import type { SignedInRow } from "./ports/signed-in.js";
import type { TenantWriter } from "./ports/store.js";
import { meaningOf, namesToAsk, type SignInNames, signInNames } from "./sign-in-names.js";

/** Whom a sign-in means, among the rows of its connection. */
export type Linked =
  | {
      readonly kind: "row";
      readonly row: LinkCandidate;
      /** The row of the sign-in until now, which becomes that of the pushed one. */
      readonly joins?: SignedInRow;
    }
  /** Known by name or as deleted, and not active: whoever signs in is refused, never made anew (SCIM beats JIT). */
  | {
      readonly kind: "inactive";
      readonly user: UserId;
      /** Those who keep the sign-in out, where its names until now were asked about, too. */
      readonly keepers?: readonly Keeper[];
      /** The account of the sign-in, which is another one than theirs: no session of it stays. */
      readonly own?: UserId;
    }
  | { readonly kind: "nobody" }
  | {
      readonly kind: "ambiguous";
      readonly rows: readonly LinkCandidate[];
      /** The one of them whose account an admin may say is the sign-in's. */
      readonly meant?: LinkCandidate;
    };

/**
 * The row of a person who signs in. INVARIANT: first links of a tenant are decided one after the other: two requests at once
 * would both find nobody, and make two people, or both find the same free row, and be one.
 */
export async function linkSignIn(tx: TenantWriter, connection: Connection, observed: ObserveUser): Promise<Linked> {
  const signIn = signInNames(observed);
  const known = await tx.rowBySubject(connection.id, observed.subject);
  if (!known) await tx.lockTenant();
  const row = known ?? (await tx.rowBySubject(connection.id, observed.subject));
  if (row) return linkKnown(tx, connection, signIn, row);
  const linked = await firstLink(tx, connection, signIn);
  if (linked.kind !== "ambiguous" && linked.kind !== "inactive") return linked;
  return (await lastOwner(tx, connection, signIn)) ?? linked;
}

/** The owner who was deleted under this subject, and is not back, while nobody else who owns the tenant can come in. */
async function lastOwner(
  tx: TenantWriter,
  connection: Connection,
  { subject }: SignInNames,
): Promise<Linked | undefined> {
  const row = await tx.deletedRow(connection.id, { subject, externalIds: [] });
  if (!row || (await liveRow(tx, connection, row.user))) return undefined;
  const [account] = await tx.people([row.user]);
  return account && (await isLastWayIn(tx, account)) ? { kind: "row", row } : undefined;
}

/**
 * INVARIANT: who is known by sign-in alone does not come in where SCIM switched off or deleted somebody whom their names mean, whether
 * they come by these names or by those of their last sign-in. New names are asked about one sign-in or push after the other.
 */
async function linkKnown(
  tx: TenantWriter,
  connection: Connection,
  signIn: SignInNames,
  row: LinkCandidate,
): Promise<Linked> {
  const itself: Linked = { kind: "row", row };
  if (row.hasScim || connection.sync !== "live") return itself;
  const called = await tx.signInNames(row.id);
  const isSame = ({ kind, name }: SignInName) => called.some((one) => one.kind === kind && one.name === name);
  if (!signIn.names.every(isSame)) await tx.lockTenant();
  const rows = await tx.rowsByNames(connection.id, namesToAsk(signIn));
  const keepers = await keepersOf(tx, connection, signIn, called);
  const meant = rows.some((one) => isFree(one) && meansFree(signIn, one, keepers));
  const joined = meant ? await joinKnown(tx, connection, signIn, row, keepers) : undefined;
  if (joined) return joined;
  const [keeper] = keepers;
  if (keeper === undefined || !(await mayKeepOut(tx, row.user, { keepers }))) return itself;
  return { kind: "inactive", user: keeper.user, keepers, own: row.user };
}

/** Whoever is kept out is nobody new by a name alone: that may be the name of the one who came in their place. */
function meansFree(signIn: SignInNames, row: LinkCandidate, keepers: readonly Keeper[]): boolean {
  const { links, proves } = meaningOf(signIn, row);
  return keepers.length > 0 ? proves : links;
}

function isFree(row: LinkCandidate): boolean {
  return row.hasScim && row.scimActive && row.subject === undefined;
}

/** A free pushed user whom the names of the sign-in mean by now, as a push would have meant the sign-in: one of each, in nobody's way. */
async function joinKnown(
  tx: TenantWriter,
  connection: Connection,
  signIn: SignInNames,
  row: LinkCandidate,
  keepers: readonly Keeper[],
): Promise<Linked | undefined> {
  await tx.lockTenant();
  const rows = await tx.rowsByNames(connection.id, namesToAsk(signIn));
  const [pushed, another] = rows.filter((one) => isFree(one) && meansFree(signIn, one, keepers));
  if (pushed === undefined || another !== undefined) return undefined;
  const rivals = (await signedInAs(tx, connection, pushed)).filter((one) => meaningOf(one, pushed).links);
  if (rivals.some(({ id }) => id !== row.id) || (await holdsPrivileges(tx, row.user))) return undefined;
  const { claims } = row;
  const taken = { ...pushed, subject: signIn.subject, ...(claims && { claims }) };
  return { kind: "row", row: taken, joins: { ...row, ...signIn } };
}

async function firstLink(tx: TenantWriter, connection: Connection, signIn: SignInNames): Promise<Linked> {
  const asked = namesToAsk(signIn);
  const rows = await tx.rowsByNames(connection.id, asked);
  const free = rows.filter((row) => row.subject === undefined);
  const byExternalId = free.filter((row) => row.externalId !== undefined && asked.externalIds.includes(row.externalId));
  if (byExternalId.length > 0) return only(byExternalId);
  const others = await withoutPassed(tx, connection, signIn, rows);
  const byName = others.filter((row) => row.subject === undefined && row.hasScim && meansByName(signIn, row));
  // Where SCIM is no evidence yet, its word keeps nobody from signing in.
  const linked = only(byName.filter((row) => row.scimActive || connection.sync !== "live"));
  if (linked.kind === "row") return (await asSomebodyGone(tx, connection, signIn, linked.row)) ?? linked;
  if (linked.kind !== "nobody") return linked;
  const [inactive] = byName;
  if (inactive) return { kind: "inactive", user: inactive.user };
  const namesake = await linkNamesake(tx, connection, signIn, others);
  return namesake ?? linkDeleted(tx, connection, signIn);
}

/**
 * INVARIANT: a name alone makes nobody of somebody who is gone: whose subject or id was that of another user, or who was refused for one
 * before, does not get the account of the new hire of the same name, nor what somebody who came back may have given up, without an
 * admin's word.
 */
async function asSomebodyGone(
  tx: TenantWriter,
  connection: Connection,
  signIn: SignInNames,
  row: LinkCandidate,
): Promise<Linked | undefined> {
  if (connection.sync !== "live" || meaningOf(signIn, row).proves) return undefined;
  const { externalIds } = namesToAsk(signIn);
  const deleted = await tx.deletedRow(connection.id, { subject: signIn.subject, externalIds });
  const others = (await keepersOf(tx, connection, signIn)).filter(({ met }) => met.some(({ by }) => by !== "name"));
  const gone = [...(deleted ? [deleted] : []), ...others].find(({ user }) => user !== row.user);
  return gone && { kind: "ambiguous", rows: [row, gone], meant: row };
}

/** Without those who are switched off and keep this sign-in out no more, since an admin says that it is somebody else. */
async function withoutPassed(
  tx: TenantWriter,
  connection: Connection,
  signIn: SignInNames,
  rows: readonly LinkCandidate[],
): Promise<readonly LinkCandidate[]> {
  const isOff = (row: LinkCandidate) => row.hasScim && !row.scimActive && connection.sync === "live";
  if (!rows.some(isOff)) return rows;
  const keepers = await keepersOf(tx, connection, signIn);
  return rows.filter((row) => !isOff(row) || keepers.some(({ id }) => id === row.id));
}

/** By a name that links, whatever the externalIds say. */
function meansByName(signIn: SignInNames, { userName }: LinkCandidate): boolean {
  const names = signIn.names.filter(({ kind }) => kind === "name");
  return meaningOf({ ...signIn, names }, { userName }).links;
}

/**
 * Somebody who is known under another subject, or was switched off. INVARIANT: another identifier is no way around a
 * deactivation, and makes no second account of a pushed person who is linked, which the source could not switch off.
 */
async function linkNamesake(
  tx: TenantWriter,
  connection: Connection,
  signIn: SignInNames,
  rows: readonly LinkCandidate[],
): Promise<Linked | undefined> {
  const off = await switchedOff(tx, connection, rows);
  const meant = meantRows(connection, signIn, rows);
  const [moved] = meant;
  if (moved !== undefined && meant.length === 1) {
    if (off.has(moved)) return { kind: "inactive", user: moved.user };
    return (await mayMove(tx, moved)) ? only(meant) : { kind: "ambiguous", rows: meant, meant: moved };
  }
  const namesakes = rows.filter((row) => meaningOf(signIn, row).closes);
  const gone = namesakes.find((row) => off.has(row));
  if (gone !== undefined) return { kind: "inactive", user: gone.user };
  const bound = namesakes.filter((row) => row.hasScim && row.subject !== undefined && connection.sync === "live");
  const said = bound.filter((row) => row.externalId === signIn.subject);
  const [one, another] = said.length > 0 ? said : bound.filter((row) => meaningOf(signIn, row).links);
  const isOne = one !== undefined && another === undefined;
  return bound.length > 0 ? { kind: "ambiguous", rows: bound, ...(isOne && { meant: one }) } : undefined;
}

/** Whom the source itself names by the very subject: pushed with it as externalId, else under the name that stands in its place. */
function meantRows(
  connection: Connection,
  signIn: SignInNames,
  rows: readonly LinkCandidate[],
): readonly LinkCandidate[] {
  const pushed = rows.filter((row) => row.hasScim && connection.sync === "live" && meaningOf(signIn, row).moves);
  const byId = pushed.filter((row) => row.externalId === signIn.subject);
  return byId.length > 0 ? byId : pushed;
}

async function switchedOff(
  tx: TenantWriter,
  connection: Connection,
  rows: readonly LinkCandidate[],
): Promise<ReadonlySet<LinkCandidate>> {
  const accounts = await tx.people([...new Set(rows.map((row) => row.user))]);
  const ended = new Set(
    accounts
      .filter(
        ({ status, deactivatedBy }) => status === "deactivated" && ["scim", "admin"].includes(deactivatedBy ?? ""),
      )
      .map(({ id }) => id),
  );
  const isOff = (row: LinkCandidate) =>
    ended.has(row.user) || (row.hasScim && !row.scimActive && connection.sync === "live");
  return new Set(rows.filter(isOff));
}

/**
 * A deleted row keeps its account from coming back by a sign-in; where a push has revived the account, its new row is meant.
 * INVARIANT: that is no way past an admin's word: the account of a row that has another subject by now, or that the deleted row's
 * subject never signed in to, is nobody's by what the person was once known by.
 * Somebody who was deleted before SCIM counted, and had no account then, is a stranger.
 */
async function linkDeleted(tx: TenantWriter, connection: Connection, signIn: SignInNames): Promise<Linked> {
  const { externalIds } = namesToAsk(signIn);
  const deleted = await tx.deletedRow(connection.id, { subject: signIn.subject, externalIds });
  if (deleted) {
    const row = await liveRow(tx, connection, deleted.user);
    if (row && (row.scimActive || connection.sync !== "live")) {
      const isTheirs = row.subject === undefined && deleted.subject === signIn.subject;
      return isTheirs ? { kind: "row", row } : { kind: "ambiguous", rows: [row], meant: row };
    }
    const [account] = await tx.people([deleted.user]);
    const binds = connection.sync === "live" || account?.status !== "pending";
    if (binds) return { kind: "inactive", user: deleted.user };
  }
  const [keeper] = await keepersOf(tx, connection, signIn);
  return keeper ? { kind: "inactive", user: keeper.user } : { kind: "nobody" };
}

async function liveRow(tx: TenantWriter, connection: Connection, user: UserId): Promise<LinkCandidate | undefined> {
  const link = (await tx.links([user])).find((one) => one.connection === connection.id && !one.deleted);
  return link && tx.rowById(connection.id, link.directoryUser);
}

/** Somebody else's subject may be that of a pushed person by now: an admin decides, who accepts the item if so. */
export async function reviewSubject(
  tx: TenantWriter,
  connection: Connection,
  { id, user, userName }: Pick<LinkCandidate, "id" | "user" | "userName">,
  subject: string,
  now: Instant,
): Promise<void> {
  const detail = { subject, names: [userName], users: [user], candidates: [id] };
  await tx.insertReviewItem({ kind: "other_subject", connection: connection.id, detail }, now);
}

/** Two people may be meant: an admin decides, and nobody is linked until then. */
export async function reviewLink(
  tx: TenantWriter,
  connection: Connection,
  rows: readonly LinkCandidate[],
  names: readonly string[],
  now: Instant,
): Promise<void> {
  const detail = { names: [...names], candidates: rows.map((row) => row.id) };
  await tx.insertReviewItem({ kind: "ambiguous_link", connection: connection.id, detail }, now);
}

function only(rows: readonly LinkCandidate[]): Linked {
  const [row, ...more] = rows;
  if (row === undefined) return { kind: "nobody" };
  return more.length === 0 ? { kind: "row", row } : { kind: "ambiguous", rows };
}
