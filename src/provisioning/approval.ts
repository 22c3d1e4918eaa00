import { dangersOf } from "./confirm.js";
import { createKeySet } from "./key-set.js";
import type { TenantReader } from "./ports/store.js";

/** Losses that an owner has seen: `all`, or the danger keys of the reviewed plan's lines. */
export type Approval = "all" | "none" | Pick<ReadonlySet<string>, "has">;

/** The losses that an owner saw in a stored plan; without a plan, none. */
async function approvalOf(reader: TenantReader, plan: string | undefined): Promise<Approval> {
  if (plan === undefined) return "none";
  const keys = createKeySet();
  await dangersOf(reader, plan, keys);
  return keys;
}

/** What an owner said when saving the active mapping; it counts for whoever reconciles people that are behind it. */
export interface MappingApproval {
  readonly approval: Approval;
  readonly includeFrozen: boolean;
}

export interface ApprovalCache {
  ofMapping(reader: TenantReader, version: number): Promise<MappingApproval>;
  ofPlan(reader: TenantReader, plan: string): Promise<Approval>;
}

/** What either of two approvals covers. */
export function eitherApproval(one: Approval, other: Approval): Approval {
  if (one === "all" || other === "none") return one;
  if (other === "all" || one === "none") return other;
  return { has: (key) => one.has(key) || other.has(key) };
}

/** `size` answers of each kind are remembered, the longest known forgotten first. */
export function createApprovalCache(size: number): ApprovalCache {
  const mappings = new Map<string, MappingApproval>();
  const plans = new Map<string, Approval>();
  const remember = <T>(cache: Map<string, T>, key: string, value: T): T => {
    cache.set(key, value);
    const oldest = cache.keys().next();
    if (cache.size > size && !oldest.done) cache.delete(oldest.value);
    return value;
  };
  return {
    async ofMapping(reader, version) {
      const key = `${reader.tenant}:${version}`;
      const known = mappings.get(key);
      if (known) return known;
      const run = await reader.mappingRun(version);
      const approval = await approvalOf(reader, run?.plan);
      return remember(mappings, key, { approval, includeFrozen: run?.includeFrozen ?? false });
    },
    async ofPlan(reader, plan) {
      const key = `${reader.tenant}:${plan}`;
      return plans.get(key) ?? remember(plans, key, await approvalOf(reader, plan));
    },
  };
}
