/** Pin orders: what admins say about pins, previewed like any other change of access and carried out as it was reviewed. */
import { createHash } from "node:crypto";
import { holdsName, ownNames } from "../engine/pins/group-pins.js";
import { acceptNames, confirmName, freedBy, moveName, type PinOrder, withOrder } from "../engine/pins/pin-orders.js";
import type { Connection, Tenant } from "../model/connection.js";
import type { DirectoryGroupId, Instant, RunId } from "../model/ids.js";
import type { DirectoryGroupRecord } from "../model/person.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { auditEntry, authorOf, type Context, type Provisioning } from "./deps.js";
import type { TenantReader, TenantWriter } from "./ports/store.js";
import { planConfirmed } from "./preview/confirm.js";
import { dangersOf } from "./preview/dangerous-lines.js";
import { REVIEWED_DAYS } from "./preview/plan-sheet.js";
import {
  type PopulationPlan,
  type PopulationQuery,
  type Preview,
  planPopulation,
  storePreview,
} from "./preview/population.js";

/**
 * `confirm`: the group that took the name over may give what is privileged, too. `move`: the name means another living group
 * of the connection. `accept`: a group goes by its present names.
 */
export type PinCommand =
  | { readonly kind: "confirm"; readonly connection: string; readonly name: string }
  | { readonly kind: "move"; readonly connection: string; readonly name: string; readonly group: string }
  | { readonly kind: "accept"; readonly connection: string; readonly group: string };

/** Who would gain and lose by it now. Refusals: `not_found`, `conflict` (nothing waits under the name, or the group holds none). */
export async function previewPins(p: Provisioning, tenant: Tenant, command: PinCommand): Promise<Preview> {
  const reader = p.store.read(tenant.id);
  const decided = await decide(reader, command);
  return storePreview(p, reader, await queryOf(reader, decided));
}

/**
 * Carries it out. With a preview's digest what was reviewed passes the brake, and a run tells how far it is; without one the
 * brake applies, and nobody may gain a privilege: Refusal `digest_required`. Refusals: those of the preview, `plan_changed`.
 */
export async function changePins(
  p: Provisioning,
  tenant: Tenant,
  command: PinCommand,
  digest: string | undefined,
  context: Context,
): Promise<{ readonly run?: RunId }> {
  const reader = p.store.read(tenant.id);
  const decided = await decide(reader, command);
  const query = await queryOf(reader, decided);
  const plan = digest === undefined ? undefined : await planConfirmed(p, reader, query, digest);
  if (!plan) await refuseUnseen(p, reader, query);
  try {
    const run = await p.store.write(tenant.id, (tx) => carryOut(p, tx, { command, decided, plan, context }));
    p.wake();
    return run === undefined ? {} : { run };
  } catch (error) {
    await plan?.sheet?.drop();
    throw error;
  }
}

interface Decided extends Ordered {
  /** The connection's groups once it is carried out, and those of them that it changes. */
  readonly after: readonly DirectoryGroupRecord[];
  readonly changed: readonly DirectoryGroupRecord[];
  /** What was looked at: the order, and the groups that it changes with what they are called. */
  readonly fingerprint: string;
}

interface Ordered {
  readonly connection: Connection;
  readonly groups: readonly DirectoryGroupRecord[];
  readonly order: PinOrder;
  /** What the audit and the event feed say of it. */
  readonly action: "pin.confirmed" | "pin.moved" | "group.rename_accepted";
  readonly detail: Readonly<Record<string, string | boolean | readonly string[]>>;
}

/** INVARIANT: a digest is good for the groups that were looked at, by the names that they had: others may mean somebody else. */
async function decide(reader: TenantReader, command: PinCommand): Promise<Decided> {
  const ordered = await orderOf(reader, command);
  const { groups, order, action, detail } = ordered;
  const after = withOrder(groups, order);
  const changed = after.filter((group, at) => group !== groups[at]);
  const called = changed.map((group) => [group.id, ownNames(group)]);
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([action, detail, order, called]))
    .digest("hex");
  return { ...ordered, after, changed, fingerprint };
}

async function orderOf(reader: TenantReader, command: PinCommand): Promise<Ordered> {
  const { connection: slug } = command;
  const connection = await reader.connectionBySlug(slug);
  if (!connection) throw new Refusal("not_found", `no connection ${quote(slug)}`);
  const groups = await reader.directoryGroups(connection.id);
  const base = { connection, groups };
  switch (command.kind) {
    case "confirm": {
      const { name } = command;
      const order = confirmName(groups, name);
      if (order.put.length === 0) throw new Refusal("conflict", `no group waits under the name ${quote(name)}`);
      const detail = { connection: slug, name, groups: order.put.map(({ group }) => group) };
      return { ...base, order, action: "pin.confirmed", detail };
    }
    case "move": {
      const { name } = command;
      const to = livingGroup(groups, command.group);
      const used = await reader.pinnedNames();
      if (!used.some((one) => one.connection === connection.id && one.name === name)) {
        throw new Refusal("not_found", `the active mapping names no group ${quote(name)} at ${quote(slug)}`);
      }
      const detail = { connection: slug, name, group: to.id, displayName: to.displayName, waiting: false };
      return { ...base, order: moveName(groups, name, to), action: "pin.moved", detail };
    }
    case "accept": {
      const group = livingGroup(groups, command.group);
      const { id, displayName } = group;
      if (!holdsName(group)) {
        throw new Refusal("conflict", `group ${quote(displayName)} holds no name of the mapping: it goes by its own`);
      }
      const order = acceptNames(groups, group);
      const detail = { connection: slug, group: id, displayName, left: order.remove.map(({ name }) => name) };
      return { ...base, order, action: "group.rename_accepted", detail };
    }
  }
}

