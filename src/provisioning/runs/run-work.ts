import type { Instant, TenantId, UserId } from "../../model/ids.js";
import type { Context, Provisioning } from "../deps.js";
import type { ClaimedRun } from "../ports/runs.js";
import type { TenantWriter } from "../ports/store.js";
import { type Prepared, preparePeople, type ReconcileOptions } from "../reconcile.js";
import { BACK_OFF_SECONDS, secondsFrom } from "./back-off.js";
import { heldUsers } from "./held-runs.js";
import { reconcileApart } from "./reconcile-apart.js";

const WORKER: Context = { actor: { kind: "worker" }, door: "worker" };

export interface RunPace {
  readonly size: number;
  lease(): Instant;
  published(): Promise<void>;
  stopped(): boolean;
}

/** A run whose people could not all be reconciled is taken up again, so often, and has failed then. */
const ATTEMPTS = 10;
/** People in one statement that moves nothing of theirs but the version. */
const AT_ONCE = 2000;
/** Whose facts move while a run is at them is tried again at once, so often. */
const ROUNDS = 20;

/**
 * Works a run to its end, batch by batch; resumable, since each batch is done for good when its transaction ends and the
 * lease of an abandoned run runs out. Always true: something was done.
 */
export async function workRun(p: Provisioning, tenant: TenantId, run: ClaimedRun, pace: RunPace): Promise<true> {
  try {
    const failed = new Set<UserId>();
    const work = { run, options: optionsOf(run), failed };
    const isOver = (await settleUnmoved(p, tenant, run, pace)) && (await workPeople(p, tenant, work, pace));
    if (!isOver) {
      await p.store.write(tenant, (tx) => tx.updateRun(run.id, { status: "queued" }, p.now()));
      return true;
    }
    if (failed.size > 0 && isSwitch(run)) await tryAgain(p, tenant, run);
    else await finish(p, tenant, run);
  } catch (fault) {
    p.log.fault("worker.run_failed", fault, { tenant, run: run.id });
    await tryAgain(p, tenant, run);
  }
  return true;
}

/** Whom the save found unmoved; false when it has to stop before everybody is done. */
async function settleUnmoved(p: Provisioning, tenant: TenantId, run: ClaimedRun, pace: RunPace): Promise<boolean> {
  const version = run.mappingVersion;
  if (version === undefined) return true;
  for (;;) {
    const people = p.unmoved.take(tenant, version, AT_ONCE);
    if (people.length === 0) return true;
    await p.store.write(tenant, async (tx) => {
      const addDone = await tx.settleUnmoved(people, version);
      await tx.updateRun(run.id, { status: "running", addDone, leaseUntil: pace.lease() }, p.now());
    });
    await pace.published();
    if (pace.stopped()) return false;
  }
}

/**
 * Everybody else, the next ones prepared while others are written; false when it has to stop before they are done. Who was
 * claimed is worked before it stops, or would wait until the claim has run out.
 */
async function workPeople(p: Provisioning, tenant: TenantId, work: RunWork, pace: RunPace): Promise<boolean> {
  const people = peopleOf(p, tenant, work.run, pace);
  const next = async (): Promise<Batch | undefined> => {
    const ids = await people();
    if (ids.length === 0) return undefined;
    const prepared = preparePeople(p, tenant, ids, work.options);
    // its failure is met by whoever works the batch, who may not be there yet
    prepared.catch(() => undefined);
    return { ids, prepared };
  };
  // whoever is held stays in the list until the release is written
  const mayLookAhead = work.run.trigger !== "held";
  let batch = await next();
  while (batch) {
    const stopped = pace.stopped();
    const ahead = mayLookAhead && !stopped ? next() : undefined;
    const [following] = await Promise.all([ahead, workBatch(p, tenant, work, batch, pace)]);
    if (stopped) return false;
    // somebody whose facts moved in the batch just written is due again
    batch = following ?? (await next());
  }
  return true;
}

interface Batch {
  readonly ids: readonly UserId[];
  readonly prepared: Promise<Prepared>;
}

/** What was confirmed for a switch counts as long as its run is open, so that it stays open for the last of its people. */
function isSwitch({ trigger }: ClaimedRun): boolean {
  return trigger === "go_live" || trigger === "disable" || trigger === "convert";
}

/** Puts the run off; when its trouble does not pass, it has failed, and people held in it wait in a held run again. */
async function tryAgain(p: Provisioning, tenant: TenantId, run: ClaimedRun): Promise<void> {
  const now = p.now();
  const last = (run.counts["attempts"] ?? 0) + 1 >= ATTEMPTS;
  await p.store.write(tenant, async (tx) => {
    if (last) {
      await tx.updateRun(run.id, { status: "failed", error: "some people could not be reconciled" }, now);
      await reopenHeld(tx, run, now);
    } else {
      const leaseUntil = secondsFrom(now, BACK_OFF_SECONDS);
      await tx.updateRun(run.id, { status: "running", addCounts: { attempts: 1 }, leaseUntil }, now);
    }
  });
}

