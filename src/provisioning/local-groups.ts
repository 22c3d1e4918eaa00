/** Local groups: groups that an admin keeps by hand, of people made by hand; rows of the built-in connection `local`. */
import type { Connection, Tenant } from "../model/connection.js";
import type { DirectoryChange } from "../model/directory.js";
import { fold } from "../model/fold.js";
import type { DirectoryGroupId, DirectoryUserId, Instant, UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { auditEntry, type Context, type Provisioning } from "./deps.js";
import { type Ingested, ingest } from "./ingest.js";
import { localConnection } from "./local-users.js";
import { recordNotices } from "./notices.js";
import type { GroupRow } from "./ports/group-list.js";
import type { TenantWriter } from "./ports/store.js";
import { reconcileInline } from "./push.js";

/** Until when the members that a group had by hand can be brought back. */
const UNDO_DAYS = 30;
const DAY = 86_400_000;

export interface LocalGroup {
  readonly displayName: string;
  readonly description?: string;
  readonly members?: readonly UserId[];
}

/** Refusals: `uniqueness` (a local group of that name exists, letter case aside), `unknown_member`. */
export async function createLocalGroup(
  p: Provisioning,
  tenant: Tenant,
  { members = [], ...group }: LocalGroup,
  context: Context,
): Promise<DirectoryGroupId> {
  return written(p, tenant, context, async (tx, local, now) => {
    await refuseTaken(tx, group.displayName);
    const rows = await localRows(tx, members);
    const document = p.documents.group(group);
    const ingested = await ingest(tx, tenant, local, [{ kind: "upsertGroup", document, members: rows }], now);
    const id = ingested.rows[0]?.id as DirectoryGroupId;
    return { ingested, id, action: "group.created", detail: { ...group, members: rows.length } };
  });
}

export interface LocalGroupChange {
  readonly displayName?: string;
  /** `null`: none. */
  readonly description?: string | null;
  /** All that it has from now on. */
  readonly members?: readonly UserId[];
  readonly addMembers?: readonly UserId[];
  readonly removeMembers?: readonly UserId[];
}

/** Refusals as for a new one, `not_found`, and `read_only` for a group that a connection keeps. */
export async function updateLocalGroup(
  p: Provisioning,
  tenant: Tenant,
  group: DirectoryGroupId,
  change: LocalGroupChange,
  context: Context,
): Promise<void> {
  await written(p, tenant, context, async (tx, local, now) => {
    const before = await localGroup(tx, local, group);
    const { displayName = before.displayName, description = before.description ?? null } = change;
    if (fold(displayName) !== fold(before.displayName)) await refuseTaken(tx, displayName);
    const document = p.documents.group({ displayName, ...(description !== null && { description }) });
    const changes: DirectoryChange[] = [{ kind: "upsertGroup", id: group, document }];
    for (const [kind, users] of memberChanges(change)) {
      changes.push({ kind, group, members: await localRows(tx, users) });
    }
    const ingested = await ingest(tx, tenant, local, changes, now);
    const { members: _, addMembers: __, removeMembers: ___, ...said } = change;
    return { ingested, id: group, action: "group.updated", detail: { group, ...said, keys: Object.keys(change) } };
  });
}

function memberChanges({ members, addMembers, removeMembers }: LocalGroupChange) {
  return [
    ...(members ? [["setMembers", members] as const] : []),
    ...(addMembers ? [["addMembers", addMembers] as const] : []),
    ...(removeMembers ? [["removeMembers", removeMembers] as const] : []),
  ];
}

/** Refusals: `not_found`, `read_only`. */
export async function deleteLocalGroup(
  p: Provisioning,
  tenant: Tenant,
  group: DirectoryGroupId,
  context: Context,
): Promise<void> {
  await written(p, tenant, context, async (tx, local, now) => {
    const { displayName } = await localGroup(tx, local, group);
    const ingested = await ingest(tx, tenant, local, [{ kind: "deleteGroup", id: group }], now);
    return { ingested, id: group, action: "group.deleted", detail: { group, displayName } };
  });
}

/**
 * Brings back, beside the group that a connection took over, the one that it was before, with its members. Refusals: `not_found`,
 * `conflict` where nothing was taken over or more than 30 days have passed, and `uniqueness` where an admin made a group of its name since.
 */
export async function undoGroupAdoption(
  p: Provisioning,
  tenant: Tenant,
  group: DirectoryGroupId,
  context: Context,
): Promise<DirectoryGroupId> {
  return written(p, tenant, context, async (tx, _local, now) => {
    const since = new Date(Date.parse(now) - UNDO_DAYS * DAY).toISOString();
    const id = await tx.undoGroupAdoption(group, since, now);
    if (id === undefined) {
      if ((await tx.group(group)) === undefined) throw noGroup(group);
      throw new Refusal("conflict", `no connection took over group \`${group}\` in the last ${UNDO_DAYS} days`);
    }
    await refuseTaken(tx, (await tx.group(id))?.displayName ?? "", id);
    const touched = await tx.usersOfGroups([id]);
    await tx.markDirty(touched, "facts", now);
    const ingested = { rows: [], touched, notices: [] };
    return {
      ingested,
      id,
      action: "group.adoption_undone",
      detail: { group, broughtBack: id, members: touched.length },
    };
  });
}

/** The end of the time in which an adoption can be undone. */
export function undoUntil(at: Instant): Instant {
  return new Date(Date.parse(at) + UNDO_DAYS * DAY).toISOString();
}

interface Written {
  readonly ingested: Ingested;
  readonly id: DirectoryGroupId;
  readonly action: string;
  readonly detail: Parameters<typeof auditEntry>[3];
}

/** One change by an admin's hand; people whom it touches are reconciled before it is answered, unless they are many. */
async function written(
  p: Provisioning,
  tenant: Tenant,
  context: Context,
  work: (tx: TenantWriter, local: Connection, now: Instant) => Promise<Written>,
): Promise<DirectoryGroupId> {
  const now = p.now();
  const { ingested, id } = await p.store.write(tenant.id, async (tx) => {
    // No constraint keeps names of local groups apart: two requests at the same time wait for each other here.
    await tx.lockTenant();
    const done = await work(tx, await localConnection(tx), now);
    await recordNotices(tx, done.ingested.notices, context, now);
    await tx.appendAudit([auditEntry(context, now, done.action, done.detail)]);
    return done;
  });
  if (ingested.touched.length > p.settings.inlineUsers) p.wake();
  else await reconcileInline(p, tenant.id, { users: ingested.touched, context });
  return id;
}

/** `but`: the group that is to have the name. */
async function refuseTaken(tx: TenantWriter, displayName: string, but?: DirectoryGroupId): Promise<void> {
  if ((await tx.adoptableGroup({ name: fold(displayName), but })) === undefined) return;
  throw new Refusal("uniqueness", `a local group \`${displayName}\` exists: change that one, or choose another name`);
}

async function localGroup(tx: TenantWriter, local: Connection, id: DirectoryGroupId): Promise<GroupRow> {
  const group = await tx.group(id);
  if (group === undefined) throw noGroup(id);
  if (group.connection === local.id) return group;
  const owner = (await tx.connections()).find((one) => one.id === group.connection);
  throw new Refusal(
    "read_only",
    `connection \`${owner?.slug ?? ""}\` keeps group \`${group.displayName}\`: change it in the identity provider`,
  );
}

function noGroup(id: DirectoryGroupId): Refusal {
  return new Refusal("not_found", `no group \`${id}\``);
}

/** INVARIANT: people of a local group are kept by hand; a connection's people are put into groups by that connection. */
async function localRows(tx: TenantWriter, users: readonly UserId[]): Promise<readonly DirectoryUserId[]> {
  if (users.length === 0) return [];
  const rows = await tx.localRows(users);
  return users.map((user) => {
    const row = rows.get(user);
    if (row !== undefined) return row;
    throw new Refusal(
      "unknown_member",
      `user \`${user}\` was not made by hand: put them into a group in their identity provider`,
    );
  });
}
