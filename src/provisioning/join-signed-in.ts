/** Join owns what becomes of somebody known by sign-in alone when a pushed person turns out to be them. */
import type { ScimUserDocument } from "../model/directory.js";
import type { UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import type { IngestState } from "./ingest-state.js";
import { reviewLink, signedInAs } from "./link.js";
import type { LinkCandidate } from "./ports/directory.js";

/** An account ended because its sign-in is a pushed person's. */
export interface JoinNotice {
  readonly type: "user.joined";
  readonly user: UserId;
  readonly data: JsonObject;
}

/** What a join needs of the transaction that it is part of. */
export type JoinState = Pick<IngestState, "tx" | "connection" | "now" | "touched"> & {
  readonly notices: { push(notice: JoinNotice): unknown };
};

/** What a pushed person is called. */
export type PushedNames = Pick<ScimUserDocument, "userName" | "externalId">;

/** A pushed row that names may join to a sign-in. */
export type Joining = Pick<LinkCandidate, "id" | "user" | "userName" | "subject" | "externalId" | "scimActive">;

export function isRenamed(row: Joining, { userName, externalId }: PushedNames): boolean {
  return row.userName !== userName || row.externalId !== externalId;
}

/** Whether a write asks for it: it brings another name, or switches off. Any other costs no question. */
export function mayJoin(row: Joining, document: ScimUserDocument): boolean {
  return isRenamed(row, document) || (row.scimActive && !document.active);
}

/** The one of the sign-ins that are meant; `undefined` where that is a case for an admin. */
export function clearlyMeant(
  { subject }: Pick<Joining, "subject">,
  { externalId }: PushedNames,
  [one, another]: readonly LinkCandidate[],
): LinkCandidate | undefined {
  if (another !== undefined) return undefined;
  return subject === undefined || one?.subject === externalId ? one : undefined;
}

/**
 * Where somebody known by sign-in alone is meant by a pushed row, as a new document would mean them, the sign-in becomes the row's:
 * subject and claims move, and the account that stood for the sign-in alone ends with its sessions, as if it was pushed as
 * inactive. Two who could be meant, or a name alone against another subject of the row, are a case for an admin.
 * While SCIM is no evidence nobody's account ends.
 */
export async function joinSignedIn(
  { tx, connection, now, touched, notices }: JoinState,
  row: Joining,
  names: PushedNames,
): Promise<void> {
  if (connection.sync !== "live") return;
  // INVARIANT: a name that comes is a first link: a sign-in of the same moment would find nobody under it, and be a stranger.
  if (isRenamed(row, names)) await tx.lockTenant();
  const meant = (await signedInAs(tx, connection, names)).filter(({ id }) => id !== row.id);
  if (meant.length === 0) return;
  const one = clearlyMeant(row, names, meant);
  if (one === undefined) {
    const [pushed] = await tx.rowsById(connection.id, [row.id]);
    await reviewLink(tx, connection, pushed ? [pushed, ...meant] : meant, [names.userName], now);
    return;
  }
  if (!(await tx.endSignedIn(one.id, now))) return;
  if (one.claims) await tx.updateClaims(row.id, one.claims, one.subject, now);
  if (one.user === row.user) return;
  touched.add(one.user);
  const reason = "the identity provider names a pushed user by the same sign-in";
  const data = { connection: connection.slug, reason, joined: row.user, scimId: row.id };
  notices.push({ type: "user.joined", user: one.user, data });
}
