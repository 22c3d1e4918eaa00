import type { Instant, TenantId, UserId } from "../../model/ids.js";
import { type Context, type Provisioning, WORKER } from "../deps.js";
import type { LeftToDo } from "../ports/access.js";
import type { ClaimedRun } from "../ports/runs.js";
import type { TenantWriter } from "../ports/store.js";
import { type Prepared, preparePeople, type ReconcileOptions } from "../reconcile.js";
import { BACK_OFF_SECONDS, secondsFrom } from "./back-off.js";
import { keepHeld } from "./held-run.js";
import { heldUsers } from "./held-runs.js";
import { reconcileApart } from "./reconcile-apart.js";

/** For people who are brought a mapping. */
export const MAPPING_WORKER: Context = { ...WORKER, door: "mapping" };

export interface RunPace {
  readonly size: number;
  lease(): Instant;
  published(): Promise<void>;
  stopped(): boolean;
}

/** A run whose people could not all be reconciled is taken up again, so often, and has failed then, but for a switch to off. */
const ATTEMPTS = 10;
/** People in one statement that moves nothing of theirs but the version. */
const AT_ONCE = 2000;
/** Whose facts move while they are let go is tried again at once, so often. */
const ROUNDS = 20;
/** After so many seconds a run looks again at people who are in somebody else's hands. */
const OTHERS_SECONDS = 1;

/** How far a run got: it has to stop for now, or there is nobody left to claim. */
type Worked = { readonly isOver: false } | { readonly isOver: true; readonly failed: number };

/**
 * Works a run to its end, batch by batch; resumable, since each batch is done for good, and counted, when its transaction
 * ends, and the lease of an abandoned run runs out. Always true: something was done.
 */
export async function workRun(p: Provisioning, tenant: TenantId, run: ClaimedRun, pace: RunPace): Promise<true> {
  try {
    const settled = await settleUnmoved(p, tenant, run, pace);
    const worked = settled ? await workPeople(p, tenant, run, pace) : ({ isOver: false } as const);
    if (worked.isOver) await end(p, tenant, run, worked.failed);
    else await p.store.write(tenant, (tx) => tx.updateRun(run.id, { status: "queued" }, p.now()));
  } catch (fault) {
    p.log.fault("worker.run_failed", fault, { tenant, run: run.id });
    await p.store.write(tenant, (tx) => tryAgain(p, tx, run, 0));
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
      await tx.updateRun(run.id, { addDone, leaseUntil: pace.lease() }, p.now());
    });
    await pace.published();
    if (pace.stopped()) return false;
  }
}

/** Everybody else. What was reviewed for mappings and switches is found by whoever reconciles the people concerned. */
function workPeople(p: Provisioning, tenant: TenantId, run: ClaimedRun, pace: RunPace): Promise<Worked> {
  return run.trigger === "held" ? releasePeople(p, tenant, run, pace) : workClaimed(p, tenant, run, pace);
}

/**
 * People by their marks or behind the version, whoever asked for them: each counts for the run whose they are. The next ones
 * are prepared while others are written. Who was claimed is worked before it stops, or would wait until the claim has run out.
 */
async function workClaimed(p: Provisioning, tenant: TenantId, run: ClaimedRun, pace: RunPace): Promise<Worked> {
  const context = run.mappingVersion === undefined ? WORKER : MAPPING_WORKER;
  const options: ReconcileOptions = { context, remembered: new Map() };
  const next = async (): Promise<Batch | undefined> => {
    const ids = await claimNext(p, tenant, run, pace);
    if (ids.length === 0) return undefined;
    const prepared = preparePeople(p, tenant, ids, options);
    // its failure is met by whoever works the batch, who may not be there yet
    prepared.catch(() => undefined);
    return { ids, prepared };
  };
  const work = async ({ ids, prepared }: Batch) => {
    await reconcileApart(p, tenant, ids, options, prepared);
    await pace.published();
  };
  let batch = await next();
  while (batch) {
    const stopped = pace.stopped();
    const [following] = await Promise.all([stopped ? undefined : next(), work(batch)]);
    if (stopped) return { isOver: false };
    // somebody whose facts moved in the batch just written is due again
    batch = following ?? (await next());
  }
  return { isOver: true, failed: 0 };
}

interface Batch {
  readonly ids: readonly UserId[];
  readonly prepared: Promise<Prepared>;
}

/** Takes the next people, and keeps the run, for the length of a lease. */
function claimNext(
  p: Provisioning,
  tenant: TenantId,
  { id, mappingVersion }: ClaimedRun,
  { size, lease }: RunPace,
): Promise<readonly UserId[]> {
  return p.store.write(tenant, async (tx) => {
    const [now, until] = [p.now(), lease()];
    await tx.updateRun(id, { leaseUntil: until }, now);
    if (mappingVersion === undefined) return tx.claimMarks(now, until, size);
    return tx.claimBehind(mappingVersion, now, until, size);
  });
}

