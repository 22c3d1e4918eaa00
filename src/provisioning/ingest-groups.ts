/** Groups of the directory ledger: made, renamed, emptied, taken over and removed as a source says. */
import type { MembersChange, ScimGroupDocument, UpsertGroup } from "../model/directory.js";
import type { DirectoryGroupId, DirectoryUserId, MemberId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { versionConflict } from "../model/version-conflict.js";
import { adoptGroupAt, isAdoptable, localGroupOf } from "./adopt.js";
import { type IngestState, touchRows, type Written } from "./ingest-state.js";
import type { LockedGroup, NamedMembers } from "./ports/directory-writer.js";
import { freeDeletedGroup, isRenamed, pinNewGroup, pinRenamedGroup } from "./pushed-pins.js";
import { wakeWhenSettled } from "./settle.js";

export async function createGroup(state: IngestState, change: UpsertGroup): Promise<Written> {
  const { tx, connection, now } = state;
  state.groupsPushed = true;
  const local = await localGroupOf(tx, state.tenant, connection, change.document);
  if (local !== undefined) await adoptGroup(state, local);
  const row = await (local === undefined
    ? tx.insertGroup(connection.id, change.document, now, change.newId)
    : tx.updateGroup(connection.id, local, change.document, undefined, now));
  state.notices.push(...(await pinNewGroup(tx, connection, row.id, change.document, now)));
  // Until the first group everybody's groups were on their way; and any group may take the name of a deleted one.
  await wakeWhenSettled(tx, connection, now);
  return row;
}

/** When all that the same push makes is there: these may be among them. */
export async function addFirstMembers(
  state: IngestState,
  group: DirectoryGroupId,
  members: readonly MemberId[],
): Promise<void> {
  if (members.length === 0) return;
  const { users, groups } = await membersNamed(state, members);
  await touchRows(state, await state.tx.addMembers(group, users, state.now));
  if (groups.length > 0) await state.tx.addNested(group, groups);
}

/** Whoever was in it by hand is looked at again: the pushed members are all that it has from now on. */
async function adoptGroup(state: IngestState, id: DirectoryGroupId): Promise<boolean> {
  const { tx, tenant, connection, now } = state;
  const adopted = await adoptGroupAt(tx, tenant, connection, id, now);
  if (adopted === undefined) return false;
  state.notices.push(adopted.notice);
  for (const user of adopted.members) state.touched.add(user);
  return true;
}

export async function replaceGroup(state: IngestState, id: DirectoryGroupId, change: UpsertGroup): Promise<Written> {
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
  if (before === undefined || saysElse(before, change.document)) {
    for (const user of await tx.usersOfGroups([id])) state.touched.add(user);
  }
  return row;
}

/** Whether its members' facts are others: a description, say, is none, and its change costs the same in any group. */
function saysElse(before: LockedGroup, document: ScimGroupDocument): boolean {
  const factsOf = ({ displayName, externalId, idpMappingNames, roles = [] }: LockedGroup | ScimGroupDocument) =>
    JSON.stringify([displayName, externalId, idpMappingNames, roles.map(({ type, value }) => [type, value])]);
  return factsOf(before) !== factsOf(document);
}

export async function deleteGroup(
  state: IngestState,
  id: DirectoryGroupId,
  ifVersion: number | undefined,
): Promise<undefined> {
  const { tx, connection, now } = state;
  const group = await tx.lockGroup(connection.id, id);
  if (group === undefined) throw new Refusal("not_found", `no group \`${id}\``);
  const members = await tx.deleteGroup(connection.id, id, now, ifVersion);
  if (members === undefined) throw versionConflict("group", id);
  await touchRows(state, members);
  const { notices, heirs } = await freeDeletedGroup(tx, connection, id, now);
  state.notices.push(...notices);
  if (heirs.length > 0) for (const user of await tx.usersOfGroups(heirs)) state.touched.add(user);
  // Claims alone may have said who is in it, and SCIM answers for a deleted group: those people are looked at again.
  if (group.memberCount === 0 || heirs.length > 0) await wakeWhenSettled(tx, connection, now);
  return undefined;
}

/** The difference alone is written; no difference writes nothing, and the group keeps its version. */
export async function changeMembers(state: IngestState, change: MembersChange): Promise<undefined> {
  const { tx, connection, now } = state;
  const group = await tx.lockGroup(connection.id, change.group);
  if (group === undefined) throw new Refusal("not_found", `no group \`${change.group}\``);
  if (change.ifVersion !== undefined && change.ifVersion !== group.version)
    throw versionConflict("group", change.group);
  if (group.unconfirmedSince !== undefined) await confirmMembers(state, change.group);
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

/**
 * The client speaks of the members of a group that its connection left unmanaged for a time, though it may change nothing: SCIM
 * answers for the group again. Whom claims alone put into it is looked at again when it has settled.
 */
async function confirmMembers({ tx, connection, now, touched }: IngestState, group: DirectoryGroupId): Promise<void> {
  await tx.confirmGroup(connection.id, group);
  for (const user of await tx.usersOfGroups([group])) touched.add(user);
  await wakeWhenSettled(tx, connection, now);
}

/** Who came or went, and how many groups did. */
interface Moved {
  readonly people: readonly DirectoryUserId[];
  readonly groups: number;
}

/** What is removed need not exist any more: groups are only looked for where there are some, and not all were people. */
async function takeOut({ tx, now }: IngestState, { group, members }: MembersChange, was: LockedGroup): Promise<Moved> {
  const people = await tx.removeMembers(group, members, now);
  const areAll = was.nestedCount === 0 || people.length === members.length;
  return { people, groups: areAll ? 0 : await tx.removeNested(group, members) };
}

async function putIn(state: IngestState, { kind, group, members }: MembersChange, was: LockedGroup): Promise<Moved> {
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

async function membersNamed(
  { tx, tenant, connection }: IngestState,
  members: readonly MemberId[],
): Promise<NamedMembers> {
  const named = await tx.membersNamed(connection.id, members);
  const { missing } = named;
  const [first] = missing;
  if (first === undefined) return named;
  const message = (await isAdoptable(tx, tenant, connection, first))
    ? `user ${quote(first)} is kept by hand: write to the user first, so that this connection keeps them`
    : `no user or group ${quote(first)}: members must be of this directory`;
  throw new Refusal("unknown_member", message, { missing });
}
