import type { Tenant } from "../model/connection.js";
import { auditEntry, type Context, type Provisioning } from "./deps.js";

/** An admin has decided what waited. False: nothing waits by that id. */
export async function closeReviewItem(p: Provisioning, tenant: Tenant, id: string, context: Context): Promise<boolean> {
  const now = p.now();
  return p.store.write(tenant.id, async (tx) => {
    if (!(await tx.closeReviewItem(id, now))) return false;
    await tx.appendAudit([auditEntry(context, now, "review_item.closed", { item: id })]);
    return true;
  });
}
