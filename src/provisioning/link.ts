/**
 * Link owns the question "who is this at this connection", inside one connection: by the lasting subject, then by the
 * identifiers that IdPs use for the same person, never by e-mail (design section 2, Linking).
 */
import type { Connection } from "../model/connection.js";
import type { ObserveUser, ScimUserDocument } from "../model/directory.js";
import { asciiLower } from "../model/fold.js";
import type { Instant, UserId } from "../model/ids.js";
import type { LinkRow } from "./ports/access.js";
import type { LinkCandidate } from "./ports/directory.js";
import type { TenantWriter } from "./ports/store.js";

/** Whom a push or a sign-in means, among the rows of its connection. */
export type Linked =
  | { readonly kind: "row"; readonly row: LinkCandidate }
  /** A deleted row with the same externalId: its account is revived under a new row. */
  | { readonly kind: "revive"; readonly row: LinkCandidate }
  /** Known by name or as deleted, and not active: whoever signs in is refused, never made anew (SCIM beats JIT). */
  | { readonly kind: "inactive"; readonly user: UserId }
  /** A deleted row of that userName alone: nobody is linked, and an admin is told. */
  | { readonly kind: "namesake"; readonly row: LinkCandidate }
  | { readonly kind: "nobody" }
  | { readonly kind: "ambiguous"; readonly rows: readonly LinkCandidate[] };

/**
 * The row of a person who signs in. INVARIANT: first links of a tenant are decided one after the other: two requests at once
 * would both find nobody, and make two people, or both find the same free row, and be one.
 */
export async function linkSignIn(tx: TenantWriter, connection: Connection, observed: ObserveUser): Promise<Linked> {
  const known = await tx.rowBySubject(connection.id, observed.subject);
  if (known) return linkKnown(tx, connection, observed, known);
  await tx.lockTenant();
  const linked = await tx.rowBySubject(connection.id, observed.subject);
  return linked ? linkKnown(tx, connection, observed, linked) : firstLink(tx, connection, observed);
}

/** INVARIANT: who is known by sign-in alone does not come in where SCIM switched off somebody whom their names mean. */
async function linkKnown(
  tx: TenantWriter,
  connection: Connection,
  observed: ObserveUser,
  row: LinkCandidate,
): Promise<Linked> {
  if (row.hasScim || connection.sync !== "live") return { kind: "row", row };
  const externalIds = [observed.subject, ...observed.externalIds];
  const rows = await tx.rowsByNames(connection.id, { externalIds, userNames: namesOf(observed) });
  const off = rows.find(({ hasScim, scimActive }) => hasScim && !scimActive);
  return off ? { kind: "inactive", user: off.user } : { kind: "row", row };
}

async function firstLink(tx: TenantWriter, connection: Connection, observed: ObserveUser): Promise<Linked> {
  const externalIds = [observed.subject, ...observed.externalIds];
  const rows = await tx.rowsByNames(connection.id, { externalIds, userNames: namesOf(observed) });
  const free = rows.filter((row) => row.subject === undefined);
  const byExternalId = free.filter((row) => row.externalId !== undefined && externalIds.includes(row.externalId));
  if (byExternalId.length > 0) return only(byExternalId);
  const byName = free.filter((row) => row.hasScim && sameName(row, observed.userNames.filter(linksByName)));
  // Where SCIM is no evidence yet, its word keeps nobody from signing in.
  const linked = only(byName.filter((row) => row.scimActive || connection.sync !== "live"));
  if (linked.kind !== "nobody") return linked;
  const [inactive] = byName;
  if (inactive) return { kind: "inactive", user: inactive.user };
  const namesake = await linkNamesake(tx, connection, observed, rows);
  return namesake ?? linkDeleted(tx, connection, observed.subject, externalIds);
}

/** Every name that the sign-in brings along, also such as are good for nothing but closing the door. */
function namesOf({ userNames, claimedEmail }: ObserveUser): readonly string[] {
  return claimedEmail === undefined ? userNames : [...userNames, claimedEmail];
}

/**
 * Somebody who is known under another subject, or was switched off. INVARIANT: another identifier is no way around a
 * deactivation, and makes no second account of a pushed person who is linked, which the source could not switch off.
 */
async function linkNamesake(
  tx: TenantWriter,
  connection: Connection,
  observed: ObserveUser,
  rows: readonly LinkCandidate[],
): Promise<Linked | undefined> {
  const off = await switchedOff(tx, connection, rows);
  const meant = meantRows(connection, observed, rows);
  const [one] = meant;
  if (one !== undefined && meant.length === 1) return off.has(one) ? { kind: "inactive", user: one.user } : only(meant);
  const { externalIds, subject } = observed;
  const ids = [subject, ...externalIds];
  const namesakes = rows.filter(
    (row) => sameName(row, namesOf(observed)) || (row.externalId !== undefined && ids.includes(row.externalId)),
  );
  const gone = namesakes.find((row) => off.has(row));
  if (gone !== undefined) return { kind: "inactive", user: gone.user };
  const bound = namesakes.filter((row) => row.hasScim && row.subject !== undefined && connection.sync === "live");
  return bound.length > 0 ? { kind: "ambiguous", rows: bound } : undefined;
}

