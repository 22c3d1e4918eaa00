/** The worker owns everything that goes on without a request: waiting marks, runs, what falls due, and publishing events. */
import type { TenantId, UserId } from "../../model/ids.js";
import { type Provisioning, WORKER } from "../deps.js";
import { recheckDomains } from "../domains.js";
import type { ClaimedRun } from "../ports/runs.js";
import { secondsFrom } from "./back-off.js";
import { describeEverybody } from "./describe-everybody.js";
import { takeWakeups } from "./due.js";
import { reconcileApart } from "./reconcile-apart.js";
import { createRefreshes, type Refreshes } from "./refreshes.js";
import { createRests } from "./rests.js";
import { MAPPING_WORKER, workRun } from "./run-work.js";

const BATCH = 250;
const EVENTS = 1000;
/**
 * For so long nobody else takes what a worker has claimed; renewed with each batch. A batch takes about a second; one that takes
 * longer than this may be done twice at most, and the second time finds nothing to change or to count.
 */
const LEASE_SECONDS = 15;
const TENANTS = 100;
const TENANTS_AT_ONCE = 4;
/** Batches of a visit, after which other tenants have their turn. */
const TURN = 10;
/** Visits beyond their turn, by a run that cannot stop midway, take no place from others, up to this many visits. */
const VISITS = 8;
const SWEEP_SECONDS = 60;

/** The loop that does what is due. */
export interface Worker {
  /** Looks for work now rather than at the next poll. */
  wake(): void;
  /** Finishes what is under way and stops. */
  stop(): Promise<void>;
}

/**
 * Starts the loop. A few tenants are worked on side by side, each for a bounded turn, and then the next ones, so that no
 * tenant's bulk makes another wait for long; a tenant whose visit failed waits itself, longer each time. Several instances may run workers on one database: marks and runs are leased.
 */
export function startWorker(p: Provisioning): Worker {
  let stopped = false;
  let woken = false;
  /** Somebody had no place in the last round. */
  let waiting = false;
  let sweepAt = p.now();
  let nudge: () => void = () => {};
  let last: TenantId | undefined;
  const rests = createRests();
  const refreshes = createRefreshes(p, () => stopped);
  const visits = new Map<TenantId, Visit>();

  const hasPlace = () => {
    const inTurn = [...visits.values()].filter((visit) => !visit.turn.isOver()).length;
    return inTurn < TENANTS_AT_ONCE && visits.size < VISITS;
  };
  const begin = (tenant: TenantId) => {
    const turn = startTurn(() => stopped);
    const done = visitTenant(p, tenant, turn, refreshes).then((visited) => {
      visits.delete(tenant);
      if (visited === "failed") rests.failed(tenant, p.now());
      else rests.succeeded(tenant);
      // INVARIANT: a failure wakes nobody, or one tenant's fault would keep the worker spinning; neither does a visit that
      // found nothing but events, which come as long as there are requests: the next poll is soon enough for them.
      if (visited === "worked" || (visited === "idle" && waiting)) wake();
    });
    visits.set(tenant, { turn, done });
  };

  const round = async () => {
    waiting = false;
    for (const tenant of await p.store.instance.tenantsWithWork(p.now(), TENANTS, last)) {
      waiting = !hasPlace();
      if (waiting) break;
      last = tenant;
      if (!visits.has(tenant) && !rests.isResting(tenant, p.now())) begin(tenant);
    }
    const now = p.now();
    if (now >= sweepAt) {
      sweepAt = secondsFrom(now, SWEEP_SECONDS);
      await p.store.instance.sweep(now, p.settings.sessions);
    }
  };
  const pause = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, p.settings.workerPollMilliseconds);
      nudge = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const loop = async () => {
    while (!stopped) {
      woken = false;
      await round().catch((fault: unknown) => p.log.fault("worker.round_failed", fault));
      if (!woken && !stopped) await pause();
    }
    await Promise.all([...visits.values()].map((visit) => visit.done));
  };
  const wake = () => {
    woken = true;
    nudge();
  };
  const running = loop();
  const described = describeEverybody(p, () => stopped).catch((fault: unknown) =>
    p.log.fault("worker.describe_failed", fault),
  );
  return {
    wake,
    async stop() {
      stopped = true;
      nudge();
      await Promise.all([running, described]);
      await refreshes.finished();
    },
  };
}

