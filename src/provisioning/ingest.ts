/**
 * Ingest owns the directory ledger: it admits and stores what a source said, and marks whose facts changed, in one
 * transaction. It knows nothing of mappings and changes no access.
 */
import type { Connection, Tenant } from "../model/connection.js";
import type { DirectoryChange, MembersChange, ScimUserDocument, UpsertGroup, UpsertUser } from "../model/directory.js";
import type { DirectoryGroupId, DirectoryUserId, Instant, MemberId, UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { admitDomain, admitSeat } from "./admit.js";
import { type AdoptionNotice, adoptGroupAt, adoptPerson, localGroupOf, localPersonAt, localPersonOf } from "./adopt.js";
import { firstNames } from "./first-names.js";
import { createAccount, deleteAccount, replaceAccount } from "./ingest-accounts.js";
import { linkPush, reviewLink, reviewNamesake } from "./link.js";
import { observeUser } from "./observe.js";
import type { LocalPerson } from "./ports/adoption.js";
import type { LinkCandidate, LockedGroup, NamedMembers, NewProfile, WrittenRow } from "./ports/directory.js";
import type { TenantWriter } from "./ports/store.js";
import { freeDeletedGroup, isRenamed, type PinNotice, pinNewGroup, pinRenamedGroup } from "./pushed-pins.js";
import { wakeNewcomers, wakeWhenSettled } from "./settle.js";

/** What one change wrote; `undefined` where there is no row any more, or nothing was written. */
export type Written = WrittenRow<DirectoryUserId | DirectoryGroupId> | undefined;

/** What storing the changes came to. */
export interface Ingested {
  /** One per change, in their order. */
  readonly rows: readonly Written[];
  /** People whose facts changed; they are marked. */
  readonly touched: readonly UserId[];
  /** What became of names that the mapping uses, and what was taken over, for the audit and the feed. */
  readonly notices: readonly (PinNotice | AdoptionNotice)[];
}

/** Until when the worker leaves the marks of whom it touched to the caller, if they are not too many. */
export interface Lease {
  readonly most: number;
  readonly until: Instant;
}

export interface Ingest {
  readonly tx: TenantWriter;
  readonly tenant: Tenant;
  readonly connection: Connection;
  readonly now: Instant;
  readonly touched: Set<UserId>;
  /** Groups whose members changed and whose version is to rise once. */
  readonly filled: Map<DirectoryGroupId, Written>;
  readonly notices: (PinNotice | AdoptionNotice)[];
  groupsPushed: boolean;
}

/**
 * Stores SCIM or local changes, all or none. Throws Refusals: `not_found`, `uniqueness`, `version_conflict`,
 * `unknown_member`, `foreign_domain`, `no_seat`.
 */
export async function ingest(
  tx: TenantWriter,
  tenant: Tenant,
  connection: Connection,
  changes: readonly DirectoryChange[],
  now: Instant,
  lease?: Lease,
): Promise<Ingested> {
  const state: Ingest = {
    ...{ tx, tenant, connection, now, touched: new Set(), filled: new Map(), notices: [] },
    groupsPushed: false,
  };
  const rows: Written[] = [];
  for (const change of changes) rows.push(await ingestOne(state, change));
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

function filledRow(state: Ingest, change: DirectoryChange | undefined): Written {
  return change !== undefined && "group" in change ? state.filled.get(change.group) : undefined;
}

async function ingestOne(state: Ingest, change: DirectoryChange): Promise<Written> {
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
    case "observeUser":
      await observeUser(state.tx, state.tenant, state.connection, change, { takeFacts: true, now: state.now });
      return undefined;
  }
}

/** SCIM evidence counts once sync is live; then whoever becomes active needs a seat before anything is stored. */
function needsSeat(state: Ingest, document: ScimUserDocument): boolean {
  return document.active && state.connection.sync === "live";
}

async function createUser(state: Ingest, change: UpsertUser): Promise<Written> {
  const { tx, connection, now } = state;
  const { document } = change;
  admitDomain(state.tenant, connection, [document.email, document.userName]);
  await wakeNewcomers(tx, connection, now);
  const linked = await linkPush(tx, connection, document);
  if (linked.kind === "ambiguous") await reviewLink(tx, connection, linked.rows, [document.userName], now);
  if (linked.kind === "row") {
    if (needsSeat(state, document)) await admitSeat(tx, linked.row.user);
    state.touched.add(linked.row.user);
    return tx.updateScim(connection.id, linked.row.id, document, undefined, now);
  }
  const local = linked.kind === "revive" ? undefined : await localPersonOf(tx, state.tenant, connection, document);
  if (local) return adoptUser(state, local, document);
  if (linked.kind === "namesake") await reviewNamesake(tx, connection, linked.row, now);
  const user = linked.kind === "revive" ? linked.row.user : await tx.insertPendingUser(profileOf(document), now);
  if (needsSeat(state, document)) await admitSeat(tx, user);
  state.touched.add(user);
  const linkedBy = linked.kind === "revive" ? "revived" : "created";
  const row = { connection: connection.id, user, linkedBy, scim: document, userName: document.userName };
  return tx.insertUserRow(row, now);
}

async function adoptUser(
  state: Ingest,
  person: LocalPerson,
  document: ScimUserDocument,
  ifVersion?: number,
): Promise<Written> {
  const { tx, connection, now } = state;
  state.notices.push(await adoptPerson(tx, connection, person, now));
  state.touched.add(person.user);
  return tx.updateScim(connection.id, person.id, document, ifVersion, now);
}

function profileOf({ userName, email, attributes }: ScimUserDocument): NewProfile {
  return { userName, ...(email === undefined ? {} : { email }), ...firstNames((name) => attributes[name]) };
}

async function replaceUser(state: Ingest, id: DirectoryUserId, change: UpsertUser): Promise<Written> {
  const { tx, connection, now } = state;
  admitDomain(state.tenant, connection, [change.document.email, change.document.userName]);
  const row = await liveRow(state, id);
  if (row === undefined) {
    const local = await localPersonAt(tx, state.tenant, connection, id, change.document);
    if (local === undefined) throw noUser(id);
    return adoptUser(state, local, change.document, change.ifVersion);
  }
  if (needsSeat(state, change.document) && !row.scimActive) await admitSeat(tx, row.user);
  state.touched.add(row.user);
  return tx.updateScim(connection.id, id, change.document, change.ifVersion, now);
}

async function liveRow(state: Ingest, id: DirectoryUserId): Promise<LinkCandidate | undefined> {
  const row = await state.tx.rowById(state.connection.id, id);
  return row?.hasScim && !row.deleted ? row : undefined;
}

function noUser(id: DirectoryUserId): Refusal {
  return new Refusal("not_found", `no user \`${id}\``);
}

async function deleteUser(state: Ingest, id: DirectoryUserId, ifVersion: number | undefined): Promise<undefined> {
  const row = await liveRow(state, id);
  if (row === undefined) throw noUser(id);
  if (!(await state.tx.deleteUserRow(state.connection.id, id, state.now, ifVersion))) throw changed("user", id);
  await keepClaims(state, row);
  state.touched.add(row.user);
  return undefined;
}

/** While SCIM is no evidence, a deletion takes nothing from a sign-in: what it taught goes on in a row of its own. */
async function keepClaims({ tx, connection, now }: Ingest, row: LinkCandidate): Promise<void> {
  const { user, claims, subject, userName } = row;
  if (connection.sync === "live" || claims === undefined || subject === undefined) return;
  await tx.insertUserRow({ connection: connection.id, user, linkedBy: "kept", claims, subject, userName }, now);
}

async function createGroup(state: Ingest, change: UpsertGroup): Promise<Written> {
  const { tx, connection, now } = state;
  state.groupsPushed = true;
  const local = await localGroupOf(tx, state.tenant, connection, change.document);
  if (local !== undefined) await adoptGroup(state, local);
  const row = await (local === undefined
    ? tx.insertGroup(connection.id, change.document, now)
    : tx.updateGroup(connection.id, local, change.document, undefined, now));
  state.notices.push(...(await pinNewGroup(tx, connection, row.id, change.document, now)));
  if (change.members && change.members.length > 0) {
    const { users, groups } = await membersNamed(state, change.members);
    await touchRows(state, await tx.addMembers(row.id, users, now));
    if (groups.length > 0) await tx.addNested(row.id, groups);
  }
  // Until the first group everybody's groups were on their way; and any group may take the name of a deleted one.
  await wakeWhenSettled(tx, connection, now);
  return row;
}

/** Whoever was in it by hand is looked at again: the pushed members are all that it has from now on. */
async function adoptGroup(state: Ingest, id: DirectoryGroupId): Promise<boolean> {
  const { tx, tenant, connection, now } = state;
  const adopted = await adoptGroupAt(tx, tenant, connection, id, now);
  if (adopted === undefined) return false;
  state.notices.push(adopted.notice);
  for (const user of adopted.members) state.touched.add(user);
  return true;
}

async function replaceGroup(state: Ingest, id: DirectoryGroupId, change: UpsertGroup): Promise<Written> {
  const { tx, connection, now } = state;
  const before = await tx.lockGroup(connection.id, id);
  const adopted = before === undefined && (await adoptGroup(state, id));
  const row = await tx.updateGroup(connection.id, id, change.document, change.ifVersion, now);
  if (adopted) {
    state.groupsPushed = true;
    state.notices.push(...(await pinNewGroup(tx, connection, id, change.document, now)));
    await wakeWhenSettled(tx, connection, now);
  }
  if (before && isRenamed(before, change.document)) {
    state.notices.push(...(await pinRenamedGroup(tx, connection, id, before, change.document, now)));
    // Claims may have said either name: whom they put into the group is looked at again.
    if (connection.protocol !== "scim") await wakeWhenSettled(tx, connection, now);
  }
  // Members change in the same request at times: one request raises the version once.
  state.filled.set(id, row);
  for (const user of await tx.usersOfGroups([id])) state.touched.add(user);
  return row;
}

function changed(what: "user" | "group", id: string): Refusal {
  return new Refusal("version_conflict", `${what} \`${id}\` has changed: read it again, then retry`);
}

async function deleteGroup(state: Ingest, id: DirectoryGroupId, ifVersion: number | undefined): Promise<undefined> {
  const { tx, connection, now } = state;
  const group = await tx.lockGroup(connection.id, id);
  if (group === undefined) throw new Refusal("not_found", `no group \`${id}\``);
  const members = await tx.deleteGroup(connection.id, id, now, ifVersion);
  if (members === undefined) throw changed("group", id);
  await touchRows(state, members);
  const { notices, heirs } = await freeDeletedGroup(tx, connection, id, now);
  state.notices.push(...notices);
  if (heirs.length > 0) for (const user of await tx.usersOfGroups(heirs)) state.touched.add(user);
  // Claims alone may have said who is in it, and SCIM answers for a deleted group: those people are looked at again.
  if (group.memberCount === 0 || heirs.length > 0) await wakeWhenSettled(tx, connection, now);
  return undefined;
}

/** The difference alone is written; no difference writes nothing, and the group keeps its version. */
async function changeMembers(state: Ingest, change: MembersChange): Promise<undefined> {
  const { tx, connection, now } = state;
  const group = await tx.lockGroup(connection.id, change.group);
  if (group === undefined) throw new Refusal("not_found", `no group \`${change.group}\``);
  if (change.ifVersion !== undefined && change.ifVersion !== group.version) throw changed("group", change.group);
  const moved =
    change.kind === "removeMembers" ? await takeOut(state, change, group) : await putIn(state, change, group);
  if (moved.people.length === 0 && moved.groups === 0) return undefined;
  if (!state.filled.has(change.group)) state.filled.set(change.group, undefined);
  if (moved.people.length === 0) return undefined;
  await touchRows(state, moved.people);
  // When it has settled, SCIM alone answers for it: people known by claims are looked at again then.
  if (group.memberCount === 0) await wakeWhenSettled(tx, connection, now);
  return undefined;
}

/** Who came or went, and how many groups did. */
interface Moved {
  readonly people: readonly DirectoryUserId[];
  readonly groups: number;
}

/** What is removed need not exist any more: groups are only looked for where there are some, and not all were people. */
async function takeOut({ tx, now }: Ingest, { group, members }: MembersChange, was: LockedGroup): Promise<Moved> {
  const people = await tx.removeMembers(group, members, now);
  const areAll = was.nestedCount === 0 || people.length === members.length;
  return { people, groups: areAll ? 0 : await tx.removeNested(group, members) };
}

async function putIn(state: Ingest, { kind, group, members }: MembersChange, was: LockedGroup): Promise<Moved> {
  const { tx, now } = state;
  const { users, groups } = await membersNamed(state, members);
  if (kind === "addMembers") {
    const people = users.length === 0 ? [] : await tx.addMembers(group, users, now);
    return { people, groups: groups.length === 0 ? 0 : await tx.addNested(group, groups) };
  }
  const { added, removed } = await tx.setMembers(group, users, now);
  const others = was.nestedCount > 0 || groups.length > 0;
  return { people: [...added, ...removed], groups: others ? await tx.setNested(group, groups) : 0 };
}

async function membersNamed({ tx, connection }: Ingest, members: readonly MemberId[]): Promise<NamedMembers> {
  const named = await tx.membersNamed(connection.id, members);
  const { missing } = named;
  const [first] = missing;
  if (first === undefined) return named;
  const message = `no user or group ${quote(first)}: members must be of this directory`;
  throw new Refusal("unknown_member", message, { missing });
}

async function touchRows(state: Ingest, rows: readonly DirectoryUserId[]): Promise<void> {
  for (const user of await state.tx.usersOfRows(rows)) state.touched.add(user);
}
