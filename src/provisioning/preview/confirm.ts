import { dangerKey, isDangerous } from "../../engine/plan/digest.js";
import { Refusal } from "../../model/problem.js";
import type { PlanKind, PlanRow } from "../ports/mappings.js";
import type { TenantReader } from "../ports/store.js";
import { createKeySet, type KeySet } from "./key-set.js";
import { pagesOf } from "./pages-of.js";
import type { PlanSheet } from "./plan-sheet.js";
import type { PopulationPlan } from "./population.js";

const PAGE = 1000;
/** Lines that a refusal shows; the preview shows all of them. */
const SHOWN = 500;

/**
 * Holds today's plan, written without drift, against the one that was reviewed (design rule 6): drift takes the normal
 * guarded path. Of the rest every revoke, deactivation and privileged grant must have been reviewed, else Refusal
 * `plan_changed` with only what is new.
 */
export async function confirmPlan(
  reader: TenantReader,
  now: PopulationPlan & { readonly sheet: PlanSheet },
  reviewed: { readonly kind: PlanKind; readonly subject: string; readonly digest: string },
): Promise<void> {
  const plan = await reader.plan(reviewed.kind, reviewed.subject, reviewed.digest);
  if (plan?.digest === now.digest) return;
  const seen = createKeySet();
  if (plan) await dangersOf(reader, plan.id, seen);
  const { changes, more } = await notReviewed(reader, now.sheet.id, seen);
  const detail = { changes, ...(more > 0 && { more }) };
  if (!plan) {
    const message = `digest \`${reviewed.digest}\` is of no preview of this change: preview it, and review what it shows`;
    throw new Refusal("plan_changed", message, detail);
  }
  if (changes.length > 0) {
    const message = "facts moved since the preview, and more would be taken away: review what is new";
    throw new Refusal("plan_changed", message, { digest: now.digest, ...detail });
  }
}

/** Adds the keys of a stored plan's dangerous lines, a page at a time. */
export async function dangersOf(reader: TenantReader, plan: string, keys: KeySet): Promise<void> {
  for await (const lines of linesOf(reader, plan)) {
    for (const line of lines) if (isDangerous(line)) keys.add(dangerKey(line));
  }
}

async function notReviewed(reader: TenantReader, plan: string, seen: KeySet) {
  const changes: PlanRow[] = [];
  let more = 0;
  for await (const lines of linesOf(reader, plan)) {
    for (const line of lines) {
      if (!isDangerous(line) || seen.has(dangerKey(line))) continue;
      if (changes.length < SHOWN) changes.push(line);
      else more += 1;
    }
  }
  return { changes, more };
}

function linesOf(reader: TenantReader, plan: string): AsyncGenerator<readonly PlanRow[]> {
  return pagesOf((query) => reader.planLines(plan, query), PAGE);
}
