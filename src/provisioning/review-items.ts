import type { Tenant } from "../model/connection.js";
import type { DirectoryUserId } from "../model/ids.js";
import { auditEntry, type Context, type Provisioning } from "./deps.js";

/**
 * An admin has decided what waited: whoever is kept out by somebody switched off or deleted is somebody else, and may sign in. False:
 * nothing waits by that id.
 */
export async function closeReviewItem(p: Provisioning, tenant: Tenant, id: string, context: Context): Promise<boolean> {
  const now = p.now();
  return p.store.write(tenant.id, async (tx) => {
    const item = await tx.closeReviewItem(id, now);
    if (item === undefined) return false;
    const candidates = (item.detail["candidates"] ?? []) as readonly DirectoryUserId[];
    if (item.kind === "deleted_name") await tx.letNamesGo(candidates);
    if (item.kind === "kept_out") await tx.letPass(item.connection, String(item.detail["subject"]), candidates);
    await tx.appendAudit([
      auditEntry(context, now, "review_item.closed", { item: id, kind: item.kind, ...item.detail }),
    ]);
    return true;
  });
}
