/** Link-push owns whom a pushed new user means, among those whom the connection knows by sign-ins or has deleted. */
import type { Connection } from "../model/connection.js";
import type { ScimUserDocument } from "../model/directory.js";
import type { Instant } from "../model/ids.js";
import { keepOut } from "./keep-out.js";
import { ownsTenant } from "./owners.js";
import type { LinkCandidate } from "./ports/directory-writer.js";
import type { MetRow } from "./ports/kept-out.js";
import type { AskedNames, SignedInRow } from "./ports/signed-in.js";
import type { TenantWriter } from "./ports/store.js";
import { links, meantBy, type PushedNames } from "./sign-in-names.js";
import { keepersAmong } from "./who-signs-in.js";

/** Whom a new document means. */
export type PushLinked =
  | { readonly kind: "row"; readonly row: LinkCandidate }
  /** A deleted row with the same externalId: its account is revived under a new row. */
  | { readonly kind: "revive"; readonly row: LinkCandidate }
  /** A deleted row of that userName alone: nobody is linked, and an admin is told. */
  | { readonly kind: "namesake"; readonly row: LinkCandidate }
  /** The sign-in of somebody who owns the tenant: nobody is linked, and an admin is told. */
  | { readonly kind: "owner"; readonly row: SignedInRow }
  | { readonly kind: "nobody" }
  | { readonly kind: "ambiguous"; readonly rows: readonly LinkCandidate[] };

/** Those known by sign-in alone to whom these names say anything: `meantBy` tells what. A constant number of statements for all of them. */
export function signedInAs(
  tx: TenantWriter,
  connection: Connection,
  ...pushed: readonly PushedNames[]
): Promise<readonly SignedInRow[]> {
  return tx.signedInAlone(connection.id, askedOf(...pushed));
}

/** The names by which sign-ins are found that a push may mean. */
export function askedOf(...pushed: readonly PushedNames[]): AskedNames {
  const externalIds = pushed.flatMap(({ externalId }) => externalId ?? []);
  return { externalIds, userNames: pushed.map(({ userName }) => userName) };
}

/** The row that a pushed new user turns out to be: somebody known by sign-in alone, or somebody who was deleted. */
export async function linkPush(
  tx: TenantWriter,
  connection: Connection,
  document: ScimUserDocument,
): Promise<PushLinked> {
  await tx.lockTenant();
  const found = (await signedInAs(tx, connection, document)).filter((row) => links(meantBy(row, document)));
  const met = found.length === 0 ? [] : await tx.metBy(connection.id, found);
  const meant = found.map((row, at) => ({ row, met: met[at] ?? [] })).filter((one) => !isSomebodyElse(one, document));
  const [one, another] = meant;
  if (another !== undefined) return { kind: "ambiguous", rows: meant.map(({ row }) => row) };
  if (one !== undefined) return oneDeleted(connection, one, document) ?? linkRow(tx, one.row);
  const externalIds = document.externalId === undefined ? [] : [document.externalId];
  const deleted = await tx.deletedRow(connection.id, { externalIds, userName: document.userNameFolded });
  if (!deleted) return { kind: "nobody" };
  if (deleted.externalId === undefined || !externalIds.includes(deleted.externalId)) {
    return { kind: "namesake", row: deleted };
  }
  return (await mayRevive(tx, connection, deleted)) ? { kind: "revive", row: deleted } : { kind: "nobody" };
}

async function linkRow(tx: TenantWriter, row: SignedInRow): Promise<PushLinked> {
  return { kind: (await ownsTenant(tx, row.user)) ? "owner" : "row", row };
}

interface MeantRow {
  readonly row: SignedInRow;
  readonly met: readonly MetRow[];
}

/** INVARIANT: no name takes the sign-in back to whom an admin said that it is not, when they come back by their externalId. */
function isSomebodyElse({ row, met }: MeantRow, { externalId }: ScimUserDocument): boolean {
  const isSaid = (one: MetRow) => one.notThem && externalId !== undefined && one.externalId === externalId;
  return !isMeantById(row, externalId) && met.some(isSaid);
}

/** INVARIANT: a userName alone makes nobody anew whom a deactivation or deletion keeps out: a new hire gets no account of somebody who left. */
function oneDeleted(
  { sync }: Connection,
  { row, met }: MeantRow,
  { externalId }: ScimUserDocument,
): PushLinked | undefined {
  if (sync !== "live" || isMeantById(row, externalId)) return undefined;
  const [gone] = keepersAmong(met);
  return gone && { kind: "namesake", row: gone };
}

function isMeantById(row: SignedInRow, externalId: string | undefined): boolean {
  return links(meantBy(row, { userName: "", ...(externalId !== undefined && { externalId }) }));
}

/**
 * INVARIANT: an account is revived for one row at most: clients give several people the same externalId (C12). Nor without its sign-in,
 * where that is somebody else's by now.
 */
async function mayRevive(tx: TenantWriter, connection: Connection, { user, subject }: LinkCandidate): Promise<boolean> {
  if (subject !== undefined && (await tx.rowBySubject(connection.id, subject))) return false;
  await tx.lockPeople([user]);
  const links = await tx.links([user]);
  return !links.some((link) => link.connection === connection.id && !link.deleted);
}

/** Those of the sign-ins whom no admin let in past this account. */
export async function notLetIn(
  tx: TenantWriter,
  connection: Connection,
  { user }: Pick<LinkCandidate, "user">,
  signIns: readonly SignedInRow[],
): Promise<readonly SignedInRow[]> {
  const met = signIns.length === 0 ? [] : await tx.metBy(connection.id, signIns);
  return signIns.filter((_, at) => !met[at]?.some((row) => row.user === user && row.letIn));
}

/** Who is pushed as inactive keeps out whoever signs in under the names, as who is switched off: subjects for the caller to note. */
export async function keepOutNamesakes(
  tx: TenantWriter,
  connection: Connection,
  document: ScimUserDocument,
  linked: PushLinked,
  now: Instant,
): Promise<readonly string[]> {
  if (document.active || connection.sync !== "live") return [];
  const ever = linked.kind === "revive" ? [linked.row.id] : [];
  let found = await tx.signedInAlone(connection.id, askedOf(document), ever);
  if (linked.kind === "row") found = found.filter(({ id }) => id !== linked.row.id);
  if (linked.kind === "revive") found = await notLetIn(tx, connection, linked.row, found);
  return (await keepOut(tx, connection, found, document, now)).out;
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
