import type { Tenant } from "../model/connection.js";
import type { Provisioning } from "../provisioning/deps.js";

/** What answers call a connection by, also one that has ended. */
export async function connectionSlugs(
  p: Provisioning,
  tenant: Tenant,
): Promise<(id: string | undefined) => string | null> {
  const connections = await p.store.read(tenant.id).connections();
  const slugs = new Map<string, string>(connections.map(({ id, slug }) => [id, slug]));
  return (id) => (id === undefined ? null : (slugs.get(id) ?? null));
}