function livingGroup(groups: readonly DirectoryGroupRecord[], id: string): DirectoryGroupRecord {
  const group = groups.find((one) => one.id === id && !one.deleted);
  if (!group) throw new Refusal("not_found", `no group \`${id}\``);
  return group;
}

/** Those whom carrying it out marks: sign-ins name groups too, and only the facts of each person tell which. */
async function queryOf(reader: TenantReader, decided: Decided): Promise<PopulationQuery> {
  const { connection, after, changed, fingerprint } = decided;
  return {
    kind: "pins",
    subject: fingerprint,
    overlay: new Map([[connection.id, { groups: after }]]),
    ...(connection.protocol === "scim"
      ? { people: await reader.usersOfGroups(changed.map(({ id }) => id as DirectoryGroupId)) }
      : { connection: connection.id }),
  };
}

/** INVARIANT: nobody gains a privilege by a pin unless an admin has seen who, nor later, once what keeps them back has ended. */
async function refuseUnseen(p: Provisioning, reader: TenantReader, query: PopulationQuery): Promise<void> {
  const { sheet } = await planPopulation(p, reader, query, "to_confirm");
  if (!sheet) return;
  try {
    for await (const { change, drifted } of dangersOf(reader, sheet.id)) {
      if (change !== "grant" || drifted) continue;
      const message = "this gives somebody what is privileged: preview it, and confirm it with the preview's `digest`";
      throw new Refusal("digest_required", message);
    }
  } finally {
    await sheet.drop();
  }
}

interface Change {
  readonly command: PinCommand;
  readonly decided: Decided;
  /** Absent without a review: the brake looks after it. */
  readonly plan: PopulationPlan | undefined;
  readonly context: Context;
}

/** Writes what was decided and marks whom it is about: their reconcile goes the way of any other change of facts. */
async function carryOut(p: Provisioning, tx: TenantWriter, change: Change): Promise<RunId | undefined> {
  const { command, plan, context } = change;
  const now = p.now();
  await tx.lockTenant();
  await tx.lockPins([change.decided.connection.id]);
  const { connection, groups, order, action, detail, fingerprint } = await decide(tx, command);
  if (fingerprint !== change.decided.fingerprint) {
    throw new Refusal("conflict", "the groups under the name changed just now: look at them, and say it again");
  }
  const at = <Pin extends object>(pin: Pin) => ({ connection: connection.id, ...pin });
  await tx.writePins({ drop: [], add: [], remove: order.remove.map(at), put: order.put.map(at) }, now);
  const heirs = await settleFreed(tx, connection, groups, order, now);
  const concerned = [...order.remove, ...order.put, ...heirs].map(({ group }) => group as DirectoryGroupId);
  const run = plan && (await insertPinRun(tx, connection, plan, context, now));
  const total = await mark(tx, connection, concerned, run, now);
  if (run !== undefined) await tx.updateRun(run, { addTotal: total }, now);
  const entry = auditEntry(context, now, action, plan ? { ...detail, digest: plan.digest } : detail);
  await tx.appendAudit([run === undefined ? entry : { ...entry, run }]);
  await tx.appendEvents([{ type: action, data: detail }], now);
  return run;
}

/** How many of the marks are the run's, if there is one. */
async function mark(
  tx: TenantWriter,
  connection: Connection,
  groups: readonly DirectoryGroupId[],
  run: RunId | undefined,
  now: Instant,
): Promise<number> {
  if (connection.protocol !== "scim") return tx.markConnection(connection.id, "pins", now, run);
  const members = await tx.usersOfGroups(groups);
  await tx.markDirty(members, "pins", now);
  return run === undefined ? 0 : tx.giveMarks(members, run);
}

async function insertPinRun(
  tx: TenantWriter,
  connection: Connection,
  { digest, summary, sheet }: PopulationPlan,
  context: Context,
  now: Instant,
): Promise<RunId> {
  await sheet?.finish(tx, digest, summary, REVIEWED_DAYS);
  return tx.insertRun(
    {
      ...{ trigger: "pins", status: "queued", connection: connection.id, digest, total: 0 },
      startedBy: authorOf(context),
      ...(sheet && { plan: sheet.id }),
    },
    now,
  );
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
  for (const group of freedBy(groups, order)) free.push(...ownNames(group));
  return tx.inheritNames(id, free, "waiting", now);
}
