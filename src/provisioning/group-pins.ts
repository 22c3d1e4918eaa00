/** Group pins as admins see and change them: which group each name of the mapping means, and who else lays claim to it. */

import { holdsName, ownNames } from "../engine/pins/group-pins.js";
import { acceptNames, confirmName, freedBy, moveName, type PinOrder } from "../engine/pins/pin-orders.js";
import type { Connection, Tenant } from "../model/connection.js";
import { grouped } from "../model/grouped.js";
import type { DirectoryGroupId, Instant } from "../model/ids.js";
import type { DirectoryGroupRecord } from "../model/person.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { auditEntry, type Context, type Provisioning } from "./deps.js";
import type { PinRow } from "./ports/pins.js";
import type { TenantWriter } from "./ports/store.js";

/** One name at one connection. */
export interface NamePins {
  readonly connection: string;
  readonly name: string;
  /** Every group that has the name is known to an admin, or was the first to match. */
  readonly confirmed: boolean;
  readonly holders: readonly PinnedGroup[];
  /** Groups that bear the name, and that rules do not know by it. */
  readonly contenders: readonly PinnedGroup[];
}

export interface PinnedGroup {
  readonly id: string;
  /** What it is called now. */
  readonly displayName: string;
  readonly renamed: boolean;
  readonly since: Instant;
}

/** Every name that some group holds or bears, by connection and name. */
export async function listPins(p: Provisioning, tenant: Tenant): Promise<readonly NamePins[]> {
  const reader = p.store.read(tenant.id);
  const slugs = new Map<string, string>((await reader.connections()).map(({ id, slug }) => [id, slug]));
  const byName = grouped(await reader.pins(), ({ connection, name }) => `${connection}\u0000${name}`);
  return [...byName.values()].map((rows) => ({
    connection: slugs.get(rows[0].connection) ?? "",
    name: rows[0].name,
    confirmed: rows.every((row) => row.state !== "waiting"),
    holders: rows.filter((row) => row.state !== "contends").map(pinnedGroup),
    contenders: rows.filter((row) => row.state === "contends").map(pinnedGroup),
  }));
}

function pinnedGroup(row: PinRow): PinnedGroup {
  const { group, displayName, since } = row;
  return { id: group, displayName, renamed: !ownNames(row).includes(row.name), since };
}

/** The group that took the name over may give what is privileged, too. Refusals: `not_found`, `conflict` (nothing waits). */
export async function confirmPin(
  p: Provisioning,
  tenant: Tenant,
  { connection: slug, name }: { readonly connection: string; readonly name: string },
  context: Context,
): Promise<void> {
  await change(p, tenant, slug, async (tx, _connection, groups, now) => {
    const order = confirmName(groups, name);
    if (order.put.length === 0) throw new Refusal("conflict", `no group waits under the name ${quote(name)}`);
    const detail = { connection: slug, name, groups: order.put.map(({ group }) => group) };
    await record(tx, "pin.confirmed", detail, context, now);
    return order;
  });
}

/** Makes the name mean another living group of the connection. Refusals: `not_found`. */
export async function movePin(
  p: Provisioning,
  tenant: Tenant,
  { connection: slug, name, group }: { readonly connection: string; readonly name: string; readonly group: string },
  context: Context,
): Promise<void> {
  await change(p, tenant, slug, async (tx, connection, groups, now) => {
    const to = livingGroup(groups, group);
    const used = await tx.pinnedNames();
    if (!used.some((one) => one.connection === connection.id && one.name === name)) {
      throw new Refusal("not_found", `the active mapping names no group ${quote(name)} at ${quote(slug)}`);
    }
    const detail = { connection: slug, name, group: to.id, displayName: to.displayName, waiting: false };
    await record(tx, "pin.moved", detail, context, now);
    return moveName(groups, name, to);
  });
}

/** Lets a group go by its present names. Refusals: `not_found`, `conflict` (it holds no name). */
export async function acceptRename(
  p: Provisioning,
  tenant: Tenant,
  { connection: slug, group: id }: { readonly connection: string; readonly group: string },
  context: Context,
): Promise<void> {
  await change(p, tenant, slug, async (tx, _connection, groups, now) => {
    const group = livingGroup(groups, id);
    if (!holdsName(group)) {
      throw new Refusal(
        "conflict",
        `group ${quote(group.displayName)} holds no name of the mapping: it goes by its own`,
      );
    }
    const order = acceptNames(groups, group);
    const left = order.remove.map(({ name }) => name);
    const detail = { connection: slug, group: group.id, displayName: group.displayName, left };
    await record(tx, "group.rename_accepted", detail, context, now);
    return order;
  });
}

function livingGroup(groups: readonly DirectoryGroupRecord[], id: string): DirectoryGroupRecord {
  const group = groups.find((one) => one.id === id && !one.deleted);
  if (!group) throw new Refusal("not_found", `no group \`${id}\``);
  return group;
}

type Decide = (
  tx: TenantWriter,
  connection: Connection,
  groups: readonly DirectoryGroupRecord[],
  now: Instant,
) => Promise<PinOrder>;

/** Writes what was decided and marks whom it is about: their reconcile goes the way of any other change of facts. */
async function change(p: Provisioning, tenant: Tenant, slug: string, decide: Decide): Promise<void> {
  await p.store.write(tenant.id, async (tx) => {
    const now = p.now();
    const connection = await tx.connectionBySlug(slug);
    if (!connection) throw new Refusal("not_found", `no connection ${quote(slug)}`);
    await tx.lockPins([connection.id]);
    const groups = await tx.directoryGroups(connection.id);
    const order = await decide(tx, connection, groups, now);
    const at = <Pin extends object>(pin: Pin) => ({ connection: connection.id, ...pin });
    await tx.writePins({ drop: [], add: [], remove: order.remove.map(at), put: order.put.map(at) }, now);
    const heirs = await settleFreed(tx, connection, groups, order, now);
    const concerned = [...order.remove, ...order.put, ...heirs].map(({ group }) => group as DirectoryGroupId);
    await tx.markDirty(await tx.usersOfGroups(concerned), "pins", now);
    // Sign-ins name groups too, and only the facts of each person tell which.
    if (connection.protocol !== "scim") await tx.markConnection(connection.id, "pins", now);
  });
  p.wake();
}

/** Names that are free now go to groups that bear them, which wait for a look. */
async function settleFreed(
  tx: TenantWriter,
  { id }: Connection,
  groups: readonly DirectoryGroupRecord[],
  order: PinOrder,
  now: Instant,
) {
  const free = order.remove.map(({ name }) => name);
  const freed = freedBy(groups, order);
  for (const group of freed) free.push(...ownNames(group));
  return tx.inheritNames(id, free, "waiting", now);
}

async function record(
  tx: TenantWriter,
  action: string,
  detail: Readonly<Record<string, string | boolean | readonly string[]>>,
  context: Context,
  now: Instant,
): Promise<void> {
  await tx.appendAudit([auditEntry(context, now, action, detail)]);
  await tx.appendEvents([{ type: action, data: detail }], now);
}
