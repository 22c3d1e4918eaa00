import { dangerKey, isLoss } from "../../engine/plan/digest.js";
import { Refusal } from "../../model/problem.js";
import type { Provisioning } from "../deps.js";
import { invalidDocument } from "../mapping/invalid-document.js";
import type { PlanRow, StoredPlan } from "../ports/mappings.js";
import type { TenantReader } from "../ports/store.js";
import { dangersOf } from "./dangerous-lines.js";
import { createKeySet } from "./key-set.js";
import type { PlanSheet } from "./plan-sheet.js";
import { type PopulationPlan, type PopulationQuery, planPopulation } from "./population.js";

/** Lines that a refusal shows; the plan that it names has all of them. */
const SHOWN = 500;

/**
 * Plans for everybody in the query and, where a digest is given, holds the plan against the reviewed one (design rule 6):
 * every revoke, deactivation and privileged grant must have been reviewed, but for drift, which takes the normal guarded
 * path. Refusals: `plan_changed`, at once where the digest is of no preview, else with only what is new; today's plan is a
 * preview then, to be reviewed and confirmed in its place. `invalid_document` when the mapping breaks its own invariants.
 */
export async function planConfirmed(
  p: Provisioning,
  reader: TenantReader,
  query: PopulationQuery,
  digest: string | undefined,
): Promise<PopulationPlan> {
  const reviewed = digest === undefined ? undefined : await reader.plan(query.kind, query.subject, digest);
  if (digest !== undefined && !reviewed) throw ofNoPreview(digest);
  const plan = await planPopulation(p, reader, query, reviewed ? "to_confirm" : "to_do");
  const { sheet, problems } = plan;
  if (problems.length > 0) {
    await sheet?.drop();
    throw invalidDocument(problems);
  }
  if (reviewed && sheet) await confirm(p, reader, { ...plan, sheet }, reviewed);
  return plan;
}

function ofNoPreview(digest: string): Refusal {
  return new Refusal(
    "plan_changed",
    `digest \`${digest.slice(0, 64)}\` is of no preview of exactly this: preview it, review what it shows, ` +
      "and confirm it with the `digest` of that preview, which is kept for a day",
  );
}

type WrittenPlan = PopulationPlan & { readonly sheet: PlanSheet };

async function confirm(p: Provisioning, reader: TenantReader, now: WrittenPlan, reviewed: StoredPlan): Promise<void> {
  if (reviewed.digest === now.digest) return;
  const { sheet, digest, summary } = now;
  const { changes, more, what } = await notReviewed(reader, sheet.id, reviewed).catch(async (error: unknown) => {
    await sheet.drop();
    throw error;
  });
  if (changes.length === 0) return;
  await p.store.write(reader.tenant, (tx) => sheet.finish(tx, digest, summary));
  throw new Refusal(
    "plan_changed",
    `facts moved since the preview, and ${what}: review what is new, then confirm with this \`digest\``,
    { digest, plan: sheet.id, changes, ...(more > 0 && { more }) },
  );
}

async function notReviewed(reader: TenantReader, plan: string, reviewed: StoredPlan) {
  const seen = createKeySet();
  for await (const line of dangersOf(reader, reviewed.id)) seen.add(dangerKey(line));
  const changes: PlanRow[] = [];
  let more = 0;
  const news = new Set<string>();
  for await (const line of dangersOf(reader, plan)) {
    if (line.drifted || seen.has(dangerKey(line))) continue;
    news.add(isLoss(line) ? "more would be taken away" : "a privileged role would be given that nobody reviewed");
    if (changes.length < SHOWN) changes.push(line);
    else more += 1;
  }
  return { changes, more, what: [...news].sort().reverse().join(", and ") };
}
