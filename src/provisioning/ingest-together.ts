/**
 * Pushes of the same time, stored as sets. Only what is plain: strangers to the connection, and people who are there, each once.
 * Whatever could mean somebody else, or be refused, goes the way of single pushes.
 */

import type { UpsertUser } from "../model/directory.js";
import { emailDomain, fold } from "../model/fold.js";
import type { DirectoryUserId, Instant } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { admitDomain } from "./admit.js";
import { localPersonOf, meanLocalPeople } from "./adopt.js";
import { type Ingested, needsSeat, profileOf } from "./ingest.js";
import { isRenamed, mayJoin } from "./join-signed-in.js";
import { formerEmails, knownAcross } from "./link-across.js";
import { askedOf } from "./link-push.js";
import type { LinkCandidate } from "./ports/directory-writer.js";
import type { SignedInRow } from "./ports/signed-in.js";
import type { TenantWriter } from "./ports/store.js";
import type { Push } from "./push.js";
import { wakeNewcomers } from "./settle.js";
import { meantBy, type PushedNames } from "./sign-in-names.js";
import { isConfirmed } from "./who-signs-in.js";

/** A push of one person. */
export type PersonPush = Push & { readonly changes: readonly [UpsertUser] };

/** Whether a push may be stored together with others. */
export function isOfPerson(push: Push): push is PersonPush {
  const [change, ...more] = push.changes;
  return (
    more.length === 0 &&
    change?.kind === "upsertUser" &&
    change.newId === undefined &&
    change.leaving === undefined &&
    change.document.unique === undefined
  );
}

/**
 * Stores those of the pushes that are plain, and answers with what each came to; the others are left out. All are of one
 * connection. A Refusal says that nothing of it holds, whoever is to blame. `lease`: until when the marks are the caller's.
 */
export async function ingestTogether(
  tx: TenantWriter,
  pushes: readonly PersonPush[],
  now: Instant,
  lease: Instant | undefined,
): Promise<ReadonlyMap<Push, Ingested>> {
  const admitted = apart(pushes).filter(isAdmitted);
  const isNew = ({ changes: [{ id }] }: PersonPush) => id === undefined;
  const stored = new Map<Push, Ingested>();
  await storeNewcomers(tx, admitted.filter(isNew), { now, lease }, stored);
  await storeChanged(
    tx,
    admitted.filter((push) => !isNew(push)),
    { now, lease },
    stored,
  );
  return stored;
}

interface When {
  readonly now: Instant;
  readonly lease: Instant | undefined;
}

/** Those that share no name with an earlier one: what two of them come to hangs on which is first. */
function apart(pushes: readonly PersonPush[]): readonly PersonPush[] {
  const seen = new Set<string>();
  return pushes.filter(({ changes: [{ id, document }] }) => {
    const { userNameFolded, externalId, email } = document;
    const names = [
      `name ${userNameFolded}`,
      ...(id === undefined ? [] : [`id ${id}`]),
      ...(externalId === undefined ? [] : [`externalId ${externalId}`]),
      ...(email === undefined || emailDomain(email) === undefined ? [] : [`email ${email.toLowerCase()}`]),
    ];
    const isFirst = names.every((name) => !seen.has(name));
    for (const name of names) seen.add(name);
    return isFirst;
  });
}

function isAdmitted({ tenant, connection, changes: [{ document }] }: PersonPush): boolean {
  try {
    admitDomain(tenant, connection, [document.email, document.userName]);
    return true;
  } catch (refusal) {
    if (refusal instanceof Refusal) return false;
    throw refusal;
  }
}

async function storeNewcomers(
  tx: TenantWriter,
  pushes: readonly PersonPush[],
  { now, lease }: When,
  stored: Map<Push, Ingested>,
): Promise<void> {
  const [first] = pushes;
  if (first === undefined) return;
  // INVARIANT: as with single pushes, first links of a tenant are decided one after the other
  await tx.lockTenant();
  const { connection } = first;
  const documents = pushes.map(({ changes: [{ document }] }) => document);
  const areStrangers = await tx.strangers(connection.id, documents);
  const emails = documents.map(({ email }) => email);
  const isKnownAcross = await knownAcross(tx, first.tenant, connection, emails);
  const plain = await notByHand(
    tx,
    pushes.filter((_, at) => areStrangers[at] === true && !isKnownAcross(emails[at])),
  );
  if (plain.length === 0) return;
  const newcomers = plain.map(({ connection, changes: [{ document }] }) => {
    const seat = needsSeat(connection, document);
    return { document, profile: profileOf(document), seat, ...(lease !== undefined && { lease }) };
  });
  const [made] = await Promise.all([
    tx.insertNewcomers(connection.id, newcomers, now),
    wakeNewcomers(tx, connection, now),
  ]);
  for (const [at, { user, written }] of made.entries()) {
    const push = plain[at];
    if (push) stored.set(push, { rows: [{ ...written, groups: [] }], touched: [user], notices: [] });
  }
}

