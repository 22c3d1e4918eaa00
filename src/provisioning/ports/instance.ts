import type { Connection, SessionLimits, TeamPolicy, Tenant } from "../../model/connection.js";
import type { Instant, TenantId, UserId } from "../../model/ids.js";
import type { KnownToken } from "./requests.js";
import type { Page, PageQuery } from "./store.js";

export interface NewTenant {
  readonly slug: string;
  readonly name: string;
  readonly domains: readonly string[];
  readonly seats: number | null;
  readonly scim: boolean;
}

/** A live SCIM token with all that a request needs to go on. */
export interface TokenOwner {
  readonly tokenId: string;
  readonly tenant: Tenant;
  readonly connection: Connection;
  readonly expiresAt?: Instant;
  readonly lastUsedAt?: Instant;
  /** The service account that the token is of, and its epoch when the token was made. */
  readonly serviceAccount?: { readonly id: UserId; readonly epoch: number };
}

export interface SessionOwner {
  readonly id: string;
  readonly tenant: Tenant;
  readonly userId: UserId;
  readonly connection: Connection;
  readonly createdAt: Instant;
  readonly lastSeenAt: Instant;
  readonly expiresAt: Instant;
}

export interface ApiKeyOwner {
  readonly keyId: string;
  readonly name: string;
  readonly tenant: Tenant;
  readonly scopes: readonly string[];
}

/** What stands above tenants, and the look-ups by which a request finds its own. */
export interface InstanceStore {
  /**
   * Makes the tenant with its built-in `local` connection. Throws Refusal `slug_taken` or `domain_taken`
   * (a proved domain belongs to one tenant).
   */
  createTenant(input: NewTenant, now: Instant): Promise<Tenant>;
  tenantBySlug(slug: string): Promise<Tenant | undefined>;
  listTenants(query: PageQuery): Promise<Page<Tenant>>;
  /** Throws Refusal `domain_taken`. When seats are added, everybody held for want of one is marked dirty. */
  updateTenant(
    id: TenantId,
    change: {
      readonly name?: string;
      readonly domains?: readonly string[];
      readonly seats?: number | null;
      readonly scim?: boolean;
      readonly teamPolicy?: TeamPolicy;
      /** `null`: none of its own. */
      readonly sessionLimits?: SessionLimits | null;
    },
    now: Instant,
  ): Promise<Tenant>;

  /**
   * `hash` is SHA-256 of the token, hex. Revoked tokens are not found; expired ones are (the caller judges the time). `meanwhile` is
   * called at once with whom the token was of when it was looked up last, if that is remembered: what it asks for goes to the
   * database together with the look-up, and is worth nothing until that says the same.
   */
  tokenByHash(hash: string, meanwhile?: (was: TokenOwner) => void): Promise<TokenOwner | undefined>;
  /** Those of these hashes that belong to a token, also one that is revoked or expired. */
  knownTokens(hashes: readonly string[]): Promise<readonly KnownToken[]>;
  touchToken(tenant: TenantId, tokenId: string, now: Instant, from: string): Promise<void>;
  apiKeyByHash(hash: string): Promise<ApiKeyOwner | undefined>;

  /**
   * A session that is alive by its row: not ended, its epoch equals the user's, the user registered, the connection not disabled.
   * Idle and absolute limits are the caller's to judge.
   */
  sessionByHash(hash: string): Promise<SessionOwner | undefined>;

  /** Tenants with due dirty marks, people behind the active mapping version, queued runs, due wake-ups or unpublished events. */
  /** In id order, starting behind `after` and going round. */
  tenantsWithWork(now: Instant, limit: number, after?: TenantId): Promise<readonly TenantId[]>;
  /** Tenants with people made by hand whom SCIM clients cannot find yet, as an earlier version left them. */
  tenantsToDescribe(): Promise<readonly TenantId[]>;
  /**
   * Removes what is past its time: pending logins, ended sessions, plans, replay ids, old sign-in traces, logged requests. `longest`: what
   * tenants may shorten for their sessions; those that ended by it, or with their account's, keep nothing sealed.
   */
  sweep(now: Instant, longest: Required<SessionLimits>): Promise<void>;
}
