import { dangerKey } from "../engine/digest.js";
import type { Approval } from "./brake.js";
import type { TenantReader } from "./ports/store.js";

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