/** Those who are nobody made by hand: who could be one of them is looked at alone. */
async function notByHand(tx: TenantWriter, pushes: readonly PersonPush[]): Promise<readonly PersonPush[]> {
  const [first] = pushes;
  if (first === undefined) return [];
  const documents = pushes.map(({ changes: [{ document }] }) => document);
  if (!(await meanLocalPeople(tx, first.tenant, first.connection, documents))) return pushes;
  const plain: PersonPush[] = [];
  for (const push of pushes) if (!(await isKnownByHand(tx, push))) plain.push(push);
  return plain;
}

async function isKnownByHand(tx: TenantWriter, { tenant, connection, changes: [{ document }] }: PersonPush) {
  try {
    return (await localPersonOf(tx, tenant, connection, document)) !== undefined;
  } catch (refusal) {
    if (refusal instanceof Refusal) return true;
    throw refusal;
  }
}

async function storeChanged(
  tx: TenantWriter,
  pushes: readonly PersonPush[],
  { now, lease }: When,
  stored: Map<Push, Ingested>,
): Promise<void> {
  const [first] = pushes;
  if (first === undefined) return;
  const { connection } = first;
  const ids = pushes.flatMap(({ changes: [{ id }] }) => id ?? []);
  const rows = new Map((await tx.rowsById(connection.id, ids)).map((row) => [row.id, row]));
  const rowOf = ({ changes: [{ id, document }] }: PersonPush) => {
    const row = id && rows.get(id);
    // a new userName may be that of somebody made by hand, and former names stay somebody's own
    const isPlain = row?.hasScim && !row.deleted && fold(row.userName) === document.userNameFolded;
    return isPlain && !(connection.sync === "live" && isRenamed(row, document)) ? row : undefined;
  };
  const live = pushes.filter((push) => rowOf(push) !== undefined);
  const plain = await unjoined(tx, live, rowOf);
  const users = plain.flatMap((push) => rowOf(push)?.user ?? []);
  const seated = plain.flatMap((push) => {
    const row = rowOf(push);
    return row && needsSeat(push.connection, push.changes[0].document) && !row.scimActive ? [row.user] : [];
  });
  const changed = plain.map(({ changes: [{ id, document, ifVersion }] }) => {
    return { id: id as DirectoryUserId, document, ...(ifVersion !== undefined && { ifVersion }) };
  });
  const former = plain.flatMap((push) => {
    const row = rowOf(push);
    return row ? formerEmails(row.id, row.pushedEmail, push.changes[0].document.email) : [];
  });
  // the tenant is locked before its rows, as by everybody else who stores pushes
  const [, , written] = await Promise.all([
    tx.seatAll(seated),
    tx.keepFormerEmails(former),
    tx.updateScims(connection.id, changed, now),
    tx.markDirty([...new Set(users)], "facts", now, lease),
  ]);
  for (const [at, push] of plain.entries()) {
    stored.set(push, { rows: [written[at]], touched: [rowOf(push)?.user ?? []].flat(), notices: [] });
  }
}

/**
 * Those that mean nobody who is known by sign-in alone, or came in to another's account: a sign-in that becomes a pushed person's, or is
 * kept out by them, is the way of single pushes.
 */
async function unjoined(
  tx: TenantWriter,
  pushes: readonly PersonPush[],
  rowOf: (push: PersonPush) => LinkCandidate | undefined,
): Promise<readonly PersonPush[]> {
  const offs = pushes.flatMap((push) => {
    const row = rowOf(push);
    return row !== undefined && mayJoin(row, push.changes[0].document) ? [{ push, row }] : [];
  });
  const [first] = offs;
  if (first?.push.connection.sync !== "live") return pushes;
  // a sign-in of the same moment does not come by a name that is closed now
  await tx.lockTenant();
  const documents = offs.map(({ push }) => push.changes[0].document);
  const meant = await tx.signedInAlone(
    first.push.connection.id,
    askedOf(...documents),
    offs.map(({ row }) => row.id),
  );
  const closes = (row: SignedInRow, document: PushedNames) => meantBy(row, document) !== undefined;
  // whose former name somebody is called by is not told here
  const some = meant.some((row) => !documents.some((document) => closes(row, document)));
  const others = await tx.pushedSignIns(first.push.connection.id, askedOf(...documents).externalIds);
  const apart = offs.filter(({ push, row: { user } }) => {
    const [{ document }] = push.changes;
    const isInAs = (one: SignedInRow) => one.user !== user && isConfirmed(one, document);
    return some || meant.some((row) => closes(row, document)) || others.some(isInAs);
  });
  return pushes.filter((push) => !apart.some((one) => one.push === push));
}
