import { type Batches, createBatches } from "../model/batches.js";
import type { Connection, Tenant } from "../model/connection.js";
import type { DirectoryChange } from "../model/directory.js";
import type { RunId, TenantId, UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { reviewOf } from "./adopt.js";
import { authorOf, type Context, type Provisioning } from "./deps.js";
import { type Ingested, ingest } from "./ingest.js";
import type { Written } from "./ingest-state.js";
import { recordNotices } from "./notices.js";
import type { TenantWriter } from "./ports/store.js";
import { type Reconciled, reconcilePeople } from "./reconcile.js";
import { secondsFrom } from "./runs/back-off.js";

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
  const live = connection.sync === "live";
  const lease = live ? { most: p.settings.inlineUsers, until: secondsFrom(now, LEASE_SECONDS) } : undefined;
  const written = p.store.write(tenant.id, async (tx) => {
    const ingested = await ingest(tx, tenant, connection, changes, now, lease);
    await recordNotices(tx, ingested.notices, context, now);
    const many = live && ingested.touched.length > p.settings.inlineUsers;
    return { ...ingested, ...(many && { run: await startRun(p, tx, connection, ingested, context) }) };
  });
  const { rows, touched, run } = await written.catch(async (refusal: unknown) => {
    await keepForReview(p, tenant.id, connection, refusal);
    throw refusal;
  });
  if (live && touched.length > 0) {
    if (run === undefined) await reconcileInline(p, tenant.id, { users: touched, context });
    else p.wake();
  }
  return run === undefined ? { rows } : { rows, run };
}

/** What is refused until an admin decides is put down for them, though nothing else of the request stays. */
async function keepForReview(
  p: Provisioning,
  tenant: TenantId,
  connection: Connection,
  refusal: unknown,
): Promise<void> {
  const review = refusal instanceof Refusal ? reviewOf(refusal) : undefined;
  if (review === undefined) return;
  await p.store.write(tenant, (tx) => tx.insertReviewItem({ ...review, connection: connection.id }, p.now()));
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

/** Whom one request touched, and on whose behalf. */
export interface Touched {
  readonly users: readonly UserId[];
  readonly context: Context;
}

/** For so long the worker leaves people to the request that touched them. */
const LEASE_SECONDS = 15;
const ATTEMPTS = 3;
/** Of a tenant: whoever comes meanwhile makes the next batch larger, and each of them cheaper. */
const BATCHES_AT_ONCE = 1;

/** `most`: people of one batch. */
export function createTouchedPeople(most: number): Batches<Touched, Reconciled> {
  return createBatches({ most, weightOf: ({ users }) => users.length, atOnce: BATCHES_AT_ONCE });
}

/** Each request waits for its people alone to be done, with whomever else: none waits for one that comes after it. */
export async function reconcileInline(p: Provisioning, tenant: TenantId, touched: Touched): Promise<void> {
  const work = reconcileTouched(p, tenant, touched).then((left) => leaveToWorker(p, tenant, left));
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, p.settings.inlineMilliseconds);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}

/**
 * Who is left. Whose facts moved meanwhile is looked at again: the answer is to tell what the request came to, whoever else is
 * at work on them.
 */
async function reconcileTouched(p: Provisioning, tenant: TenantId, touched: Touched): Promise<readonly UserId[]> {
  let left = touched.users;
  try {
    for (let attempt = 0; attempt < ATTEMPTS && left.length > 0; attempt++) {
      const again = { ...touched, users: left };
      const { moved } = await p.touched.join(String(tenant), again, (batch) => reconcileBatch(p, tenant, batch));
      left = left.filter((user) => moved.includes(user));
    }
  } catch (fault) {
    p.log.fault("reconcile.inline_failed", fault, { tenant });
  }
  return left;
}

/** What was not done is due at once. */
async function leaveToWorker(p: Provisioning, tenant: TenantId, users: readonly UserId[]): Promise<void> {
  if (users.length === 0) return;
  await p.store
    .write(tenant, (tx) => tx.delayMarks(users, p.now()))
    .catch((fault: unknown) => p.log.fault("reconcile.inline_failed", fault, { tenant }));
  p.wake();
}

/** Changes of a person whom several requests touched are on behalf of the last of them. */
async function reconcileBatch(
  p: Provisioning,
  tenant: TenantId,
  batch: readonly [Touched, ...Touched[]],
): Promise<readonly Reconciled[]> {
  const contexts = new Map(batch.flatMap(({ users, context }) => users.map((user) => [user, context] as const)));
  const reconciled = await reconcilePeople(p, tenant, [...contexts.keys()], { context: batch[0].context, contexts });
  return batch.map(() => reconciled);
}
