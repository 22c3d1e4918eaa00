/** A tenant's connections, their tokens, and its API keys. */
import type { Connection, GroupSeparator, SyncMode } from "../model/connection.js";
import type { Protocol } from "../model/facts.js";
import type { Instant, UserId } from "../model/ids.js";
import type { DirectoryGroupRecord } from "../model/person.js";
import { Refusal } from "../model/problem.js";
import type {
  ConnectionReader,
  ConnectionWriter,
  NewConnection,
  TokenInfo,
} from "../provisioning/ports/connections.js";
import { GROUP_RECORD_COLUMNS, type GroupRecordColumns, groupRecordOf } from "./directory-rows.js";
import { pinsByGroup } from "./group-pins.js";
import type { Scope } from "./scope.js";
import { assignments, type Fragment, insertion, one, quick, sql, type Value } from "./sql.js";
import {
  CONNECTION_COLUMNS,
  type ConnectionColumns,
  connectionOf,
  type TenantColumns,
  tenantColumns,
  tenantOf,
} from "./tenant-rows.js";
import { freeUniqueOf } from "./unique-values.js";
import {
  fromJson,
  given,
  toInstant,
  toInstantOrNull,
  toJson,
  toJsonOrNull,
  toMillis,
  toMillisOrNull,
} from "./values.js";

/** `local` is the weakest: what an IdP says about a person's profile goes before what an admin typed. */
const LOCAL_PRIORITY = 1_000_000;

interface TokenColumns {
  readonly id: string;
  readonly name: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly last_used_at: number | null;
  readonly last_used_from: string | null;
  readonly user_id: string | null;
  readonly user_name: string | null;
  readonly epoch: number | null;
}

function tokenOf(row: TokenColumns): TokenInfo {
  return {
    id: row.id,
    name: row.name,
    createdAt: toInstant(row.created_at),
    ...given("expiresAt", toInstantOrNull(row.expires_at)),
    ...given("lastUsedAt", toInstantOrNull(row.last_used_at)),
    ...given("lastUsedFrom", row.last_used_from),
    ...(row.user_id === null || row.user_name === null
      ? {}
      : { serviceAccount: { id: row.user_id as UserId, userName: row.user_name, epoch: row.epoch ?? 0 } }),
  };
}

export function connectionReader(scope: Scope): ConnectionReader {
  const { tenant, sql: db, dialect } = scope;
  const selected = sql`select ${CONNECTION_COLUMNS} from connections c where c.tenant_id = ${tenant}`;
  return {
    async tenantNow() {
      const row = await one<TenantColumns>(
        db,
        quick(sql`select ${tenantColumns(dialect)} from tenants t where t.id = ${tenant}`),
      );
      if (row === undefined) throw new Refusal("not_found", "the tenant does not exist");
      return tenantOf(row);
    },
    async connections() {
      return (await db.all<ConnectionColumns>(quick(sql`${selected} order by c.priority, c.id`))).map(connectionOf);
    },
    async connectionBySlug(slug) {
      const row = await one<ConnectionColumns>(db, sql`${selected} and c.slug = ${slug}`);
      return row && connectionOf(row);
    },
    async connectionSecret(id) {
      const row = await one<{ readonly secret: string | null }>(
        db,
        sql`select secret from connections where tenant_id = ${tenant} and id = ${id}`,
      );
      return row?.secret ?? undefined;
    },
    async tokens(connection) {
      const rows = await db.all<TokenColumns>(
        sql`select k.id, k.name, k.created_at, k.expires_at, k.last_used_at, k.last_used_from, k.user_id, k.epoch, u.user_name
          from scim_tokens k left join users u on u.tenant_id = k.tenant_id and u.id = k.user_id
          where k.tenant_id = ${tenant} and k.connection_id = ${connection} and k.revoked_at is null order by k.id`,
      );
      return rows.map(tokenOf);
    },
    async apiKeys() {
      const rows = await db.all<{ id: string; name: string; scopes: string; created_at: number }>(
        sql`select id, name, scopes, created_at from api_keys
          where tenant_id = ${tenant} and revoked_at is null order by id`,
      );
      return rows.map(({ id, name, scopes, created_at }) => ({
        id,
        name,
        scopes: fromJson<readonly string[]>(scopes),
        createdAt: toInstant(created_at),
      }));
    },
    async groupsVersion(connection) {
      const row = await one<{ readonly groups_version: number }>(
        db,
        quick(
          sql`select groups_version from connection_counters where tenant_id = ${tenant} and connection_id = ${connection}`,
        ),
      );
      return row?.groups_version ?? 0;
    },
    async directoryGroups(connection): Promise<readonly DirectoryGroupRecord[]> {
      const rows = await db.all<GroupRecordColumns>(
        sql`select ${GROUP_RECORD_COLUMNS} from directory_groups g
          where g.tenant_id = ${tenant} and g.connection_id = ${connection} order by g.id`,
      );
      if (rows.length === 0) return [];
      const pins = await pinsByGroup(scope, connection);
      return rows.map((row) => ({ ...groupRecordOf(row), ...given("pins", pins.get(row.id)) }));
    },
  };
}

type Settings = Omit<
  NewConnection,
  "protocol" | "slug" | "secret" | "groupAttribute" | "groupSeparator" | "groupsUnmanagedSince"
> & {
  readonly groupsUnmanagedSince?: Instant | null;
  readonly groupAttribute?: string | null;
  readonly groupSeparator?: GroupSeparator | null;
};

