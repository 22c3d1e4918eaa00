/**
 * Ingest owns the directory ledger: it admits and stores what a source said, and marks whose facts changed, in one
 * transaction. It knows nothing of mappings and changes no access.
 */
import type { Connection, Tenant } from "../model/connection.js";
import type { DirectoryChange, ObserveUser, ScimUserDocument, UpsertUser } from "../model/directory.js";
import { fold } from "../model/fold.js";
import type { DirectoryGroupId, DirectoryUserId, Instant, UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { versionConflict } from "../model/version-conflict.js";
import { admitDocument, admitSeat, admittedRow } from "./admit.js";
import {
  type AdoptionNotice,
  adoptingDocument,
  adoptPerson,
  localPersonAt,
  localPersonOf,
  refuseOccupied,
} from "./adopt.js";
import { askOtherSubjects } from "./corrected-subjects.js";
import { firstNames } from "./first-names.js";
import { blaming, refuseOtherIds } from "./given-ids.js";
import { createAccount, deleteAccount, replaceAccount } from "./ingest-accounts.js";
import { addFirstMembers, changeMembers, createGroup, deleteGroup, replaceGroup } from "./ingest-groups.js";
import type { IngestState, Written } from "./ingest-state.js";
import { type JoinNotice, joinSignedIn, keepFormer, mayJoin, signInThatStays } from "./join-signed-in.js";
import { reviewPrivileged } from "./keep-out.js";
import { reviewLink } from "./link.js";
import { type AcrossNotice, keepFormerEmail, linkAcross, linkedNotice, reviewAcross } from "./link-across.js";
import { keepOutNamesakes, linkPush, type PushLinked, reviewNamesake } from "./link-push.js";
import { observeUser } from "./observe.js";
import type { LocalPerson } from "./ports/adoption.js";
import type { LinkCandidate, NewProfile } from "./ports/directory-writer.js";
import type { TenantWriter } from "./ports/store.js";
import type { PinNotice } from "./pushed-pins.js";
import { wakeNewcomers } from "./settle.js";

/** What storing the changes came to. */
export interface Ingested {
  /** One per change, in their order. */
  readonly rows: readonly Written[];
  /** People whose facts changed; they are marked. */
  readonly touched: readonly UserId[];
  /** What became of names that the mapping uses, and what was taken over, for the audit and the feed. */
  readonly notices: readonly (PinNotice | AdoptionNotice | JoinNotice | AcrossNotice)[];
}

/** Until when the worker leaves the marks of whom it touched to the caller, if they are not too many. */
export interface Lease {
  readonly most: number;
  readonly until: Instant;
}

/**
 * Stores SCIM or local changes, all or none. Throws Refusals: `not_found`, `uniqueness`, `version_conflict`,
 * `unknown_member`, `unknown_owner`, `foreign_domain`, `no_seat`; with ids given beforehand, their detail is a `GivenIdsDetail`.
 */
export async function ingest(
  tx: TenantWriter,
  tenant: Tenant,
  connection: Connection,
  changes: readonly DirectoryChange[],
  now: Instant,
  lease?: Lease,
): Promise<Ingested> {
  const state: IngestState = {
    ...{ tx, tenant, connection, now, touched: new Set(), filled: new Map(), notices: [] },
    groupsPushed: false,
  };
  const rows = await ingestAll(state, changes);
  for (const group of state.filled.keys()) {
    if (state.filled.get(group) === undefined) state.filled.set(group, await tx.touchGroup(group, now));
  }
  if (state.groupsPushed && connection.firstGroupPushAt === undefined) {
    await tx.updateConnection(connection.id, { firstGroupPushAt: now }, now);
  }
  const touched = [...state.touched];
  await tx.markDirty(touched, "facts", now, lease && touched.length <= lease.most ? lease.until : undefined);
  return { rows: rows.map((row, at) => row ?? filledRow(state, changes[at])), touched, notices: state.notices };
}

async function ingestAll(state: IngestState, changes: readonly DirectoryChange[]): Promise<readonly Written[]> {
  const rows: Written[] = [];
  try {
    for (const change of changes) rows.push(await blaming(change, () => ingestOne(state, change)));
    for (const [at, change] of changes.entries()) {
      if (change.kind !== "upsertGroup" || change.members === undefined) continue;
      const { members } = change;
      const group = rows[at]?.id as DirectoryGroupId;
      await blaming(change, () => addFirstMembers(state, group, members));
    }
  } finally {
    // Whatever refers to an id that turned out to be another is refused for that: the other ids are the reason.
    refuseOtherIds(changes, rows);
  }
  return rows;
}

function filledRow(state: IngestState, change: DirectoryChange | undefined): Written {
  return change !== undefined && "group" in change ? state.filled.get(change.group) : undefined;
}

async function ingestOne(state: IngestState, change: DirectoryChange): Promise<Written> {
  switch (change.kind) {
    case "upsertUser":
      return change.id === undefined ? createUser(state, change) : replaceUser(state, change.id, change);
    case "deleteUser":
      return deleteUser(state, change.id, change.ifVersion);
    case "upsertGroup":
      return change.id === undefined ? createGroup(state, change) : replaceGroup(state, change.id, change);
    case "deleteGroup":
      return deleteGroup(state, change.id, change.ifVersion);
    case "setMembers":
    case "addMembers":
    case "removeMembers":
      return changeMembers(state, change);
    case "upsertServiceAccount":
      return change.id === undefined ? createAccount(state, change) : replaceAccount(state, change.id, change);
    case "deleteServiceAccount":
      return deleteAccount(state, change.id, change.ifVersion);
    case "createCustom":
      return state.tx.insertCustomResource(state.connection.id, change.type, change.document, state.now, change.newId);
    case "observeUser":
      await observe(state, change);
      return undefined;
  }
}

async function observe(
  { tx, tenant, connection, now, touched, notices }: IngestState,
  change: ObserveUser,
): Promise<void> {
  const observed = await observeUser(tx, tenant, connection, change, { takeFacts: true, now });
  if (observed.kind !== "row") return;
  if (observed.across) notices.push(observed.across);
  if (observed.joined === undefined) return;
  touched.add(observed.joined.user);
  notices.push(observed.joined);
}

/** SCIM evidence counts once sync is live; then whoever becomes active needs a seat before anything is stored. */
export function needsSeat({ sync }: Connection, { active }: ScimUserDocument): boolean {
  return active && sync === "live";
}

async function createUser(state: IngestState, change: UpsertUser): Promise<Written> {
  const { tx, connection, now } = state;
  const { document } = change;
  // whoever is let go is not asked for anything
  if (change.leaving === undefined) await admitDocument(state, document);
  await wakeNewcomers(tx, connection, now);
  const linked = await linkPush(tx, connection, document);
  if (linked.kind === "revive") await keepFormer(tx, linked.row, document);
  const closed = await keepOutNamesakes(tx, connection, document, linked, now);
  const written = await storeUser(state, change, linked);
  const by = written?.id as DirectoryUserId;
  if (closed.length > 0) {
    await tx.noteKeptOut(
      connection.id,
      closed.map((subject) => ({ subject, by })),
      now,
    );
  }
  await askOtherSubjects(state, document);
  return written;
}

async function storeUser(state: IngestState, change: UpsertUser, linked: PushLinked): Promise<Written> {
  const { tx, connection, now } = state;
  const { document, newId } = change;
  if (linked.kind === "owner") await reviewPrivileged(tx, connection, linked.row, document, now);
  if (linked.kind === "ambiguous") await reviewLink(tx, connection, linked.rows, [document.userName], now);
  const subject = linked.kind === "row" || linked.kind === "revive" ? linked.row.subject : undefined;
  if (subject !== undefined) await tx.closeItemsOfSubject(connection.id, subject, now);
  const local = await localPersonOf(tx, state.tenant, connection, document, meantBesides(linked));
  if (change.leaving) await refuseToLeave(state, document, local !== undefined || linked.kind === "row");
  if (local) return adoptUser(state, local, change);
  if (linked.kind === "row") {
    if (needsSeat(connection, document)) await admitSeat(tx, linked.row.user);
    state.touched.add(linked.row.user);
    return tx.updateScim(connection.id, linked.row.id, document, undefined, now);
  }
  const known = linked.kind === "nobody" || linked.kind === "namesake" ? await pushAcross(state, change) : NOT_ACROSS;
  if (known.stored) return known.stored;
  if (linked.kind === "namesake") await reviewNamesake(tx, connection, linked.row, now);
  const user = linked.kind === "revive" ? linked.row.user : await tx.insertPendingUser(profileOf(document), now);
  if (needsSeat(connection, document)) await admitSeat(tx, user);
  state.touched.add(user);
  const linkedBy = linked.kind === "revive" ? "revived" : "created";
  const signIn = linked.kind === "revive" ? await signInThatStays(tx, linked.row, document) : {};
  const row = { connection: connection.id, user, linkedBy, scim: document, userName: document.userName, ...signIn };
  const written = await tx.insertUserRow({ ...row, ...(newId !== undefined && { id: newId }) }, now);
  await known.review?.(written.id);
  return written;
}

/** What is known elsewhere of somebody whom a push means, and nobody here. */
interface PushedAcross {
  /** It is an account of another connection's. */
  readonly stored?: Written;
  /** An admin is told of the row that is made. */
  readonly review?: (row: DirectoryUserId) => Promise<void>;
}

const NOT_ACROSS: PushedAcross = {};

async function pushAcross(state: IngestState, { document, newId }: UpsertUser): Promise<PushedAcross> {
  const { tx, tenant, connection, now, touched, notices } = state;
  const { email, userName, active } = document;
  const found = await linkAcross(tx, tenant, connection, { email, verified: true, door: "push", inactive: !active });
  const { address, ...across } = found;
  if (address === undefined || across.kind === "nobody") return NOT_ACROSS;
  if (across.kind !== "account") {
    return { review: (row) => reviewAcross(tx, connection, across, address, { candidates: [row] }, now) };
  }
  const { user } = across;
  if (needsSeat(connection, document)) await admitSeat(tx, user);
  touched.add(user);
  notices.push(linkedNotice(connection, user, address));
  const link = { linkedBy: "verified_email", emailDomain: address.domain };
  const row = { connection: connection.id, user, ...link, scim: document, userName };
  return { stored: await tx.insertUserRow({ ...row, ...(newId !== undefined && { id: newId }) }, now) };
}

/** Whoever has the userName already is the one whom the document means, and is no news. */
async function refuseToLeave({ tx, connection }: IngestState, document: ScimUserDocument, isMeant: boolean) {
  const { userName, userNameFolded } = document;
  if (!isMeant || (await tx.hasPushed(connection.id, userNameFolded)))
    throw new Refusal("not_found", `nobody to switch off by the userName \`${userName}\``);
}

/** Rows that stand for the document in the connection itself. */
function meantBesides(linked: PushLinked): readonly LinkCandidate[] {
  if (linked.kind === "nobody" || linked.kind === "namesake") return [];
  return linked.kind === "ambiguous" ? linked.rows : [linked.row];
}

async function adoptUser(state: IngestState, person: LocalPerson, change: UpsertUser): Promise<Written> {
  const { tx, tenant, connection, now } = state;
  const document = change.leaving?.(person.shown) ?? adoptingDocument(person, change);
  if (document.userNameFolded !== fold(person.userName)) {
    await refuseOccupied(tx, tenant, connection, document, person.id);
  }
  state.notices.push(await adoptPerson(tx, connection, person, now));
  state.touched.add(person.user);
  // every name is new to this connection
  await joinSignedIn(state, { ...person, userName: "", scimActive: true }, document);
  const written = await tx.updateScim(connection.id, person.id, document, change.ifVersion, now);
  return document === change.document ? written : { ...written, resource: document.resource };
}

/** What somebody new is called until they are evaluated. */
export function profileOf({ userName, email, attributes }: ScimUserDocument): NewProfile {
  return { userName, ...(email === undefined ? {} : { email }), ...firstNames((name) => attributes[name]) };
}

async function replaceUser(state: IngestState, id: DirectoryUserId, change: UpsertUser): Promise<Written> {
  const { tx, connection, now } = state;
  const row = await liveRow(state, id);
  if (row === undefined) {
    const local = await localPersonAt(tx, state.tenant, connection, id);
    if (local === undefined) throw noUser(id);
    const addresses = async () => [local.userName, local.email];
    await admitDocument(state, change.document, { active: false, addresses });
    const adopted = await adoptUser(state, local, change);
    await askOtherSubjects(state, change.document);
    return adopted;
  }
  await admitDocument(state, change.document, admittedRow(tx, row));
  if (fold(row.userName) !== change.document.userNameFolded) {
    await refuseOccupied(tx, state.tenant, connection, change.document);
  }
  if (mayJoin(row, change.document)) await joinSignedIn(state, row, change.document);
  if (needsSeat(connection, change.document) && !row.scimActive) await admitSeat(tx, row.user);
  await keepFormerEmail(tx, row.id, row.pushedEmail, change.document.email);
  state.touched.add(row.user);
  const written = await tx.updateScim(connection.id, id, change.document, change.ifVersion, now);
  const { externalId, active } = change.document;
  const isOther = externalId !== row.externalId;
  if (isOther || (row.scimActive && !active))
    await askOtherSubjects(state, { externalId, ...(isOther && { changed: id }) });
  return written;
}

async function liveRow(state: IngestState, id: DirectoryUserId): Promise<LinkCandidate | undefined> {
  const row = await state.tx.rowById(state.connection.id, id);
  return row?.hasScim && !row.deleted ? row : undefined;
}

function noUser(id: DirectoryUserId): Refusal {
  return new Refusal("not_found", `no user \`${id}\``);
}

async function deleteUser(state: IngestState, id: DirectoryUserId, ifVersion: number | undefined): Promise<undefined> {
  const row = await liveRow(state, id);
  if (row === undefined) throw noUser(id);
  if (row.scimActive) await joinSignedIn(state, row, { ...row, active: false });
  if (!(await state.tx.deleteUserRow(state.connection.id, id, state.now, ifVersion))) throw versionConflict("user", id);
  await keepClaims(state, row);
  if (row.scimActive) await askOtherSubjects(state, row);
  state.touched.add(row.user);
  return undefined;
}

/** While SCIM is no evidence, a deletion takes nothing from a sign-in: what it taught goes on in a row of its own. */
async function keepClaims({ tx, connection, now }: IngestState, row: LinkCandidate): Promise<void> {
  const { user, claims, subject, userName } = row;
  if (connection.sync === "live" || claims === undefined || subject === undefined) return;
  const kept = { connection: connection.id, user, linkedBy: "kept", claims, subject, userName };
  const { id } = await tx.insertUserRow(kept, now);
  await tx.moveSignInNames(row.id, id);
}
