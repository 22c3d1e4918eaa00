import { boundedMap } from "../../model/bounded-map.js";
import type { TenantReader } from "../ports/store.js";
import { addApproved } from "./dangerous-lines.js";
import { createKeySet } from "./key-set.js";

/** Losses that an owner has seen: `all`, or the danger keys of the reviewed plan's lines. */
export type Approval = "all" | "none" | Pick<ReadonlySet<string>, "has">;

/** What an owner said when saving the active mapping; it counts for whoever reconciles people that are behind it. */
export interface MappingApproval {
  readonly approval: Approval;
  readonly includeFrozen: boolean;
}

/** What owners have reviewed, by what they saved or released: read once and remembered for a while. */
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

/** What an answer takes beside its keys, in keys. */
const BESIDE_KEYS = 50;

/**
 * Remembers answers as long as they have no more than so many keys together, the longest known forgotten first. The latest
 * stays whatever it has: a run asks for it again with each batch.
 */
export function createApprovalCache(mostKeys: number): ApprovalCache {
  const remembered = boundedMap<string, MappingApproval & { readonly keys: number }>(mostKeys, ({ keys }) => keys);
  const answer = async (reader: TenantReader, key: string, plan: string | undefined, includeFrozen: boolean) => {
    const seen = createKeySet();
    if (plan !== undefined) await addApproved(reader, plan, seen);
    const said = {
      approval: plan === undefined ? "none" : seen,
      includeFrozen,
      keys: seen.size() + BESIDE_KEYS,
    } as const;
    remembered.set(key, said);
    return said;
  };
  return {
    async ofMapping(reader, version) {
      const key = `${reader.tenant}:${version}`;
      const known = remembered.get(key);
      if (known) return known;
      const run = await reader.mappingRun(version);
      return answer(reader, key, run?.plan, run?.includeFrozen ?? false);
    },
    async ofPlan(reader, plan) {
      const key = `${reader.tenant}:plan:${plan}`;
      return (remembered.get(key) ?? (await answer(reader, key, plan, false))).approval;
    },
  };
}
