import type { Tenant } from "../model/connection.js";

/** Domains by which people may be matched: the tenant's, but for those whose proof is gone. */
export function provedDomains({
  domains,
  lapsedDomains,
}: Pick<Tenant, "domains" | "lapsedDomains">): readonly string[] {
  return lapsedDomains.length === 0 ? domains : domains.filter((domain) => !lapsedDomains.includes(domain));
}
