/** The worker owns everything that goes on without a request: waiting marks, runs, what falls due, and publishing events. */
import type { ConnectionId, Instant, TenantId, UserId } from "../model/ids.js";
import type { Context, Provisioning } from "./deps.js";
import { expireGrant } from "./manual-grants.js";
import { scheduleMapping } from "./mapping-schedule.js";
import { reconcilePeople } from "./reconcile.js";
import { workRun } from "./run-work.js";

const BATCH = 500;
const EVENTS = 1000;
const LEASE_SECONDS = 60;
const BACK_OFF_SECONDS = 30;
const TENANTS = 100;
const TENANTS_AT_ONCE = 4;
const SWEEP_SECONDS = 60;
const WORKER: Context = { actor: { kind: "worker" }, door: "worker" };

export interface Worker {
  /** Looks for work now rather than at the next poll. */
  wake(): void;
  /** Finishes what is under way and stops. */
  stop(): Promise<void>;
}

/**
 * Starts the loop. A few tenants are worked on side by side, each in batches, so that no tenant's bulk makes another wait
 * for long. Several instances may run workers on one database: marks and runs are leased.
 */
export function startWorker(p: Provisioning): Worker {
  let stopped = false;
  let woken = false;
  let sweepAt = p.now();
  let nudge: () => void = () => {};
  const visits = new Map<TenantId, Promise<void>>();

  const round = async () => {
    const waiting = await p.store.instance.tenantsWithWork(p.now(), TENANTS);
    for (const tenant of waiting) {
      if (visits.has(tenant) || visits.size >= TENANTS_AT_ONCE) continue;
      const visit = visitTenant(p, tenant, () => stopped).finally(() => {
        visits.delete(tenant);
        wake();
      });
      visits.set(tenant, visit);
    }
    const now = p.now();
    if (now >= sweepAt) {
      sweepAt = secondsFrom(now, SWEEP_SECONDS);
      await p.store.instance.sweep(now);
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
    await Promise.all(visits.values());
  };
  const wake = () => {
    woken = true;
    nudge();
  };
  const running = loop();
  return {
    wake,
    async stop() {
      stopped = true;
      nudge();
      await running;
    },
  };
}

async function visitTenant(p: Provisioning, tenant: TenantId, stopped: () => boolean): Promise<void> {
  try {
    await takeWakeups(p, tenant);
    let more = true;
    while (more && !stopped()) {
      const run = await p.store.write(tenant, (tx) => tx.claimRun(p.now(), secondsFrom(p.now(), LEASE_SECONDS)));
      more = run ? await workRun(p, tenant, run, { ...batches(p, tenant), stopped }) : await workMarks(p, tenant);
      await publish(p, tenant);
    }
  } catch (fault) {
    p.log.fault("worker.tenant_failed", fault, { tenant });
  }
}

function batches(p: Provisioning, tenant: TenantId) {
  return {
    size: BATCH,
    lease: () => secondsFrom(p.now(), LEASE_SECONDS),
    /** After each batch of a run: events go out while the run goes on. */
    published: () => publish(p, tenant),
  };
}

/** Waiting marks, one batch; true when there may be more. A batch that fails is put off as a whole, and tried again one by one. */
async function workMarks(p: Provisioning, tenant: TenantId): Promise<boolean> {
  const now = p.now();
  const ids = await p.store.write(tenant, (tx) => tx.claimMarks(now, secondsFrom(now, LEASE_SECONDS), BATCH));
  if (ids.length === 0) return workBehind(p, tenant);
  await reconcileOrDelay(p, tenant, ids);
  return true;
}

/** People behind the active version whom no run is looking after: its run ended early, or they came meanwhile. */
async function workBehind(p: Provisioning, tenant: TenantId): Promise<boolean> {
  const { activeVersion } = await p.store.read(tenant).tenantNow();
  const now = p.now();
  const ids = await p.store.write(tenant, (tx) =>
    tx.claimBehind(activeVersion, now, secondsFrom(now, LEASE_SECONDS), BATCH),
  );
  if (ids.length > 0) await reconcileOrDelay(p, tenant, ids);
  return ids.length > 0;
}

async function reconcileOrDelay(p: Provisioning, tenant: TenantId, ids: readonly UserId[]): Promise<void> {
  try {
    const { moved } = await reconcilePeople(p, tenant, ids, { context: WORKER });
    if (moved.length > 0) await p.store.write(tenant, (tx) => tx.delayMarks(moved, p.now()));
  } catch (fault) {
    p.log.fault("worker.reconcile_failed", fault, { tenant });
    if (ids.length > 1) for (const id of ids) await reconcileOrDelay(p, tenant, [id]);
    else await p.store.write(tenant, (tx) => tx.delayMarks(ids, secondsFrom(p.now(), BACK_OFF_SECONDS)));
  }
}

async function publish(p: Provisioning, tenant: TenantId): Promise<void> {
  let published: number;
  do published = await p.store.write(tenant, (tx) => tx.publishEvents(p.now(), EVENTS));
  while (published === EVENTS);
}

async function takeWakeups(p: Provisioning, tenant: TenantId): Promise<void> {
  const reader = p.store.read(tenant);
  const { activeVersion } = await reader.tenantNow();
  const mapping = await p.mappings.active(reader, activeVersion, await reader.connections());
  await p.store.write(tenant, async (tx) => {
    const now = p.now();
    for (const { kind, ref } of await tx.takeWakeups(now)) {
      if (kind === "settle") await tx.markConnection(ref as ConnectionId, "settled", now);
      else if (kind === "grant_expiry") await expireGrant(tx, ref, WORKER, now);
      else {
        await tx.markEverybody(kind, now);
        await scheduleMapping(tx, mapping, now);
      }
    }
  });
}

function secondsFrom(now: Instant, seconds: number): Instant {
  return new Date(Date.parse(now) + seconds * 1000).toISOString();
}
