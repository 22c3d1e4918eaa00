import { notReviewed } from "../engine/digest.js";
import { Refusal } from "../model/problem.js";
import type { PopulationPlan } from "./population.js";
import type { PlanKind } from "./ports/mappings.js";
import type { TenantReader } from "./ports/store.js";

const LINES = 1_000_000;

/**
 * Holds today's plan against the one that was reviewed (design rule 6). Drift is left aside: it takes the normal guarded
 * path. Of the rest every revoke, deactivation and privileged grant must have been reviewed, else Refusal `plan_changed`
 * with only what is new. Gains are no danger, so that a busy tenant can always be confirmed.
 */
export async function confirmPlan(
  reader: TenantReader,
  now: PopulationPlan,
  reviewed: { readonly kind: PlanKind; readonly subject: string; readonly digest: string },
): Promise<void> {
  const plan = await reader.plan(reviewed.kind, reviewed.subject, reviewed.digest);
  if (plan?.digest === now.digest) return;
  const changes = notReviewed(
    plan ? await reader.planLines(plan.id, 0, LINES) : [],
    now.lines.filter((line) => line.change !== "hold"),
    now.drift,
  );
  if (!plan) {
    const message = `digest \`${reviewed.digest}\` is of no preview of this change: preview it, and review what it shows`;
    throw new Refusal("plan_changed", message, { changes });
  }
  if (changes.length > 0) {
    const message = "facts moved since the preview, and more would be taken away: review what is new";
    throw new Refusal("plan_changed", message, { digest: now.digest, changes });
  }
}
