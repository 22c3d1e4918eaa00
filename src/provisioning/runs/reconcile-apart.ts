import type { TenantId, UserId } from "../../model/ids.js";
import { Refusal, type RefusalCode } from "../../model/problem.js";
import type { Provisioning } from "../deps.js";
import { applyPrepared, type Prepared, preparePeople, type ReconcileOptions } from "../reconcile.js";
import { BACK_OFF_SECONDS, BUSY_SECONDS, secondsFrom } from "./back-off.js";

/** Who is not done; their marks wait for another attempt. */
interface ReconciledApart {
  readonly failed: readonly UserId[];
  /** Their facts moved meanwhile: due at once, unless somebody else is done with them. */
  readonly moved: readonly UserId[];
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
    const { moved } = await applyPrepared(p, tenant, await prepared);
    if (moved.length > 0) await p.store.write(tenant, (tx) => tx.delayMarks(moved, p.now()));
    return { failed: [], moved };
  } catch (fault) {
    // of busy expressions nobody is at fault: in halves it would be no better
    if (ids.length > 1 && !isRefused(fault, "expression_busy")) {
      const half = Math.ceil(ids.length / 2);
      const first = await reconcileApart(p, tenant, ids.slice(0, half), options);
      const second = await reconcileApart(p, tenant, ids.slice(half), options);
      return { failed: [...first.failed, ...second.failed], moved: [...first.moved, ...second.moved] };
    }
    p.log.fault("worker.reconcile_failed", fault, { tenant });
    const seconds = isRefused(fault, "unavailable") ? BUSY_SECONDS : BACK_OFF_SECONDS;
    await p.store.write(tenant, (tx) => tx.delayMarks(ids, secondsFrom(p.now(), seconds)));
    return { failed: ids, moved: [] };
  }
}

function isRefused(fault: unknown, code: RefusalCode): boolean {
  return fault instanceof Refusal && fault.code === code;
}
