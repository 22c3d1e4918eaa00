import { type Batches, createBatches } from "../model/batches.js";
import type { Connection, Tenant } from "../model/connection.js";
import type { DirectoryChange } from "../model/directory.js";
import type { RunId, TenantId, UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { reviewOf } from "./adopt.js";
import { authorOf, type Context, type Provisioning } from "./deps.js";
import { type Ingested, ingest } from "./ingest.js";
import type { Written } from "./ingest-state.js";
import { ingestTogether, isOfPerson, type PersonPush } from "./ingest-together.js";
import { recordNotices } from "./notices.js";
import type { TenantWriter } from "./ports/store.js";
import { type Reconciled, reconcilePeople } from "./reconcile.js";
import { secondsFrom } from "./runs/back-off.js";
import { type Subjects, subjectsWritten } from "./subjects.js";

/** What one SCIM request asks for. */
export interface Push {
  readonly tenant: Tenant;
  readonly connection: Connection;
  readonly changes: readonly DirectoryChange[];
  readonly context: Context;
  /** Where this is refused, the caller asks for less: an admin hears of what is refused then. */
  readonly hasFallback?: boolean;
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
export async function push(p: Provisioning, request: Push): Promise<Pushed> {
  const { stored, reconciled } = await take(p, request);
  await atMost(reconciled, p.settings.inlineMilliseconds);
  const { rows, run } = stored;
  return run === undefined ? { rows } : { rows, run };
}

/** What storing came to; the run that reconciles, where that is left to the worker; whom it touched, as they are with it. */
type Stored = Ingested & { readonly run?: RunId; readonly subjects?: Subjects | undefined };

/** A push that is stored. `reconciled` ends, and never fails, when nothing is left to be done for the answer. */
interface Taken {
  readonly stored: Stored;
  readonly reconciled: Promise<unknown>;
}

/** What became of one of several pushes: `refusal` is what to throw to who asked. */
export type Outcome = Taken | { readonly refusal: unknown };

/** Pushes of one transaction. */
const MOST_PUSHES = 100;
/** So long the next pushes wait for the people of those before: then they are reconciled together, too. */
const PACE_MILLISECONDS = 100;

/** One batch of a connection at a time: whoever comes meanwhile makes the next one larger, and each of them cheaper. */
export function createPushes(): Batches<PersonPush, Outcome> {
  return createBatches({ most: MOST_PUSHES, atOnce: 1, regroup });
}

/** About as long as a client and two look-ups take. */
const REGROUP_MILLISECONDS = 2;
/** Of what a batch took, where the machine is so busy that everything takes longer. */
const REGROUP_SHARE = 0.5;
const REGROUP_MOST_MILLISECONDS = 50;

function regroup(): (all: Promise<void>) => Promise<void> {
  const began = performance.now();
  return (all) => {
    const share = REGROUP_SHARE * (performance.now() - began);
    return atMost(all, Math.min(REGROUP_MOST_MILLISECONDS, Math.max(REGROUP_MILLISECONDS, share)));
  };
}

async function take(p: Provisioning, request: Push): Promise<Taken> {
  if (!isOfPerson(request)) return takeAlone(p, request);
  const { tenant, connection } = request;
  const key = `${tenant.id} ${connection.id} ${connection.sync}`;
  const outcome = await p.pushes.join(key, request, async (batch) => {
    const outcomes = await takeTogether(p, batch);
    await atMost(Promise.all(outcomes.map((one) => "reconciled" in one && one.reconciled)), PACE_MILLISECONDS);
    return outcomes;
  });
  if ("refusal" in outcome) throw outcome.refusal;
  return outcome;
}

/** INVARIANT: what is refused to one is refused to nobody else: whoever may be concerned by a refusal is tried again alone. */
async function takeTogether(
  p: Provisioning,
  batch: readonly [PersonPush, ...PersonPush[]],
): Promise<readonly Outcome[]> {
  const plain = batch.length === 1 ? undefined : await storeTogether(p, batch);
  return Promise.all(
    batch.map(async (request): Promise<Outcome> => {
      const stored = plain?.get(request);
      if (stored) return { stored, reconciled: startReconciling(p, request, stored) };
      return takeAlone(p, request).catch((refusal: unknown) => ({ refusal }));
    }),
  );
}

async function storeTogether(
  p: Provisioning,
  batch: readonly [PersonPush, ...PersonPush[]],
): Promise<ReadonlyMap<Push, Stored> | undefined> {
  const [{ tenant, connection }] = batch;
  const now = p.now();
  const lease = connection.sync === "live" ? secondsFrom(now, LEASE_SECONDS) : undefined;
  try {
    return await p.store.write(tenant.id, async (tx) => {
      const stored = await ingestTogether(tx, batch, now, lease);
      const touched = [...stored.values()].flatMap((one) => one.touched);
      if (lease === undefined || touched.length === 0) return stored;
      const subjects = await subjectsWritten(tx, [...new Set(touched)], connection.id);
      return new Map([...stored].map(([push, one]) => [push, { ...one, subjects }]));
    });
  } catch (refusal) {
    if (refusal instanceof Refusal) return undefined;
    throw refusal;
  }
}

async function takeAlone(p: Provisioning, request: Push): Promise<Taken> {
  const { tenant, connection, changes, context } = request;
  const now = p.now();
  const live = connection.sync === "live";
  const lease = live ? { most: p.settings.inlineUsers, until: secondsFrom(now, LEASE_SECONDS) } : undefined;
  try {
    const stored = await p.store.write(tenant.id, async (tx) => {
      const ingested = await ingest(tx, tenant, connection, changes, now, lease);
      await recordNotices(tx, ingested.notices, context, now);
      const { touched } = ingested;
      if (live && touched.length > p.settings.inlineUsers) {
        return { ...ingested, run: await startRun(p, tx, connection, ingested, context) };
      }
      const isSoon = live && isOfPerson(request) && touched.length > 0;
      return { ...ingested, ...(isSoon && { subjects: await subjectsWritten(tx, touched, connection.id) }) };
    });
    return { stored, reconciled: startReconciling(p, request, stored) };
  } catch (refusal) {
    if (!request.hasFallback) await keepForReview(p, tenant.id, connection, refusal);
    throw refusal;
  }
}

function startReconciling(p: Provisioning, { tenant, connection, context }: Push, { touched, run, subjects }: Stored) {
  if (connection.sync !== "live" || touched.length === 0) return Promise.resolve();
  if (run === undefined) return reconcileFully(p, tenant.id, { users: touched, context, subjects });
  p.wake();
  return Promise.resolve();
}

/** What is refused until an admin decides is put down for them, though nothing else of the request stays. Never throws: the refusal counts. */
async function keepForReview(
  p: Provisioning,
  tenant: TenantId,
  connection: Connection,
  refusal: unknown,
): Promise<void> {
  const review = refusal instanceof Refusal ? reviewOf(refusal) : undefined;
  if (review === undefined) return;
  await p.store
    .write(tenant, (tx) => tx.insertReviewItem({ ...review, connection: connection.id }, p.now()))
    .catch((fault: unknown) => p.log.fault("review_item.not_kept", fault, { tenant }));
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
  /** They and whoever else was stored with them, as they were then. */
  readonly subjects?: Subjects | undefined;
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

/** Reconciles whom a request touched before it answers, if that does not take too long; whoever is left is the worker's. */
export async function reconcileInline(p: Provisioning, tenant: TenantId, touched: Touched): Promise<void> {
  await atMost(reconcileFully(p, tenant, touched), p.settings.inlineMilliseconds);
}

/** Each request waits for its people alone to be done, with whomever else: none waits for one that comes after it. */
async function reconcileFully(p: Provisioning, tenant: TenantId, touched: Touched): Promise<void> {
  await leaveToWorker(p, tenant, await reconcileTouched(p, tenant, touched));
}

async function atMost(work: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
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
      // who moved since is read again
      const again = attempt === 0 ? touched : { users: left, context: touched.context };
      const { moved } = await p.touched.join(String(tenant), again, (batch) => reconcileBatch(p, tenant, batch));
      left = left.filter((user) => moved.includes(user));
    }
  } catch (fault) {
    p.log.fault("reconcile.inline_failed", fault, { tenant });
  }
  return left;
}

/** A database that is too busy or away to be told who is due is told again after so many milliseconds; in the end the lease runs out. */
const PAUSES = [0, 1000, 2000, 4000];

/** What was not done is due at once. */
async function leaveToWorker(p: Provisioning, tenant: TenantId, users: readonly UserId[]): Promise<void> {
  if (users.length === 0) return;
  for (const pause of PAUSES) {
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause).unref());
    if (await isToldDue(p, tenant, users)) break;
  }
  p.wake();
}

async function isToldDue(p: Provisioning, tenant: TenantId, users: readonly UserId[]): Promise<boolean> {
  try {
    await p.store.write(tenant, (tx) => tx.delayMarks(users, p.now()));
    return true;
  } catch (fault) {
    p.log.fault("reconcile.inline_failed", fault, { tenant });
    return false;
  }
}

/** Changes of a person whom several requests touched are on behalf of the last of them. */
async function reconcileBatch(
  p: Provisioning,
  tenant: TenantId,
  batch: readonly [Touched, ...Touched[]],
): Promise<readonly Reconciled[]> {
  const contexts = new Map(batch.flatMap(({ users, context }) => users.map((user) => [user, context] as const)));
  const [{ context, subjects }] = batch;
  const users = [...contexts.keys()];
  const areTheSame = batch.every((one) => one.subjects === subjects) && subjects?.states.length === users.length;
  const reconciled = await reconcilePeople(p, tenant, users, {
    ...{ context, contexts, remembered: "of_mapping" },
    ...(areTheSame && { subjects }),
  });
  return batch.map(() => reconciled);
}