async function releasePeople(p: Provisioning, tenant: TenantId, run: ClaimedRun, pace: RunPace): Promise<Worked> {
  const reader = p.store.read(tenant);
  // INVARIANT: what nobody has reviewed stays held, also where it came about after the release
  const approval = run.plan === undefined ? "none" : await p.approvals.ofPlan(reader, run.plan);
  const options: ReconcileOptions = { context: WORKER, approval, releasedRun: run.id, remembered: new Map() };
  let people = await heldUsers(reader, run.id);
  let failed = 0;
  for (let round = 0; round < ROUNDS && people.length > 0; round++) {
    const again: UserId[] = [];
    for (let at = 0; at < people.length; at += pace.size) {
      await p.store.write(tenant, (tx) => tx.updateRun(run.id, { leaseUntil: pace.lease() }, p.now()));
      const batch = await reconcileApart(p, tenant, people.slice(at, at + pace.size), options);
      again.push(...batch.moved);
      failed += batch.failed.length;
      await pace.published();
      if (pace.stopped()) return { isOver: false };
    }
    people = again;
  }
  return { isOver: true, failed };
}

/** Ends the run, unless somebody who is part of it is not done. */
async function end(p: Provisioning, tenant: TenantId, run: ClaimedRun, failedNow: number): Promise<void> {
  await p.store.write(tenant, async (tx) => {
    const now = p.now();
    // another switch may have taken its place meanwhile
    if ((await tx.run(run.id))?.finishedAt !== undefined) return;
    const { claimed, failed } = await leftToDo(tx, run, failedNow);
    // INVARIANT: what was confirmed for a switch counts while its run is open, so that it stays open for the last of its people
    if (claimed > 0) await tx.updateRun(run.id, { leaseUntil: secondsFrom(now, OTHERS_SECONDS) }, now);
    else if (failed > 0 && isTriedAgain(run)) await tryAgain(p, tx, run, failed);
    else await finish(tx, run, failed, now);
  });
}

async function leftToDo(tx: TenantWriter, run: ClaimedRun, failed: number): Promise<LeftToDo> {
  if (run.trigger === "held") return { claimed: 0, failed };
  return run.mappingVersion === undefined ? tx.leftOfRun(run.id) : tx.leftBehind(run.mappingVersion);
}

/** Of other runs, whoever failed is tried again without them. */
function isTriedAgain({ trigger }: ClaimedRun): boolean {
  return (
    trigger === "go_live" || trigger === "disable" || trigger === "convert" || trigger === "pins" || trigger === "held"
  );
}

/**
 * Puts the run off; when its trouble does not pass, it has failed, and people held in it wait in a held run again. INVARIANT:
 * nobody stays registered because a switch to off gave up on them: they leave while its run is open, so that it never does.
 */
async function tryAgain(p: Provisioning, tx: TenantWriter, run: ClaimedRun, failed: number): Promise<void> {
  const now = p.now();
  if ((run.counts["attempts"] ?? 0) + 1 >= ATTEMPTS && run.trigger !== "disable") {
    const addCounts = failed > 0 ? { failed } : {};
    await letGoOfPeople(tx, run, now);
    await tx.updateRun(run.id, { status: "failed", addCounts, error: "some people could not be reconciled" }, now);
    await keepHeld(tx, run, [], WORKER, now);
  } else {
    const leaseUntil = secondsFrom(now, BACK_OFF_SECONDS);
    await tx.updateRun(run.id, { status: "running", addCounts: { attempts: 1 }, leaseUntil }, now);
  }
}

async function finish(tx: TenantWriter, run: ClaimedRun, failed: number, now: Instant): Promise<void> {
  if (failed > 0) await letGoOfPeople(tx, run, now);
  const stay = run.trigger === "held" ? await tx.heldReasons([run.id]) : [];
  const addCounts = {
    ...Object.fromEntries(stay.map(({ reason, people }) => [reason, people])),
    ...(failed > 0 && { failed }),
  };
  await tx.updateRun(run.id, { status: "done", addCounts }, now);
  await keepHeld(tx, run, [], WORKER, now);
  await tx.appendEvents([{ type: "run.done", data: { run: run.id, trigger: run.trigger } }], now);
}

/** Whoever is left is tried again all the same, as part of the run that waits for them next, if one does. */
async function letGoOfPeople(tx: TenantWriter, { id }: ClaimedRun, now: Instant): Promise<void> {
  for (const [next, addTotal] of await tx.passMarksOn(id)) await tx.updateRun(next, { addTotal }, now);
}
