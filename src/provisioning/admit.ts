/** Admit owns what is refused before a fact is stored: foreign e-mail domains, and seats that are not free. */

import type { Connection, Tenant } from "../model/connection.js";
import type { ObserveUser, ScimUserDocument } from "../model/directory.js";
import { domainForm } from "../model/domain-form.js";
import { fold } from "../model/fold.js";
import type { UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import type { LinkCandidate } from "./ports/directory-writer.js";
import type { TenantReader, TenantWriter } from "./ports/store.js";

/**
 * Refuses `foreign_domain` when the connection (else the tenant) lists e-mail domains and an address is of another.
 * With `requireDomains`, nobody comes in before a domain is listed. Lists are in ASCII, as `xn--`; addresses may be in letters.
 */
export function admitDomain(tenant: Tenant, connection: Connection, addresses: readonly (string | undefined)[]): void {
  const allowed = connection.allowedDomains.length > 0 ? connection.allowedDomains : tenant.domains;
  if (allowed.length === 0) {
    if (connection.requireDomains) {
      throw new Refusal("foreign_domain", "no e-mail domain is allowed yet: list the tenant's domains first");
    }
    return;
  }
  const foreign = foreignDomain(allowed, addresses);
  if (foreign === undefined) return;
  throw new Refusal("foreign_domain", `e-mail domain ${quote(foreign)} is not one of ${allowed.join(", ")}`);
}

/** The first e-mail domain of these addresses that is none of the listed ones, as it was written. */
export function foreignDomain(
  allowed: readonly string[],
  addresses: readonly (string | undefined)[],
): string | undefined {
  for (const address of addresses) {
    // INVARIANT: what has an at-sign is an address, also where mail would find nobody: it looks like one to whoever reads it
    const at = address?.lastIndexOf("@") ?? -1;
    const domain = at < 0 ? undefined : address?.slice(at + 1);
    if (domain !== undefined && !allowed.includes(domainForm(domain))) return domain;
  }
  return undefined;
}

/**
 * The same for somebody who signs in and is to get an account. INVARIANT: here stands every name and address that the account could
 * be given, whichever claim it comes of, and all that is claimed beside them.
 */
export function admitSignIn(tenant: Tenant, connection: Connection, observed: ObserveUser): void {
  const { subject, userNames, attributes, verifiedEmail, claimedEmail, claimedNames } = observed;
  const said = attributes.userName?.known ? attributes.userName.value : null;
  // without a name the account is called by the subject
  const called = said ?? userNames[0] ?? subject;
  admitDomain(tenant, connection, [verifiedEmail, claimedEmail, ...userNames, called, ...claimedNames]);
}

/** Somebody as they are before a push. */
export interface Admitted {
  readonly active: boolean;
  addresses(): Promise<readonly unknown[]>;
}

export function admittedRow(tx: TenantReader, { user, id, userName, scimActive }: LinkCandidate): Admitted {
  return {
    active: scimActive,
    async addresses() {
      const links = await tx.links([user]);
      return [userName, links.find(({ directoryUser }) => directoryUser === id)?.scim?.attributes.email];
    },
  };
}

/**
 * The same for a pushed document. INVARIANT: of somebody who is there and does not come in by it nothing but addresses that change
 * is looked at: what an admin lists later is no reason to refuse what has nothing to do with it, least of all to keep somebody in.
 */
export async function admitDocument(
  { tenant, connection }: { readonly tenant: Tenant; readonly connection: Connection },
  { active, email, userName }: ScimUserDocument,
  before?: Admitted,
): Promise<void> {
  try {
    admitDomain(tenant, connection, [email, userName]);
  } catch (refusal) {
    if (before === undefined || (active && !before.active) || !(refusal instanceof Refusal)) throw refusal;
    const had = new Set((await before.addresses()).map((text) => typeof text === "string" && fold(text)));
    const changed = [email, userName].filter((text) => text !== undefined && !had.has(fold(text)));
    if (changed.length > 0) admitDomain(tenant, connection, changed);
  }
}

/** Reserves a seat for a person who is about to be registered; `no_seat` when none is free, and nothing is stored then. */
export async function admitSeat(tx: TenantWriter, user: UserId): Promise<void> {
  const refused = await tx.seatPeople([user]);
  if (refused.length === 0) return;
  const { seats, seatsUsed } = await tx.tenantNow();
  throw new Refusal("no_seat", `no free seat: ${seatsUsed} of ${seats} used; add seats, then retry`);
}
