import type { TenantId, UserId } from "../../model/ids.js";
import { Refusal } from "../../model/problem.js";
import type { Provisioning } from "../deps.js";
import { applyPrepared, type Prepared, preparePeople, type ReconcileOptions } from "../reconcile.js";
import { BACK_OFF_SECONDS, secondsFrom } from "./back-off.js";

interface ReconciledApart {
  readonly done: number;
  /** Their marks wait for another attempt. Whose facts moved meanwhile are due at once, unless somebody else is done with them. */
  readonly failed: readonly UserId[];
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Reconciles people at once and, where that fails, in halves, down to the ones who cannot be reconciled: nobody waits for
 * somebody else's fault. Throws only when the marks of those cannot be put off. `prepared`: what was begun for them before.
 */
export async function reconcileApart(
  p: Provisioning,
  tenant: TenantId,
  ids: readonly UserId[],
  options: ReconcileOptions,
  prepared: Promise<Prepared> = preparePeople(p, tenant, ids, options),
): Promise<ReconciledApart> {
  try {
    const { done, moved, counts } = await applyPrepared(p, tenant, await prepared);
    if (moved.length > 0) await p.store.write(tenant, (tx) => tx.delayMarks(moved, p.now()));
    return { done: done.length, failed: [], counts };
  } catch (fault) {
    if (ids.length > 1 && !isBusy(fault)) {
      const half = Math.ceil(ids.length / 2);
      const first = await reconcileApart(p, tenant, ids.slice(0, half), options);
      return joined(first, await reconcileApart(p, tenant, ids.slice(half), options));
    }
    p.log.fault("worker.reconcile_failed", fault, { tenant });
    await p.store.write(tenant, (tx) => tx.delayMarks(ids, secondsFrom(p.now(), BACK_OFF_SECONDS)));
    return { done: 0, failed: ids, counts: { failed: ids.length } };
  }
}

/** Nobody's fault: in halves it would be no better. */
function isBusy(fault: unknown): boolean {
  return fault instanceof Refusal && fault.code === "expression_busy";
}

function joined(a: ReconciledApart, b: ReconciledApart): ReconciledApart {
  const counts: Record<string, number> = { ...a.counts };
  for (const [key, n] of Object.entries(b.counts)) counts[key] = (counts[key] ?? 0) + n;
  return { done: a.done + b.done, failed: [...a.failed, ...b.failed], counts };
}