/**
 * Whom the source itself names by the very subject: pushed with it as externalId, or under the name that stands in its place.
 * INVARIANT: nothing that merely comes along moves a link, and no name does against a lasting id that says otherwise.
 */
function meantRows(
  connection: Connection,
  { subject, externalIds, assertedName }: ObserveUser,
  rows: readonly LinkCandidate[],
): readonly LinkCandidate[] {
  const pushed = rows.filter((row) => row.hasScim && connection.sync === "live");
  const byId = pushed.filter((row) => row.externalId === subject);
  if (byId.length > 0 || assertedName === undefined || !linksByName(assertedName)) return byId;
  return pushed.filter(
    (row) =>
      sameName(row, [assertedName]) &&
      (externalIds.length === 0 || row.externalId === undefined || externalIds.includes(row.externalId)),
  );
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
 * Somebody who was deleted before SCIM counted, and had no account then, is a stranger.
 */
async function linkDeleted(
  tx: TenantWriter,
  connection: Connection,
  subject: string,
  externalIds: readonly string[],
): Promise<Linked> {
  const deleted = await tx.deletedRow(connection.id, { subject, externalIds });
  if (!deleted) return { kind: "nobody" };
  const live = await liveLink(tx, connection, deleted.user);
  const row = live && (await tx.rowById(connection.id, live.directoryUser));
  if (row) return { kind: "row", row };
  const [account] = await tx.people([deleted.user]);
  const binds = connection.sync === "live" || account?.status !== "pending";
  return binds ? { kind: "inactive", user: deleted.user } : { kind: "nobody" };
}

async function liveLink(tx: TenantWriter, connection: Connection, user: UserId): Promise<LinkRow | undefined> {
  const links = await tx.links([user]);
  return links.find((link) => link.connection === connection.id && !link.deleted);
}

/** Those known by sign-in alone whom a document means: by their subject, which it has as externalId, or by their user name. */
export function signedInAs(
  tx: TenantWriter,
  connection: Connection,
  ...documents: readonly Pick<ScimUserDocument, "userName" | "externalId">[]
): Promise<readonly LinkCandidate[]> {
  const subjects = documents.flatMap(({ externalId }) => externalId ?? []);
  const userNames = documents.map(({ userName }) => userName).filter(linksByName);
  return tx.signedInAlone(connection.id, { subjects, userNames });
}

/** Whether it is this one among those whom several documents mean. */
export function meansSignedIn(
  { userName, externalId }: Pick<ScimUserDocument, "userName" | "externalId">,
  row: LinkCandidate,
): boolean {
  return (externalId !== undefined && row.subject === externalId) || sameName(row, [userName].filter(linksByName));
}

/** The row that a pushed new user turns out to be: somebody known by sign-in alone, or somebody who was deleted. */
export async function linkPush(tx: TenantWriter, connection: Connection, document: ScimUserDocument): Promise<Linked> {
  await tx.lockTenant();
  const linked = only(await signedInAs(tx, connection, document));
  if (linked.kind !== "nobody") return linked;
  const externalIds = document.externalId === undefined ? [] : [document.externalId];
  const deleted = await tx.deletedRow(connection.id, { externalIds, userName: document.userNameFolded });
  if (!deleted) return linked;
  if (deleted.externalId === undefined || !externalIds.includes(deleted.externalId)) {
    return { kind: "namesake", row: deleted };
  }
  return (await mayRevive(tx, connection, deleted.user)) ? { kind: "revive", row: deleted } : linked;
}

/** INVARIANT: an account is revived for one row at most: clients give several people the same externalId (C12). */
async function mayRevive(tx: TenantWriter, connection: Connection, user: UserId): Promise<boolean> {
  await tx.lockPeople([user]);
  return (await liveLink(tx, connection, user)) === undefined;
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

/** Somebody new has the userName of somebody deleted: perhaps the same person under another externalId. */
export async function reviewNamesake(
  tx: TenantWriter,
  connection: Connection,
  row: LinkCandidate,
  now: Instant,
): Promise<void> {
  const detail = { names: [row.userName], candidates: [row.id], users: [row.user] };
  await tx.insertReviewItem({ kind: "same_user_name", connection: connection.id, detail }, now);
}

function only(rows: readonly LinkCandidate[]): Linked {
  const [row, ...more] = rows;
  if (row === undefined) return { kind: "nobody" };
  return more.length === 0 ? { kind: "row", row } : { kind: "ambiguous", rows };
}

function sameName(row: LinkCandidate, names: readonly string[]): boolean {
  const mine = asciiLower(row.userName);
  return names.some((name) => asciiLower(name) === mine);
}

/** INVARIANT: a non-ASCII local part never links by itself: look-alike letters would take an account. */
function linksByName(name: string): boolean {
  const at = name.lastIndexOf("@");
  const local = at < 0 ? name : name.slice(0, at);
  return name !== "" && [...local].every((letter) => letter <= "\u007f");
}
