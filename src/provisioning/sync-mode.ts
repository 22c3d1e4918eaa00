/** Sync mode owns the switch between off, test and live: always previewed, applied as reviewed, never in need of a resend. */
import type { Connection, OnDisable, Tenant } from "../model/connection.js";
import type { Instant, RunId } from "../model/ids.js";
import type { RunTrigger } from "../model/plan.js";
import { Refusal } from "../model/problem.js";
import { auditEntry, authorOf, type Context, type Provisioning } from "./deps.js";
import type { Overlay } from "./gather.js";
import { joinDoubles, joinsOf } from "./join-doubles.js";
import { recordClosed } from "./manual-grants.js";
import { endRefresh } from "./metadata-refresh.js";
import type { TenantReader, TenantWriter } from "./ports/store.js";
import { planConfirmed } from "./preview/confirm.js";
import { REVIEWED_DAYS } from "./preview/plan-sheet.js";
import { type PopulationPlan, type PopulationQuery, type Preview, storePreview } from "./preview/population.js";

/** A switch of a connection's SCIM. */
export interface SyncSwitch {
  readonly to: "live" | "off";
  /** For `off`: what becomes of people who are synced now. */
  readonly onDisable?: OnDisable;
}

/** What the switch would do now, to everybody it concerns. Refusals: `not_found`, `on_disable_required`. */
export async function previewSync(p: Provisioning, tenant: Tenant, slug: string, change: SyncSwitch): Promise<Preview> {
  const reader = p.store.read(tenant.id);
  const connection = await connectionNamed(reader, slug);
  const query = change.to === "live" ? await liveQuery(reader, connection) : offQuery(connection, change.onDisable);
  return storePreview(p, reader, query);
}

/**
 * Moves a connection to live: the documents it holds become evidence. What the preview with this digest showed passes the
 * brake; without one the plan must be empty, else Refusal `digest_required`; `plan_changed` when more would be lost.
 */
export async function goLive(
  p: Provisioning,
  tenant: Tenant,
  slug: string,
  digest: string | undefined,
  context: Context,
): Promise<{ readonly run: RunId }> {
  const reader = p.store.read(tenant.id);
  const connection = await connectionNamed(reader, slug);
  if (connection.protocol === "local") {
    throw new Refusal("bad_request", "the built-in connection `local` has no SCIM face");
  }
  const query = await liveQuery(reader, connection);
  const plan = await confirmedPlan(p, reader, query, digest);
  const run = await p.store.write(tenant.id, async (tx) => {
    await tx.lockTenant();
    const now = p.now();
    await tx.updateConnection(connection.id, { sync: "live", syncChosen: true }, now);
    await joinDoubles(tx, connection, context, now);
    return startRun(p, tx, { connection, trigger: "go_live", plan, query, context });
  });
  p.wake();
  return { run };
}

/**
 * Moves a connection off. From live, `convert` keeps what people hold and makes it theirs by hand, `deactivate` ends the
 * accounts that no other live source keeps. Documents stay. Refusals as for `goLive`, and `on_disable_required`.
 */
export async function turnSyncOff(
  p: Provisioning,
  tenant: Tenant,
  connection: Connection,
  options: { readonly onDisable?: OnDisable; readonly digest?: string; readonly disable?: boolean },
  context: Context,
): Promise<{ readonly run?: RunId }> {
  const now = p.now();
  const off = { sync: "off" as const, syncChosen: true, ...(options.disable && { disabledAt: now }) };
  const query = offQuery(connection, options.onDisable);
  await refuseSilentEnd(p.store.read(tenant.id), connection, options);
  const plan = await confirmedPlan(p, p.store.read(tenant.id), query, options.digest);
  const run = await p.store.write(tenant.id, async (tx) => {
    await tx.lockTenant();
    // INVARIANT: what was theirs while SCIM counted goes on closing doors, whatever people are called while it does not.
    await tx.keepNamesOfLive(connection.id);
    await tx.updateConnection(connection.id, off, now);
    if (options.disable) await endRefresh(tx, connection.id, now);
    if (options.onDisable === "convert") {
      const reason = "sync was switched off";
      const said = { by: authorOf(context), reason, endReason: `converted to a grant by hand: ${reason}` };
      await recordClosed(tx, await tx.convertGrants(connection.id, said, now), reason, context, now);
    }
    // Documents in test mode are no evidence: nobody leaves by them.
    const trigger = options.onDisable === "deactivate" && connection.sync === "live" ? "disable" : "convert";
    return startRun(p, tx, { connection, trigger, plan, query, context });
  });
  p.wake();
  return { run };
}

