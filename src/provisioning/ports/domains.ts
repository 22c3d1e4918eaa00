import type { Instant } from "../../model/ids.js";

/** A TXT record's name and all that stands there, or nobody knows. */
export type TxtAnswer =
  /** Texts of the records, each with its strings joined (RFC 1035 section 3.3.14); none: the name has no such record. */
  | { readonly kind: "answered"; readonly texts: readonly string[] }
  | { readonly kind: "unanswered"; readonly problem: string };

/** Asks the DNS. INVARIANT: it ends in bounded time, and never throws. */
export interface TxtPort {
  texts(name: string): Promise<TxtAnswer>;
}

/** A tenant's wish to have a domain. */
export interface DomainClaim {
  /** What its record must say, the same until the claim is taken back. */
  readonly token: string;
  readonly createdAt: Instant;
  /** When the record was first found; absent: never. */
  readonly provedAt?: Instant;
  readonly checkedAt?: Instant;
  /** Since when the DNS has said that the record is not there. */
  readonly missingSince?: Instant;
  /** Why the last check did not find it. */
  readonly problem?: string;
}

/** A domain that is the tenant's, or is to become it. */
export interface TenantDomain {
  readonly domain: string;
  /** It is the tenant's, and nobody else's. */
  readonly held: boolean;
  /** Since when its record is gone for good: it stays the tenant's, and is proof of nothing. */
  readonly lapsedAt?: Instant;
  /** Absent: the operator vouches for it. */
  readonly claim?: DomainClaim;
}

export interface DomainReader {
  /** In the order of their names. */
  tenantDomains(): Promise<readonly TenantDomain[]>;
}

export interface DomainWriter {
  /** Nothing happens where the tenant claims it already. */
  insertDomainClaim(domain: string, token: string, now: Instant): Promise<void>;
  /** What a check has found. */
  noteDomainCheck(
    domain: string,
    check: { readonly at: Instant; readonly missingSince?: Instant; readonly problem?: string },
  ): Promise<void>;
  /** Makes it the tenant's by its claim, or proved anew. False: it is another tenant's. */
  holdDomain(domain: string, now: Instant): Promise<boolean>;
  lapseDomain(domain: string, now: Instant): Promise<void>;
  /** Gives it up, with its claim. */
  removeDomain(domain: string): Promise<void>;
}
