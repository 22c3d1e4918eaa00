import { type CompiledMapping, nextExpiry, readsNow } from "../../engine/compile/compile.js";
import type { Instant } from "../../model/ids.js";
import type { TenantWriter } from "../ports/store.js";

const DAY = 86_400_000;

/** A rule that expires, or one that reads the day, is looked at again without anybody's doing. */
export async function scheduleMapping(tx: TenantWriter, mapping: CompiledMapping, now: Instant): Promise<void> {
  const expiry = nextExpiry(mapping, now);
  if (expiry !== undefined) await tx.wakeAt(expiry, "rule_expiry", "mapping");
  if (readsNow(mapping)) {
    const tomorrow = (Math.floor(Date.parse(now) / DAY) + 1) * DAY;
    await tx.wakeAt(new Date(tomorrow).toISOString(), "new_day", "mapping");
  }
}
