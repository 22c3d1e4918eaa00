import type { Connection, Tenant } from "../model/connection.js";
import type { DirectoryChange } from "../model/directory.js";
import type { RunId, TenantId, UserId } from "../model/ids.js";
import { authorOf, type Context, type Provisioning } from "./deps.js";
import { type Ingested, ingest, type Written } from "./ingest.js";
import type { TenantWriter } from "./ports/store.js";
import { recordPins } from "./pushed-pins.js";
import { reconcilePeople } from "./reconcile.js";

/** What one SCIM request asks for. */
export interface Push {
  readonly tenant: Tenant;
  readonly connection: Connection;
  readonly changes: readonly DirectoryChange[];
  readonly context: Context;
}

/** What it wrote, and what is still to come. */
export interface Pushed {
  /** One per change, in their order; `undefined` where nothing was written or nothing is left. */
  readonly rows: readonly Written[];
  /** Names the run that reconciles, when too many people were touched for the answer to wait. */
  readonly run?: RunId;
}

/**
 * A SCIM write: stores all changes or none, then, with sync live, reconciles who was touched before it answers.
 * INVARIANT: the answer never depends on access changes: once the facts are stored, a failing or slow reconcile leaves
 * its marks to the worker (design rule 9). Throws ingest's Refusals.
 */
export async function push(p: Provisioning, { tenant, connection, changes, context }: Push): Promise<Pushed> {
  const now = p.now();
  const { rows, touched, run } = await p.store.write(tenant.id, async (tx) => {
    const ingested = await ingest(tx, tenant, connection, changes, now);
    await recordPins(tx, ingested.notices, context, now);
    const many = connection.sync === "live" && ingested.touched.length > p.settings.inlineUsers;
    return { ...ingested, ...(many && { run: await startRun(p, tx, connection, ingested, context) }) };
  });
  if (connection.sync === "live" && touched.length > 0) {
    if (run === undefined) await reconcileInline(p, tenant.id, touched, context);
    else p.wake();
  }
  return run === undefined ? { rows } : { rows, run };
}

async function startRun(
  p: Provisioning,
  tx: TenantWriter,
  connection: Connection,
  { touched }: Ingested,
  context: Context,
): Promise<RunId> {
  const run = { trigger: "push", status: "queued", connection: connection.id, startedBy: authorOf(context) } as const;
  const id = await tx.insertRun({ ...run, total: 0 }, p.now());
  await tx.updateRun(id, { addTotal: await tx.giveMarks(touched, id) }, p.now());
  return id;
}

async function reconcileInline(
  p: Provisioning,
  tenant: TenantId,
  touched: readonly UserId[],
  context: Context,
): Promise<void> {
  const work = reconcilePeople(p, tenant, touched, { context }).then(
    ({ moved }) => {
      if (moved.length > 0) p.wake();
    },
    (fault: unknown) => {
      p.log.fault("reconcile.inline_failed", fault, { tenant });
      p.wake();
    },
  );
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, p.settings.inlineMilliseconds);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
