import { dangerKey, isDangerous } from "../../engine/plan/digest.js";
import { pagesOf } from "../pages-of.js";
import type { PlanRow } from "../ports/mappings.js";
import type { TenantReader } from "../ports/store.js";
import type { KeySet } from "./key-set.js";

const PAGE = 1000;

/** The lines of a stored plan that somebody must have reviewed, read a page at a time. */
export async function* dangersOf(reader: TenantReader, plan: string): AsyncGenerator<PlanRow> {
  for await (const lines of pagesOf((query) => reader.planLines(plan, query), PAGE)) yield* lines.filter(isDangerous);
}

/**
 * Adds the keys of what a confirmed plan takes away, and of whom it gives privileges. INVARIANT: drift is approved by nobody,
 * since it is not the doing of what was confirmed.
 */
export async function addApproved(reader: TenantReader, plan: string, keys: KeySet): Promise<void> {
  for await (const line of dangersOf(reader, plan)) if (!line.drifted) keys.add(dangerKey(line));
}
