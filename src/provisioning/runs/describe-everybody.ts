/** Describe owns what an upgrade leaves to be done once: people made by hand get the form in which SCIM clients find them. */
import type { DirectoryUserId, TenantId } from "../../model/ids.js";
import type { Provisioning } from "../deps.js";
import { describeLocalUsers, localConnection } from "../local-users.js";

/** So few at once that nobody who writes waits for long. */
const SLICE = 200;

/** Goes over all tenants where somebody lacks that form, in slices, until `isStopped`. Done again it finds nobody. */
export async function describeEverybody(p: Provisioning, isStopped: () => boolean): Promise<void> {
  for (const tenant of await p.store.instance.tenantsToDescribe()) {
    let after: DirectoryUserId | undefined;
    do {
      if (isStopped()) return;
      after = await describeSlice(p, tenant, after);
    } while (after !== undefined);
  }
}

function describeSlice(
  p: Provisioning,
  tenant: TenantId,
  after: DirectoryUserId | undefined,
): Promise<DirectoryUserId | undefined> {
  return p.store.write(tenant, async (tx) => {
    await tx.lockTenant();
    const { id } = await localConnection(tx);
    const slice = await tx.undescribedUsers(id, { limit: SLICE, ...(after !== undefined && { after }) });
    await describeLocalUsers(p, tx, slice, p.now());
    return slice.length < SLICE ? undefined : slice.at(-1)?.id;
  });
}
