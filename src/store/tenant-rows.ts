/** Rows of tenants and connections, selected and read in one way wherever they are needed. */
import type {
  AdoptMode,
  Connection,
  GroupAuthority,
  GroupSeparator,
  JitMode,
  LinkAcross,
  ManagedResource,
  OidcSettings,
  SamlSettings,
  ScimProfile,
  SessionLimits,
  SyncMode,
  TeamPolicy,
  Tenant,
} from "../model/connection.js";
import type { Protocol } from "../model/facts.js";
import type { ConnectionId, TenantId } from "../model/ids.js";
import type { Dialect } from "./dialect.js";
import { type Fragment, sql, verbatim } from "./sql.js";
import { type Flag, fromJson, given, isTrue, toInstant, toInstantOrNull } from "./values.js";

export interface TenantColumns {
  readonly t_id: number;
  readonly t_slug: string;
  readonly t_name: string;
  readonly t_domains: string | null;
  readonly t_seats: number | null;
  readonly t_seats_used: number;
  readonly t_scim: Flag;
  readonly t_team_policy: string;
  readonly t_session_limits: string | null;
  readonly t_active_version: number;
  readonly t_created_at: number;
}

const OF_TENANT = [
  ...["id", "slug", "name", "seats", "seats_used", "scim", "team_policy", "session_limits"],
  ...["active_version", "created_at"],
];

/** Stands behind a domain whose proof is gone. */
const LAPSED = "!";

function domainsOf(dialect: Dialect): Fragment {
  return sql`(select ${dialect.glue(verbatim(`d.domain || case when d.lapsed_at is null then '' else '${LAPSED}' end`), " ")} from tenant_domains d where d.tenant_id = t.id)`;
}

/** Columns of `tenants t`. */
export function tenantColumns(dialect: Dialect): Fragment {
  const columns = verbatim(OF_TENANT.map((name) => `t.${name} as t_${name}`).join(", "));
  return sql`${columns}, ${domainsOf(dialect)} as t_domains`;
}

/** `TenantColumns` and `ConnectionColumns` of `tenants t` and `connections c` as an object of JSON. */
export function ownerColumns(dialect: Dialect): Readonly<Record<string, Fragment>> {
  const ofTenant = OF_TENANT.map((name) => [`t_${name}`, verbatim(`t.${name}`)] as const);
  return { ...Object.fromEntries([...ofTenant, ["t_domains", domainsOf(dialect)]]), ...CONNECTION_JSON };
}

export function tenantOf(row: TenantColumns): Tenant {
  const domains = row.t_domains === null ? [] : row.t_domains.split(" ");
  const lapsed = domains.filter((domain) => domain.endsWith(LAPSED)).map(unmarked);
  return {
    id: row.t_id as TenantId,
    slug: row.t_slug,
    name: row.t_name,
    domains: domains.map(unmarked).sort(),
    lapsedDomains: lapsed,
    seats: row.t_seats,
    seatsUsed: row.t_seats_used,
    scim: isTrue(row.t_scim),
    teamPolicy: row.t_team_policy as TeamPolicy,
    ...(row.t_session_limits !== null && { sessionLimits: fromJson<SessionLimits>(row.t_session_limits) }),
    activeVersion: row.t_active_version,
    createdAt: toInstant(row.t_created_at),
  };
}

function unmarked(domain: string): string {
  return domain.endsWith(LAPSED) ? domain.slice(0, -LAPSED.length) : domain;
}

export interface ConnectionColumns {
  readonly c_id: string;
  readonly c_slug: string;
  readonly c_protocol: string;
  readonly c_jit: string;
  readonly c_sync: string;
  readonly c_sync_chosen: Flag;
  readonly c_group_authority: string;
  readonly c_profile: string;
  readonly c_priority: number;
  readonly c_may_grant_owner: Flag;
  readonly c_allowed_domains: string;
  readonly c_require_domains: Flag;
  readonly c_absent_groups: string;
  readonly c_roles_from: string;
  readonly c_manages: string;
  readonly c_groups_unmanaged_at: number | null;
  readonly c_adopt: string;
  readonly c_link_across: string;
  readonly c_live_until: number | null;
  readonly c_group_attribute: string | null;
  readonly c_group_separator: string | null;
  readonly c_settle_seconds: number;
  readonly c_oidc: string | null;
  readonly c_saml: string | null;
  readonly c_first_group_push_at: number | null;
  readonly c_disabled_at: number | null;
  readonly c_created_at: number;
  readonly c_version: number;
}

const OF_CONNECTION = [
  "id",
  "slug",
  "protocol",
  "jit",
  "sync",
  "sync_chosen",
  "group_authority",
  "profile",
  "priority",
  "may_grant_owner",
  "allowed_domains",
  "require_domains",
  "absent_groups",
  "roles_from",
  "manages",
  "groups_unmanaged_at",
  "adopt",
  "link_across",
  "live_until",
  "group_attribute",
  "group_separator",
  "settle_seconds",
  "oidc",
  "saml",
  "first_group_push_at",
  "disabled_at",
  "created_at",
  "version",
];
/** Of these, those that are kept as JSON and read as its text. */
const IS_JSON: ReadonlySet<string> = new Set(["allowed_domains", "roles_from", "manages", "oidc", "saml"]);

/** Columns of `connections c`, without the secret. */
export const CONNECTION_COLUMNS = verbatim(OF_CONNECTION.map((name) => `c.${name} as c_${name}`).join(", "));

/** The same as JSON has them. */
export const CONNECTION_JSON: Readonly<Record<string, Fragment>> = Object.fromEntries(
  OF_CONNECTION.map((name) => [`c_${name}`, verbatim(IS_JSON.has(name) ? `cast(c.${name} as text)` : `c.${name}`)]),
);

export function connectionOf(row: ConnectionColumns): Connection {
  return {
    id: row.c_id as ConnectionId,
    slug: row.c_slug,
    protocol: row.c_protocol as Protocol,
    jit: row.c_jit as JitMode,
    sync: row.c_sync as SyncMode,
    syncChosen: isTrue(row.c_sync_chosen),
    groups: row.c_group_authority as GroupAuthority,
    profile: row.c_profile as ScimProfile,
    priority: row.c_priority,
    mayGrantOwner: isTrue(row.c_may_grant_owner),
    allowedDomains: fromJson<readonly string[]>(row.c_allowed_domains),
    requireDomains: isTrue(row.c_require_domains),
    absentGroups: row.c_absent_groups as Connection["absentGroups"],
    rolesFrom: fromJson<readonly ManagedResource[]>(row.c_roles_from),
    manages: fromJson<readonly ManagedResource[]>(row.c_manages),
    ...given("groupsUnmanagedSince", toInstantOrNull(row.c_groups_unmanaged_at)),
    adopt: row.c_adopt as AdoptMode,
    linkAcross: row.c_link_across as LinkAcross,
    ...given("liveUntil", toInstantOrNull(row.c_live_until)),
    ...given("groupAttribute", row.c_group_attribute),
    ...given("groupSeparator", row.c_group_separator as GroupSeparator | null),
    settleSeconds: row.c_settle_seconds,
    ...(row.c_oidc === null ? {} : { oidc: fromJson<OidcSettings>(row.c_oidc) }),
    ...(row.c_saml === null ? {} : { saml: fromJson<SamlSettings>(row.c_saml) }),
    ...given("firstGroupPushAt", toInstantOrNull(row.c_first_group_push_at)),
    ...given("disabledAt", toInstantOrNull(row.c_disabled_at)),
    createdAt: toInstant(row.c_created_at),
    version: row.c_version,
  };
}
