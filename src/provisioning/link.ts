/**
 * Link owns the question "who is this at this connection", inside one connection: by the lasting subject, then by the
 * identifiers that IdPs use for the same person, never by e-mail (design section 2, Linking).
 */
import type { Connection } from "../model/connection.js";
import type { ObserveUser, ScimUserDocument } from "../model/directory.js";
import { asciiLower } from "../model/fold.js";
import type { Instant } from "../model/ids.js";
import type { LinkCandidate } from "./ports/directory.js";
import type { TenantWriter } from "./ports/store.js";

export type Linked =
  | { readonly kind: "row"; readonly row: LinkCandidate }
  /** A deleted row with the same externalId: its account is revived under a new row. */
  | { readonly kind: "revive"; readonly row: LinkCandidate }
  | { readonly kind: "nobody" }
  | { readonly kind: "ambiguous"; readonly rows: readonly LinkCandidate[] };

/** The row of a person who signs in. */
export async function linkSignIn(tx: TenantWriter, connection: Connection, observed: ObserveUser): Promise<Linked> {
  const known = await tx.rowBySubject(connection.id, observed.subject);
  if (known) return { kind: "row", row: known };
  const externalIds = [observed.subject, ...observed.externalIds];
  const rows = await tx.rowsByNames(connection.id, { externalIds, userNames: observed.userNames.filter(linksByName) });
  const free = rows.filter((row) => row.subject === undefined);
  const byExternalId = free.filter((row) => row.externalId !== undefined && externalIds.includes(row.externalId));
  if (byExternalId.length > 0) return only(byExternalId);
  return only(free.filter((row) => row.scimActive && sameName(row, observed.userNames)));
}

/** The row that a pushed new user turns out to be: somebody known by sign-in alone, or somebody who was deleted. */
export async function linkPush(tx: TenantWriter, connection: Connection, document: ScimUserDocument): Promise<Linked> {
  const externalIds = document.externalId === undefined ? [] : [document.externalId];
  for (const id of externalIds) {
    const signedIn = await tx.rowBySubject(connection.id, id);
    if (signedIn && !signedIn.hasScim) return { kind: "row", row: signedIn };
  }
  const userNames = [document.userName].filter(linksByName);
  const rows = await tx.rowsByNames(connection.id, { externalIds, userNames });
  const linked = only(rows.filter((row) => !row.hasScim && sameName(row, userNames)));
  if (linked.kind !== "nobody") return linked;
  for (const id of externalIds) {
    const deleted = await tx.deletedRowByExternalId(connection.id, id);
    if (deleted) return { kind: "revive", row: deleted };
  }
  return linked;
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