/** A connection that gave people access does not end without a word on what becomes of it. */
async function refuseSilentEnd(
  reader: TenantReader,
  connection: Connection,
  { disable, onDisable }: { readonly disable?: boolean; readonly onDisable?: OnDisable },
): Promise<void> {
  if (disable && onDisable === undefined && (await reader.countPeople(connection.id)) > 0) throw silentEnd();
}

function silentEnd(): Refusal {
  return new Refusal(
    "on_disable_required",
    "say what becomes of the connection's users: `onDisable` is `convert` or `deactivate`",
  );
}

/** The pretence under which people leave by a connection that is switched off. */
function leavingOverlay(connection: Connection): Overlay {
  return new Map([[connection.id, { sync: "live", leaving: true }]]);
}

/** The end of a conversion: what the connection gave is everybody's by hand, and what was pushed is no evidence. */
function convertedOverlay(connection: Connection): Overlay {
  return new Map([[connection.id, { sync: "off", converted: true }]]);
}

async function connectionNamed(reader: TenantReader, slug: string): Promise<Connection> {
  const connection = await reader.connectionBySlug(slug);
  if (!connection) throw new Refusal("not_found", `no connection \`${slug}\``);
  return connection;
}

/** Everybody as the connection's documents will have them, and those who become one by it. */
async function liveQuery(reader: TenantReader, connection: Connection): Promise<PopulationQuery> {
  const { id, slug } = connection;
  const overlay: Overlay = new Map([[id, { sync: "live", joins: await joinsOf(reader, connection) }]]);
  return { connection: id, subject: `${slug}:live:`, kind: "go_live", overlay };
}

function offQuery(connection: Connection, onDisable: OnDisable | undefined): PopulationQuery {
  const base = { connection: connection.id, subject: `${connection.slug}:off:${onDisable ?? ""}` };
  if (connection.sync !== "live") return { ...base, kind: "disable", people: [] };
  if (onDisable === undefined) {
    throw silentEnd();
  }
  const overlay = onDisable === "convert" ? convertedOverlay(connection) : leavingOverlay(connection);
  return { ...base, kind: "disable", overlay };
}

async function confirmedPlan(
  p: Provisioning,
  reader: TenantReader,
  query: PopulationQuery,
  digest: string | undefined,
): Promise<PopulationPlan> {
  const plan = await planConfirmed(p, reader, query, digest);
  if (digest === undefined && plan.lines > 0) {
    throw new Refusal("digest_required", "this changes access: preview it, and confirm it with the preview's `digest`");
  }
  return plan;
}

interface Start {
  readonly connection: Connection;
  readonly trigger: Extract<RunTrigger, "go_live" | "disable" | "convert">;
  readonly plan: PopulationPlan;
  readonly query: PopulationQuery;
  readonly context: Context;
}

/** INVARIANT: people leave by a switch to off no more once another switch of the connection has followed on it. */
async function takePlaceOfDisable(tx: TenantWriter, { id }: Connection, now: Instant): Promise<void> {
  const error = "another switch of the connection took its place";
  for (const run of await tx.openRuns()) {
    if (run.trigger === "disable" && run.connection === id)
      await tx.updateRun(run.id, { status: "failed", error }, now);
  }
}

async function startRun(p: Provisioning, tx: TenantWriter, start: Start): Promise<RunId> {
  const now = p.now();
  await takePlaceOfDisable(tx, start.connection, now);
  const { digest, summary, sheet } = start.plan;
  await sheet?.finish(tx, digest, summary, REVIEWED_DAYS);
  const plan = sheet && { plan: sheet.id };
  const run = await tx.insertRun(
    {
      trigger: start.trigger,
      status: "queued",
      connection: start.connection.id,
      digest,
      ...plan,
      total: 0,
      startedBy: authorOf(start.context),
    },
    now,
  );
  const cause = start.trigger === "go_live" ? "go_live" : "disable";
  await tx.updateRun(run, { addTotal: await tx.markConnection(start.connection.id, cause, now, run) }, now);
  const detail = { connection: start.connection.slug, digest };
  await tx.appendAudit([{ ...auditEntry(start.context, now, `connection.${start.trigger}`, detail), run }]);
  return run;
}