/** How far a visit may go on. */
interface Turn {
  batchDone(): void;
  isOver(): boolean;
  isStopped(): boolean;
}

interface Visit {
  readonly turn: Turn;
  readonly done: Promise<void>;
}

function startTurn(isStopped: () => boolean): Turn {
  let batches = 0;
  return {
    batchDone() {
      batches++;
    },
    isOver: () => isStopped() || batches >= TURN,
    isStopped,
  };
}

/** Idle: there was nothing to do but to publish events. */
async function visitTenant(
  p: Provisioning,
  tenant: TenantId,
  turn: Turn,
  refreshes: Refreshes,
): Promise<"worked" | "idle" | "failed"> {
  try {
    const { stale, domains } = await takeWakeups(p, tenant, WORKER);
    for (const id of stale) refreshes.add(tenant, id);
    await recheckDomains(p, tenant, domains);
    let visited: "worked" | "idle" = "idle";
    let more = true;
    while (more && !turn.isOver()) {
      const { run, marked } = await claimWork(p, tenant);
      more = run ? await workRun(p, tenant, run, paceOf(p, tenant, run, turn)) : await workMarks(p, tenant, marked);
      if (run || more) visited = "worked";
      turn.batchDone();
      await publish(p, tenant);
    }
    return visited;
  } catch (fault) {
    p.log.fault("worker.tenant_failed", fault, { tenant });
    return "failed";
  }
}

function paceOf(p: Provisioning, tenant: TenantId, run: ClaimedRun, turn: Turn) {
  // It walks its people from the start each time it is taken up: in turns, a large one would never end.
  const startsAnew = run.trigger === "held";
  return {
    size: BATCH,
    lease: () => secondsFrom(p.now(), LEASE_SECONDS),
    stopped: startsAnew ? turn.isStopped : turn.isOver,
    /** After each batch of a run: events go out while the run goes on. */
    async published() {
      turn.batchDone();
      await publish(p, tenant);
    },
  };
}

interface ClaimedWork {
  readonly run?: ClaimedRun;
  readonly marked: readonly UserId[];
}

/** A run, or else marks. */
function claimWork(p: Provisioning, tenant: TenantId): Promise<ClaimedWork> {
  const now = p.now();
  const lease = secondsFrom(now, LEASE_SECONDS);
  return p.store.write(tenant, async (tx) => {
    const run = await tx.claimRun(now, lease);
    return run ? { run, marked: [] } : { marked: await tx.claimMarks(now, lease, BATCH) };
  });
}

/** Waiting marks, one batch; true when there may be more. */
async function workMarks(p: Provisioning, tenant: TenantId, ids: readonly UserId[]): Promise<boolean> {
  if (ids.length === 0) return workBehind(p, tenant);
  await reconcileApart(p, tenant, ids, { context: WORKER });
  return true;
}

/** People behind the active version whom nobody looks after right now: its run was left, or has ended without them. */
async function workBehind(p: Provisioning, tenant: TenantId): Promise<boolean> {
  const { activeVersion } = await p.store.read(tenant).tenantNow();
  const now = p.now();
  const ids = await p.store.write(tenant, (tx) =>
    tx.claimBehind(activeVersion, now, secondsFrom(now, LEASE_SECONDS), BATCH),
  );
  if (ids.length > 0) await reconcileApart(p, tenant, ids, { context: MAPPING_WORKER });
  return ids.length > 0;
}

async function publish(p: Provisioning, tenant: TenantId): Promise<void> {
  let published: number;
  do published = await p.store.write(tenant, (tx) => tx.publishEvents(p.now(), EVENTS));
  while (published === EVENTS);
}
