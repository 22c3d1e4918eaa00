/** Admit owns what is refused before a fact is stored: foreign e-mail domains, and seats that are not free. */

import type { Connection, Tenant } from "../model/connection.js";
import { emailDomain } from "../model/fold.js";
import type { UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import type { TenantWriter } from "./ports/store.js";

/**
 * Refuses `foreign_domain` when the connection (else the tenant) lists e-mail domains and an address is of another.
 * With `requireDomains`, nobody comes in before a domain is listed.
 */
export function admitDomain(tenant: Tenant, connection: Connection, addresses: readonly (string | undefined)[]): void {
  const allowed = connection.allowedDomains.length > 0 ? connection.allowedDomains : tenant.domains;
  if (allowed.length === 0) {
    if (connection.requireDomains) {
      throw new Refusal("foreign_domain", "no e-mail domain is allowed yet: list the tenant's domains first");
    }
    return;
  }
  for (const address of addresses) {
    const domain = address === undefined ? undefined : emailDomain(address);
    if (domain !== undefined && !allowed.includes(domain)) {
      throw new Refusal("foreign_domain", `e-mail domain \`${domain}\` is not one of ${allowed.join(", ")}`);
    }
  }
}

/** Reserves a seat for a person who is about to be registered; `no_seat` when none is free, and nothing is stored then. */
export async function admitSeat(tx: TenantWriter, user: UserId): Promise<void> {
  const refused = await tx.seatPeople([user]);
  if (refused.length === 0) return;
  const { seats, seatsUsed } = await tx.tenantNow();
  throw new Refusal("no_seat", `no free seat: ${seatsUsed} of ${seats} used; add seats, then retry`);
}