/** Every setting as its column. */
function columnsOf(settings: Settings): Readonly<Record<string, Value>> {
  return {
    jit: settings.jit,
    sync: settings.sync,
    sync_chosen: settings.syncChosen,
    group_authority: settings.groups,
    profile: settings.profile,
    may_grant_owner: settings.mayGrantOwner,
    allowed_domains: toJson(settings.allowedDomains),
    require_domains: settings.requireDomains,
    absent_groups: settings.absentGroups,
    roles_from: toJson(settings.rolesFrom),
    manages: toJson(settings.manages),
    groups_unmanaged_at: toMillisOrNull(settings.groupsUnmanagedSince),
    adopt: settings.adopt,
    link_across: settings.linkAcross ?? "off",
    group_attribute: settings.groupAttribute ?? null,
    group_separator: settings.groupSeparator ?? null,
    settle_seconds: settings.settleSeconds,
    oidc: toJsonOrNull(settings.oidc),
    saml: toJsonOrNull(settings.saml),
  };
}

/** What every tenant has from its first day: the source of what its admins make by hand. */
export async function insertLocalConnection(scope: Scope, now: Instant): Promise<void> {
  await insertRow(scope, "local", "local", LOCAL_PRIORITY, now, {
    jit: "off",
    sync: "live",
    syncChosen: true,
    groups: "scim",
    profile: "rfc",
    mayGrantOwner: false,
    allowedDomains: [],
    requireDomains: false,
    absentGroups: "unknown",
    rolesFrom: ["users", "groups"],
    manages: ["users", "groups"],
    adopt: "off",
    settleSeconds: 0,
  });
}

async function insertRow(
  { tenant, sql: db, newId }: Scope,
  slug: string,
  protocol: Protocol,
  priority: number,
  now: Instant,
  settings: Omit<NewConnection, "protocol" | "slug">,
): Promise<void> {
  const id = newId();
  const columns = {
    ...{ tenant_id: tenant, id, slug, protocol, priority, created_at: toMillis(now), secret: settings.secret ?? null },
    ...columnsOf(settings),
  };
  const inserted = await db.all(sql`${insertion("connections", columns)} on conflict do nothing returning id`);
  if (inserted.length === 0) {
    throw new Refusal("slug_taken", `the tenant has a connection \`${slug}\` already: choose another slug`);
  }
  await db.run(insertion("connection_counters", { tenant_id: tenant, connection_id: id }));
}

function isLive({ sync, disabledAt }: { readonly sync: SyncMode; readonly disabledAt?: Instant | null }): boolean {
  return sync === "live" && (disabledAt ?? null) === null;
}

export function connectionWriter(scope: Scope): ConnectionWriter {
  const { tenant, sql: db, dialect, newId } = scope;
  const found = async (where: Fragment): Promise<Connection> => {
    const row = await one<ConnectionColumns>(
      db,
      sql`select ${CONNECTION_COLUMNS} from connections c where c.tenant_id = ${tenant} and ${where}${dialect.lock()}`,
    );
    if (row === undefined) throw new Refusal("not_found", "the connection does not exist");
    return connectionOf(row);
  };
  return {
    async insertConnection(input, now) {
      const weakest = await one<{ readonly priority: number | null }>(
        db,
        sql`select max(priority) as priority from connections where tenant_id = ${tenant} and protocol <> 'local'`,
      );
      await insertRow(scope, input.slug, input.protocol, (weakest?.priority ?? 0) + 1, now, input);
      return found(sql`c.slug = ${input.slug}`);
    },
    async updateConnection(id, change, now) {
      const present = await found(sql`c.id = ${id}`);
      const merged = { ...present, ...change };
      const ends = isLive(present) && !isLive(merged);
      const columns = {
        ...columnsOf(merged),
        priority: merged.priority,
        first_group_push_at: toMillisOrNull(merged.firstGroupPushAt),
        disabled_at: toMillisOrNull(merged.disabledAt),
        ...(ends && { live_until: toMillis(now) }),
        version: present.version + 1,
        ...(change.secret === undefined ? {} : { secret: change.secret }),
      };
      await db.run(sql`update connections set ${assignments(columns)} where tenant_id = ${tenant} and id = ${id}`);
      if (change.disabledAt !== undefined) await freeUniqueOf(scope, id);
      return found(sql`c.id = ${id}`);
    },
    async insertToken(connection, token, now) {
      const expiresAt = toMillisOrNull(token.expiresAt);
      const columns = {
        ...{ tenant_id: tenant, id: newId(), connection_id: connection, name: token.name, hash: token.hash },
        ...{ created_at: toMillis(now), expires_at: expiresAt },
        ...(token.serviceAccount && { user_id: token.serviceAccount.id, epoch: token.serviceAccount.epoch }),
      };
      await db.run(insertion("scim_tokens", columns));
      return { id: columns.id, name: token.name, createdAt: now, ...given("expiresAt", token.expiresAt) };
    },
    async revokeToken(connection, id, now) {
      const revoked = await db.run(
        sql`update scim_tokens set revoked_at = ${toMillis(now)}
          where tenant_id = ${tenant} and connection_id = ${connection} and id = ${id} and revoked_at is null`,
      );
      return revoked > 0;
    },
    async insertApiKey(key, now) {
      const id = newId();
      const columns = { tenant_id: tenant, id, name: key.name, hash: key.hash, scopes: toJson(key.scopes) };
      await db.run(insertion("api_keys", { ...columns, created_at: toMillis(now) }));
      return { id };
    },
    async revokeApiKey(id, now) {
      const revoked = await db.run(
        sql`update api_keys set revoked_at = ${toMillis(now)}
          where tenant_id = ${tenant} and id = ${id} and revoked_at is null`,
      );
      return revoked > 0;
    },
  };
}
