/** Accept subject owns what becomes of accepted items `other_subject`: the account is signed in to by another subject from then on. */
import type { Connection } from "../model/connection.js";
import type { Instant, UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { auditEntry, type Context } from "./deps.js";
import { type JoinNotice, keepFormerSubject, moveSignIn } from "./join-signed-in.js";
import { holdsPrivileges } from "./keep-out.js";
import { recordNotices } from "./notices.js";
import { emptyClaims } from "./observe.js";
import { askedSubject, goneOf, metBySubjects, refuseOutdated } from "./other-subject.js";
import type { LinkCandidate } from "./ports/directory-writer.js";
import type { MetRow } from "./ports/kept-out.js";
import type { ReviewItem } from "./ports/review-items.js";
import type { TenantWriter } from "./ports/store.js";

/** What an item was accepted for. */
export interface Accepted {
  readonly item: ReviewItem;
  readonly row: LinkCandidate;
  readonly joined: JoinNotice | undefined;
}

/** How an item is accepted. */
export interface Accepting {
  /** Whom its subject meets. */
  readonly met: readonly MetRow[];
  /** Among others: nobody read it. */
  readonly together: boolean;
}

/** Accepts a single item, which was read. */
export async function acceptSubject(tx: TenantWriter, item: ReviewItem, now: Instant): Promise<Accepted> {
  const { subject } = askedSubject(item);
  const [met = []] = await metBySubjects(tx, item.connection, [subject]);
  return acceptOne(tx, item, { met, together: false }, now);
}

/** INVARIANT: a Refusal leaves nothing written. */
export async function acceptOne(
  tx: TenantWriter,
  item: ReviewItem,
  { met, together }: Accepting,
  now: Instant,
): Promise<Accepted> {
  const asked = askedSubject(item);
  const { subject, candidate } = asked;
  const connection = (await tx.connections()).find((one) => one.id === item.connection);
  const row = await tx.rowById(item.connection, candidate);
  if (connection === undefined || !row?.hasScim || row.deleted) {
    throw new Refusal("conflict", "the pushed user is there no more: put the item away");
  }
  const known = await tx.rowBySubject(connection.id, subject);
  refuseOutdated(asked, { row, known, gone: goneOf(met, row.user), together });
  const joined = await moveSubject(tx, connection, { row, known, subject }, now);
  // nor are they one of those who would keep them out by their externalId
  const isOut = ({ user, externalId, hasScim, deleted, scimActive }: MetRow) =>
    user !== row.user && externalId === subject && hasScim && (deleted || !scimActive);
  const out = met.filter(isOut).map(({ id }) => id);
  if (out.length > 0) await tx.letPass(connection.id, subject, out, now);
  await tx.closeItemsOfSubject(connection.id, subject, now);
  return { item, row, joined };
}

/** What follows from accepted items; whom it touches. */
export async function take(
  tx: TenantWriter,
  taken: readonly Accepted[],
  context: Context,
  now: Instant,
): Promise<readonly UserId[]> {
  if (taken.length === 0) return [];
  await tx.appendAudit(
    taken.map(({ item: { id, kind, detail }, row }) => {
      return { ...auditEntry(context, now, "review_item.accepted", { item: id, kind, ...detail }), user: row.user };
    }),
  );
  const joined = taken.flatMap((one) => one.joined ?? []);
  await recordNotices(tx, joined, context, now);
  const users = taken.map(({ row }) => row.user);
  await tx.endAllSessions(users);
  const people = [...users, ...joined.map(({ user }) => user)];
  await tx.markDirty(people, "facts", now);
  return people;
}

interface Move {
  readonly row: LinkCandidate;
  readonly known: LinkCandidate | undefined;
  readonly subject: string;
}

async function moveSubject(
  tx: TenantWriter,
  connection: Connection,
  { row, known, subject }: Move,
  now: Instant,
): Promise<JoinNotice | undefined> {
  if (known?.id === row.id) return undefined;
  if (known?.hasScim) await leaveSubject(tx, known, now);
  else if (known !== undefined) return moveAlone(tx, connection, { ...known, subject }, row, now);
  await keepFormerSubject(tx, row, subject);
  await tx.updateClaims(row.id, row.claims ?? emptyClaims(now), subject, now);
  return undefined;
}

/** The subject was another pushed person's, who is known by what they are called until they sign in again. */
async function leaveSubject(tx: TenantWriter, known: LinkCandidate, now: Instant): Promise<void> {
  if (await holdsPrivileges(tx, known.user)) {
    throw new Refusal(
      "conflict",
      `the subject is that of \`${known.user}\`, who holds privileges: take them away, and accept again`,
    );
  }
  await keepFormerSubject(tx, known, undefined);
  await tx.updateClaims(known.id, known.claims ?? emptyClaims(now), null, now);
  await tx.endAllSessions([known.user]);
}

async function moveAlone(
  tx: TenantWriter,
  connection: Connection,
  known: LinkCandidate & { readonly subject: string },
  row: LinkCandidate,
  now: Instant,
): Promise<JoinNotice | undefined> {
  if (await holdsPrivileges(tx, known.user)) {
    const remedy = "give the pushed account what it should have, take it from the other one, and accept again";
    throw new Refusal("conflict", `the account of the sign-in, \`${known.user}\`, holds privileges: ${remedy}`);
  }
  return moveSignIn(tx, connection, { ...known, claims: known.claims ?? emptyClaims(now) }, row, now);
}
