/** Writes a plan as it is worked out: lines lie in the order of their danger, and memory holds a few pages of them at most. */
import type { TenantId } from "../../model/ids.js";
import type { PlanLine, PlanSummary } from "../../model/plan.js";
import { isOwner } from "../../model/target.js";
import type { Provisioning } from "../deps.js";
import type { PlanKind, PlanPage, PlanRow } from "../ports/mappings.js";
import type { TenantWriter } from "../ports/store.js";

const PAGE_LINES = 500;
/** Lines of one danger lie in pages of one hundred million places. */
const PLACES = 100_000_000;
const HOURS = 24;

/** Days for which a plan that was reviewed counts for whoever reconciles the people concerned: as long as a run may take. */
export const REVIEWED_DAYS = 30;

export interface PlanSheet {
  readonly id: string;
  add(lines: readonly PlanRow[]): Promise<void>;
  /** Writes what is left. The plan can be read by its id then, and found once it is finished. */
  close(): Promise<void>;
  /** Lets it be found, within the transaction that it belongs to; for a day unless told otherwise. */
  finish(tx: TenantWriter, digest: string, summary: PlanSummary, days?: number): Promise<void>;
  drop(): Promise<void>;
}

/** Begins a plan in the store. Whoever begins one closes or drops it. */
export async function beginSheet(
  p: Provisioning,
  tenant: TenantId,
  plan: { readonly kind: PlanKind; readonly subject: string },
): Promise<PlanSheet> {
  const expiresAt = inHours(p, HOURS);
  const id = await p.store.write(tenant, (tx) => tx.beginPlan({ ...plan, expiresAt }, p.now()));
  const waiting = new Map<number, PlanRow[]>();
  const written = new Map<number, number>();
  const take = (rank: number, lines: readonly PlanRow[]): PlanPage => {
    const nth = written.get(rank) ?? 0;
    written.set(rank, nth + 1);
    return { place: rank * PLACES + nth, lines };
  };
  const write = async (pages: readonly PlanPage[]) => {
    if (pages.length > 0) await p.store.write(tenant, (tx) => tx.addPlanPages(id, pages));
  };
  return {
    id,
    async add(lines) {
      const pages: PlanPage[] = [];
      for (const line of lines) {
        const rank = dangerRank(line);
        const mine = waiting.get(rank) ?? [];
        mine.push(line);
        waiting.set(rank, mine);
        if (mine.length < PAGE_LINES) continue;
        pages.push(take(rank, mine));
        waiting.set(rank, []);
      }
      await write(pages);
    },
    async close() {
      await write([...waiting].flatMap(([rank, lines]) => (lines.length > 0 ? [take(rank, lines)] : [])));
      waiting.clear();
    },
    finish: (tx, digest, summary, days) =>
      tx.finishPlan(id, { digest, summary, expiresAt: inHours(p, days === undefined ? HOURS : days * 24) }),
    drop: () => p.store.write(tenant, (tx) => tx.dropPlan(id)),
  };
}

function inHours(p: Provisioning, hours: number): string {
  return new Date(Date.parse(p.now()) + hours * 3_600_000).toISOString();
}

const LOSSES_FIRST = ["hold", "deactivate_user", "revoke", "reactivate_user", "create_user", "grant"] as const;

/** Owners before all, then what is privileged; within each, losses before gains. */
function dangerRank({ target, privileged, change }: PlanLine): number {
  const owner = target !== undefined && isOwner(target);
  return (owner ? 0 : privileged ? 10 : 20) + LOSSES_FIRST.indexOf(change);
}
