import { dangerKey } from "../engine/digest.js";
import type { TenantId } from "../model/ids.js";
import type { TenantReader } from "./ports/store.js";

/** Losses that an owner has seen: `all`, or the danger keys of the reviewed plan's lines. */
export type Approval = "all" | "none" | ReadonlySet<string>;

const PAGE = 5000;

/** The losses that an owner saw in a stored plan; without a plan, none. */
export async function approvalOf(reader: TenantReader, plan: string | undefined): Promise<Approval> {
  if (plan === undefined) return "none";
  const keys = new Set<string>();
  for (let from = 0; ; from += PAGE) {
    const lines = await reader.planLines(plan, from, PAGE);
    for (const line of lines) keys.add(dangerKey(line));
    if (lines.length < PAGE) return keys;
  }
}

/** What an owner said when saving the active mapping; it counts for whoever reconciles people that are behind it. */
export interface MappingApproval {
  readonly approval: Approval;
  readonly includeFrozen: boolean;
}

export interface ApprovalCache {
  ofMapping(reader: TenantReader, version: number): Promise<MappingApproval>;
}

/** `size` tenants are remembered, the longest known forgotten first. */
export function createApprovalCache(size: number): ApprovalCache {
  const cache = new Map<TenantId, { readonly version: number; readonly said: MappingApproval }>();
  return {
    async ofMapping(reader, version) {
      const remembered = cache.get(reader.tenant);
      if (remembered?.version === version) return remembered.said;
      const run = await reader.mappingRun(version);
      const said = { approval: await approvalOf(reader, run?.plan), includeFrozen: run?.includeFrozen ?? false };
      cache.delete(reader.tenant);
      cache.set(reader.tenant, { version, said });
      const oldest = cache.keys().next();
      if (cache.size > size && !oldest.done) cache.delete(oldest.value);
      return said;
    },
  };
}
