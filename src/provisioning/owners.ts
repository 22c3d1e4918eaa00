import type { Instant } from "../model/ids.js";
import type { TenantWriter } from "./ports/store.js";

/** Has the worker look again at those who are held as owners who must stay: why they must may not be true any more. */
export async function ownersChanged(tx: TenantWriter, now: Instant): Promise<void> {
  await tx.wakeAt(now, "owners", "tenant");
}
