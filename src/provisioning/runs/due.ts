import type { ConnectionId, TenantId, UserId } from "../../model/ids.js";
import { tellOfExpiry } from "../certificate-expiry.js";
import type { Context, Provisioning } from "../deps.js";
import { putOffDomains } from "../domains.js";
import { expireGrant } from "../manual-grants.js";
import { activeMapping } from "../mapping/compiled-mappings.js";
import { pinMapping } from "../mapping/mapping-pins.js";
import { scheduleMapping } from "../mapping/mapping-schedule.js";
import { leaseRefreshes } from "../metadata-refresh.js";
import { expireServiceAccount } from "../service-accounts.js";
import { markSettled } from "../settle.js";

/**
 * Takes what has fallen due for a tenant and marks whom it is about. Given: connections whose metadata is to be looked at, by
 * whoever took them alone, and domains that are to be looked at again.
 */
export async function takeWakeups(
  p: Provisioning,
  tenant: TenantId,
  context: Context,
): Promise<{ readonly stale: readonly ConnectionId[]; readonly domains: readonly string[] }> {
  const reader = p.store.read(tenant);
  const mapping = await activeMapping(p, reader);
  return p.store.write(tenant, async (tx) => {
    const now = p.now();
    const due = await tx.takeWakeups(now);
    const ofMapping = due.filter(({ kind }) => kind === "rule_expiry" || kind === "new_day");
    if (ofMapping.length > 0) {
      await tx.lockTenant();
      await tx.markEverybody(ofMapping.map(({ kind }) => kind).join(" "), now);
      // A mapping saved meanwhile has been scheduled by its save.
      if ((await tx.tenantNow()).activeVersion === mapping.version) await scheduleMapping(tx, mapping, now);
    }
    if (due.some(({ kind }) => kind === "pins")) {
      await tx.lockTenant();
      // A mapping saved meanwhile has pinned its names.
      if ((await tx.tenantNow()).activeVersion === mapping.version) await pinMapping(tx, mapping, now);
    }
    await markSettled(tx, due, now);
    if (due.some(({ kind }) => kind === "seats")) await tx.markSeatless(now);
    if (due.some(({ kind }) => kind === "owners")) await tx.markHeldOwners(now);
    for (const { kind, ref } of due) {
      if (kind === "grant_expiry") await expireGrant(tx, ref, context, now);
      if (kind === "account_expiry") await expireServiceAccount(p, tx, ref as UserId, context, now);
      if (kind === "certificates") await tellOfExpiry(tx, ref, context, now);
    }
    const refsOf = (wanted: string) => due.flatMap(({ kind, ref }) => (kind === wanted ? [ref] : []));
    const stale = await leaseRefreshes(tx, refsOf("metadata") as ConnectionId[], now);
    return { stale, domains: await putOffDomains(tx, refsOf("domains"), now) };
  });
}
