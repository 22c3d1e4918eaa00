import type { Connection } from "../model/connection.js";
import type { Instant, TenantId, UserId } from "../model/ids.js";
import { approvalOf } from "./approval.js";
import type { Context, Provisioning } from "./deps.js";
import { heldUsers } from "./held-runs.js";
import type { ClaimedRun } from "./ports/runs.js";
import { type ReconcileOptions, reconcilePeople } from "./reconcile.js";
import { leavingOverlay } from "./sync-mode.js";

const WORKER: Context = { actor: { kind: "worker" }, door: "worker" };

export interface RunPace {
  readonly size: number;
  lease(): Instant;
  published(): Promise<void>;
  stopped(): boolean;
}

/**
 * Works a run to its end, batch by batch; resumable, since each batch is done for good when its transaction ends and the
 * lease of an abandoned run runs out. Always true: something was done.
 */
export async function workRun(p: Provisioning, tenant: TenantId, run: ClaimedRun, pace: RunPace): Promise<true> {
  try {
    const options = await optionsOf(p, tenant, run);
    for await (const ids of peopleOf(p, tenant, run, pace)) {
      await workBatch(p, tenant, run, ids, options, pace);
      if (pace.stopped()) {
        await p.store.write(tenant, (tx) => tx.updateRun(run.id, { status: "queued" }, p.now()));
        return true;
      }
    }
    await finish(p, tenant, run, "done");
  } catch (fault) {
    p.log.fault("worker.run_failed", fault, { tenant, run: run.id });
    await p.store.write(tenant, (tx) => tx.updateRun(run.id, { status: "failed", error: "internal error" }, p.now()));
  }
  return true;
}

async function finish(p: Provisioning, tenant: TenantId, run: ClaimedRun, status: "done"): Promise<void> {
  await p.store.write(tenant, async (tx) => {
    await tx.updateRun(run.id, { status }, p.now());
    await tx.appendEvents([{ type: "run.done", data: { run: run.id, trigger: run.trigger } }], p.now());
  });
}

async function optionsOf(p: Provisioning, tenant: TenantId, run: ClaimedRun): Promise<ReconcileOptions> {
  const reader = p.store.read(tenant);
  const base = { context: { ...WORKER, door: run.trigger === "mapping" ? "mapping" : "worker" }, run: run.id } as const;
  if (run.trigger === "held") return { ...base, approval: "all", releasing: true };
  const leaving = run.trigger === "disable" ? await connectionOf(p, tenant, run) : undefined;
  return {
    ...base,
    // A mapping's approval is found by whoever reconciles people that are behind it.
    ...(run.mappingVersion === undefined && { approval: await approvalOf(reader, run.plan) }),
    ...(leaving && { overlay: leavingOverlay(leaving) }),
  };
}

async function connectionOf(p: Provisioning, tenant: TenantId, run: ClaimedRun): Promise<Connection | undefined> {
  return (await p.store.read(tenant).connections()).find((connection) => connection.id === run.connection);
}

/** Who is left to do, found anew for each batch. */
async function* peopleOf(
  p: Provisioning,
  tenant: TenantId,
  run: ClaimedRun,
  { size, lease }: RunPace,
): AsyncGenerator<readonly UserId[]> {
  if (run.trigger === "held") {
    const people = await heldUsers(p.store.read(tenant), run.id);
    for (let at = 0; at < people.length; at += size) yield people.slice(at, at + size);
    return;
  }
  if (run.trigger === "disable") {
    yield* linkedPeople(p, tenant, run, size);
    return;
  }
  const version = run.mappingVersion;
  for (;;) {
    const ids = await p.store.write(tenant, (tx) =>
      version === undefined ? tx.claimMarks(p.now(), lease(), size) : tx.claimBehind(version, p.now(), lease(), size),
    );
    if (ids.length === 0) return;
    yield ids;
  }
}

async function* linkedPeople(
  p: Provisioning,
  tenant: TenantId,
  run: ClaimedRun,
  limit: number,
): AsyncGenerator<readonly UserId[]> {
  let after: UserId | undefined;
  for (;;) {
    const where = { limit, ...(run.connection && { connection: run.connection }), ...(after && { after }) };
    const ids = await p.store.read(tenant).peopleIds(where);
    if (ids.length > 0) yield ids;
    if (ids.length < limit) return;
    after = ids.at(-1);
  }
}

async function workBatch(
  p: Provisioning,
  tenant: TenantId,
  run: ClaimedRun,
  ids: readonly UserId[],
  options: ReconcileOptions,
  pace: RunPace,
): Promise<void> {
  const { done, moved, counts } = await reconcilePeople(p, tenant, ids, options);
  await p.store.write(tenant, async (tx) => {
    if (moved.length > 0) await tx.delayMarks(moved, p.now());
    await tx.updateRun(
      run.id,
      { status: "running", addDone: done.length, addCounts: counts, leaseUntil: pace.lease() },
      p.now(),
    );
  });
  await pace.published();
}
