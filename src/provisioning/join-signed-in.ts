/** Join owns what becomes of somebody known by sign-in alone when a pushed person turns out to be them. */
import type { Connection } from "../model/connection.js";
import type { ScimUserDocument } from "../model/directory.js";
import { asciiLower, fold } from "../model/fold.js";
import type { Instant, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import type { IngestState } from "./ingest-state.js";
import { holdsPrivileges, keepOut, mayMove, reviewPrivileged } from "./keep-out.js";
import { reviewLink } from "./link.js";
import { askedOf, notLetIn } from "./link-push.js";
import { reviewSubject } from "./other-subject.js";
import type { LinkCandidate, NewUserRow } from "./ports/directory-writer.js";
import type { FormerName } from "./ports/kept-out.js";
import type { SignedInRow } from "./ports/signed-in.js";
import type { TenantWriter } from "./ports/store.js";
import { links, meantBy, moves, type PushedNames, proves } from "./sign-in-names.js";
import { keepersAmong } from "./who-signs-in.js";

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

/** A pushed row that names may join to a sign-in. */
export type Joining = Pick<
  LinkCandidate,
  "id" | "user" | "userName" | "subject" | "externalId" | "scimActive" | "idChanged" | "nameChanged"
>;

export function isRenamed(row: Joining, { userName, externalId }: PushedNames): boolean {
  return row.userName !== userName || row.externalId !== externalId;
}

/** Whether a write asks for it: it brings another name, or switches off. Any other costs no question. */
export function mayJoin(row: Joining, document: ScimUserDocument): boolean {
  return isRenamed(row, document) || (row.scimActive && !document.active);
}

/** The one of the sign-ins that is meant; `undefined` where that is a case for an admin. */
export function clearlyMeant(
  { subject }: Pick<Joining, "subject">,
  pushed: PushedNames,
  [one, another]: readonly SignedInRow[],
): SignedInRow | undefined {
  if (one === undefined || another !== undefined) return undefined;
  return subject === undefined || moves(meantBy(one, pushed)) ? one : undefined;
}

/**
 * Where somebody known by sign-in alone is meant by a pushed row, as a new document would mean them, the sign-in becomes the row's:
 * subject, names and claims move, and the account that stood for the sign-in alone ends with its sessions, as if it was pushed as
 * inactive. Two who could be meant, a name alone against another subject of the row, or privileges are a case for an admin.
 * Whomever a row that is inactive now keeps out, by names that it has or ever had, loses their sessions, and stays out. While SCIM is no evidence nothing of it happens.
 */
export async function joinSignedIn(
  { tx, connection, now, touched, notices }: JoinState,
  row: Joining,
  pushed: PushedNames & { readonly active: boolean },
): Promise<void> {
  if (connection.sync !== "live") return;
  // INVARIANT: a name that comes is a first link: a sign-in of the same moment would find nobody under it, and be a stranger.
  // Nor does one of the moment of a deactivation come by a name that is closed by it.
  await tx.lockTenant();
  await keepFormer(tx, row, pushed);
  const ever = pushed.active ? [] : [row.id];
  const found = (await tx.signedInAlone(connection.id, askedOf(pushed), ever)).filter(({ id }) => id !== row.id);
  if (found.length === 0) return;
  const one = await meantOne(tx, connection, row, pushed, found, now);
  const joined = one && (await moveSignIn(tx, connection, one, row, now));
  if (joined) {
    touched.add(joined.user);
    notices.push(joined);
  }
  if (pushed.active) return;
  const others = found.filter((other) => other !== one);
  const kept = await keepOut(tx, connection, await notLetIn(tx, connection, row, others), pushed, now);
  // INVARIANT: an owner who came in again after a refusal, and must stay in, is not locked out by the note of it; one who is out stays out.
  if (row.scimActive && kept.in.length > 0) await tx.forgetRefusals(connection.id, kept.in, row.user);
  await tx.noteKeptOut(
    connection.id,
    kept.out.map((subject) => ({ subject, by: row.id })),
    now,
  );
}

/** What somebody who is renamed was called stays theirs, and whom an admin let in past them is asked about anew. */
export async function keepFormer(tx: TenantWriter, row: Joining, pushed: PushedNames): Promise<void> {
  const former = isRenamed(row, pushed) ? namesOf(row) : [];
  if (former.length > 0) await tx.keepFormerNames(row.id, former);
}

/** What somebody who is pushed is called until now. */
function namesOf({ userName, externalId }: PushedNames): readonly FormerName[] {
  const name = fold(userName);
  return [
    ...(name === "" ? [] : [{ kind: "name", name } as const]),
    ...(externalId === undefined ? [] : [{ kind: "id", name: externalId } as const]),
  ];
}

async function meantOne(
  tx: TenantWriter,
  connection: Connection,
  row: Joining,
  pushed: PushedNames,
  found: readonly SignedInRow[],
  now: Instant,
): Promise<SignedInRow | undefined> {
  const meant = found.filter((one) => links(meantBy(one, pushed)));
  if (meant.length === 0) return undefined;
  const renamed = asRenamed(row, pushed);
  const one = clearlyMeant(row, { ...pushed, ...renamed }, meant);
  const [only, another] = meant;
  const mayBe = another === undefined && row.subject !== undefined ? only : undefined;
  if (mayBe && (one ? !(await mayMove(tx, { ...row, ...renamed })) : mayBe.subject === pushed.externalId)) {
    await reviewSubject(tx, connection, { ...row, userName: pushed.userName }, mayBe.subject, now);
    return undefined;
  }
  if (one === undefined || (await isSomebodyElses(tx, connection, one, row, pushed))) {
    const [stored] = await tx.rowsById(connection.id, [row.id]);
    await reviewLink(tx, connection, stored ? [stored, ...meant] : meant, [pushed.userName], now);
    return undefined;
  }
  if (!(await holdsPrivileges(tx, one.user))) return one;
  await reviewPrivileged(tx, connection, one, pushed, now);
  return undefined;
}

/** What the push changes for somebody who has signed in; as it is stored with it. */
function asRenamed(row: Joining, { userName, externalId }: PushedNames) {
  const { subject, idChanged = false, nameChanged = false } = row;
  const isOther = subject !== undefined && externalId !== row.externalId;
  const isCalledElse = subject !== undefined && asciiLower(userName) !== asciiLower(row.userName);
  return { idChanged: idChanged || isOther, nameChanged: nameChanged || isCalledElse };
}

/** INVARIANT: DELETE and POST hand a signed-in account to another subject as little as a PUT does: the sign-in of somebody who is revived stays theirs. */
export async function signInThatStays(
  tx: TenantWriter,
  row: LinkCandidate,
  pushed: PushedNames,
): Promise<Pick<NewUserRow, "subject" | "names" | "idChanged" | "nameChanged">> {
  const { subject } = row;
  return subject === undefined ? {} : { subject, names: await tx.signInNames(row.id), ...asRenamed(row, pushed) };
}

/** A subject that moves away from somebody stays theirs, but for its sessions: they end. */
export async function keepFormerSubject(
  tx: TenantWriter,
  { id, user, subject }: Pick<Joining, "id" | "user" | "subject">,
  next: string | undefined,
): Promise<void> {
  if (subject === undefined || subject === next) return;
  await tx.keepFormerNames(id, [{ kind: "id", name: subject }]);
  await tx.endAllSessions([user]);
}

/** Whoever is kept out by somebody else, or is said to be another, is no pushed person by a name alone. */
async function isSomebodyElses(
  tx: TenantWriter,
  connection: Connection,
  one: SignedInRow,
  { user }: Pick<Joining, "user">,
  pushed: PushedNames,
): Promise<boolean> {
  if (proves(meantBy(one, pushed))) return false;
  const met = (await tx.metBy(connection.id, [one])).flat();
  return (
    met.some((row) => row.user === user && row.notThem) || keepersAmong(met).some((keeper) => keeper.user !== user)
  );
}

/** The sign-in becomes the row's. What is told of the account that stood for it alone, and ends; `undefined`: there is none. */
export async function moveSignIn(
  tx: TenantWriter,
  connection: Connection,
  one: LinkCandidate & { readonly subject: string },
  row: Pick<Joining, "id" | "user" | "subject">,
  now: Instant,
): Promise<JoinNotice | undefined> {
  if (!(await tx.endSignedIn(one.id, now))) return undefined;
  await keepFormerSubject(tx, row, one.subject);
  if (one.claims) await tx.updateClaims(row.id, one.claims, one.subject, now);
  await tx.moveSignInNames(one.id, row.id);
  await tx.closeItemsOfSubject(connection.id, one.subject, now);
  if (one.user === row.user) return undefined;
  // INVARIANT: it is one person: no door at which they came in to the account that ends is closed by that
  await tx.moveSignIns(one.user, row.user, now);
  await tx.markDirty([row.user], "facts", now);
  const reason = "the identity provider names a pushed user by the same sign-in";
  const data = { connection: connection.slug, reason, joined: row.user, scimId: row.id };
  return { type: "user.joined", user: one.user, data };
}