async function finish(p: Provisioning, tenant: TenantId, run: ClaimedRun): Promise<void> {
  const now = p.now();
  await p.store.write(tenant, async (tx) => {
    await tx.updateRun(run.id, { status: "done" }, now);
    await reopenHeld(tx, run, now);
    await tx.appendEvents([{ type: "run.done", data: { run: run.id, trigger: run.trigger } }], now);
  });
}

const LEFT_OVER = 100_000;

/** INVARIANT: nobody stays held under a run that is over: who could not be released waits in the connection's held run. */
async function reopenHeld(tx: TenantWriter, run: ClaimedRun, now: Instant): Promise<void> {
  const left = run.trigger === "held" ? await tx.heldPeople(run.id, { afterSeq: 0, limit: LEFT_OVER }) : [];
  if (left.length === 0 || run.connection === undefined) return;
  const versions = new Map((await tx.people(left.map((one) => one.user))).map((one) => [one.id, one.factsVersion]));
  const people = left.map(({ user, reason, detail }) => {
    return { user, reason, detail, factsVersion: versions.get(user) ?? 0 };
  });
  const open =
    (await tx.heldRun(run.connection))?.id ??
    (await tx.insertRun({ trigger: "held", status: "held", connection: run.connection, total: 0 }, now));
  await tx.hold(open, people, now);
  await tx.updateRun(open, { addTotal: people.length }, now);
}

/** What was reviewed for mappings and switches is found by whoever reconciles the people concerned. */
function optionsOf(run: ClaimedRun): ReconcileOptions {
  const context: Context = { ...WORKER, door: run.trigger === "mapping" ? "mapping" : "worker" };
  const base: ReconcileOptions = { context, run: run.id, remembered: new Map() };
  return run.trigger === "held" ? { ...base, approval: "all", releasing: true } : base;
}

/** Gives who is left to do, a batch at a time and found anew for each; nobody when the run is over. */
type People = () => Promise<readonly UserId[]>;

function peopleOf(p: Provisioning, tenant: TenantId, run: ClaimedRun, { size, lease }: RunPace): People {
  if (run.trigger === "held") return releasedPeople(p, tenant, run, size);
  const version = run.mappingVersion;
  return () =>
    p.store.write(tenant, (tx) =>
      version === undefined ? tx.claimMarks(p.now(), lease(), size) : tx.claimBehind(version, p.now(), lease(), size),
    );
}

function releasedPeople(p: Provisioning, tenant: TenantId, run: ClaimedRun, size: number): People {
  let people: readonly UserId[] = [];
  let rounds = 0;
  return async () => {
    if (people.length === 0 && rounds++ < ROUNDS) people = await heldUsers(p.store.read(tenant), run.id);
    const batch = people.slice(0, size);
    people = people.slice(size);
    return batch;
  };
}

/**
 * People behind a mapping, also beside a run that is worked on elsewhere or whose process died: where a run is to bring them
 * the version, what is done counts as its work, in its figures and in the audit.
 */
export async function workBehindOf(
  p: Provisioning,
  tenant: TenantId,
  version: number,
  ids: readonly UserId[],
): Promise<void> {
  const run = (await p.store.read(tenant).openRuns()).find((one) => one.mappingVersion === version);
  const { done, counts } = await reconcileApart(p, tenant, ids, run ? optionsOf(run) : { context: WORKER });
  if (run) await p.store.write(tenant, (tx) => tx.updateRun(run.id, { addDone: done, addCounts: counts }, p.now()));
}

interface RunWork {
  readonly run: ClaimedRun;
  readonly options: ReconcileOptions;
  /** Whose mark waits for another attempt; somebody who is done later has failed no more. */
  readonly failed: Set<UserId>;
}

async function workBatch(
  p: Provisioning,
  tenant: TenantId,
  { run, options, failed }: RunWork,
  { ids, prepared }: Batch,
  pace: RunPace,
): Promise<void> {
  const { done, failed: again, counts } = await reconcileApart(p, tenant, ids, options, prepared);
  for (const id of ids) failed.delete(id);
  for (const id of again) failed.add(id);
  const change = { status: "running", addDone: done, addCounts: counts, leaseUntil: pace.lease() } as const;
  await p.store.write(tenant, (tx) => tx.updateRun(run.id, change, p.now()));
  await pace.published();
}
