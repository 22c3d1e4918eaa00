/** Rows above tenants, and the look-ups by which a request finds its tenant. */
import { createBatches, type Gathering } from "../model/batches.js";
import { boundedMap } from "../model/bounded-map.js";
import type { ConnectionId, TenantId, UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import type { InstanceStore, SessionOwner, TokenOwner } from "../provisioning/ports/instance.js";
import { insertLocalConnection } from "./connections.js";
import type { Database } from "./database.js";
import { bigint, type Dialect } from "./dialect.js";
import { markSeatless } from "./marks.js";
import { assignments, type Fragment, insertion, one, quick, type Sql, sql, verbatim } from "./sql.js";
import {
  CONNECTION_COLUMNS,
  type ConnectionColumns,
  connectionOf,
  ownerColumns,
  type TenantColumns,
  tenantColumns,
  tenantOf,
} from "./tenant-rows.js";
import { sweep, tenantsToDescribe, tenantsWithWork } from "./upkeep.js";
import { fromJson, given, numericCursor, page, toInstant, toInstantOrNull, toJsonOrNull, toMillis } from "./values.js";

/** Tokens of one look-up. */
const TOKENS = 500;

async function putDomains(db: Sql, dialect: Dialect, tenant: number, domains: readonly string[]): Promise<void> {
  // A check that is under way must not put back what goes: it waits for its turn.
  await db.all(sql`select id from tenants where id = ${tenant}${dialect.lock()}`);
  // What a tenant loses it must prove anew: a claim that stayed would bring it back by itself.
  const gone = sql`tenant_id = ${tenant} and domain not in ${dialect.list(domains)}`;
  await db.run(sql`delete from domain_claims where ${gone} and domain in
    (select domain from tenant_domains where tenant_id = ${tenant})`);
  await db.run(sql`delete from tenant_domains where ${gone}`);
  await db.run(
    sql`insert into tenant_domains (tenant_id, domain)
      select ${bigint(tenant)}, listed.value from ${dialect.list([...new Set(domains)].sort())} as listed where true
      on conflict do nothing`,
  );
  const held = await db.all<{ readonly domain: string }>(
    sql`select domain from tenant_domains where tenant_id = ${tenant}`,
  );
  const own = new Set(held.map((row) => row.domain));
  const taken = domains.find((domain) => !own.has(domain));
  if (taken !== undefined) throw new Refusal("domain_taken", `the domain \`${taken}\` belongs to another tenant`);
}

export function instanceStore(database: Database, newId: () => string, gathering: Gathering): InstanceStore {
  const { dialect, reader } = database;
  // INVARIANT: a look-up begins after it was asked for, so that a token that was revoked before is known to be
  const tokens = createBatches<string, TokenOwner | undefined>({ most: TOKENS, atOnce: 1, gathering });
  const find = tokenFinder(database);
  const tenantWhere = (where: Fragment): Fragment =>
    sql`select ${tenantColumns(dialect)} from tenants t where ${where}`;
  const present = async (db: Sql, id: number) => {
    const row = await one<TenantColumns>(db, tenantWhere(sql`t.id = ${id}`));
    if (row === undefined) throw new Refusal("not_found", "the tenant does not exist");
    return tenantOf(row);
  };
  return {
    createTenant: ({ slug, name, domains, seats, scim }, now) =>
      database.transaction(async (db) => {
        const columns = { slug, name, seats, scim, created_at: toMillis(now) };
        const inserted = await one<{ readonly id: number }>(
          db,
          sql`${insertion("tenants", columns)} on conflict do nothing returning id`,
        );
        if (inserted === undefined) throw new Refusal("slug_taken", `a tenant \`${slug}\` exists: choose another slug`);
        await putDomains(db, dialect, inserted.id, domains);
        await insertLocalConnection({ tenant: inserted.id as TenantId, sql: db, dialect, newId }, now);
        return present(db, inserted.id);
      }),
    async tenantBySlug(slug) {
      const row = await one<TenantColumns>(reader, tenantWhere(sql`t.slug = ${slug}`));
      return row && tenantOf(row);
    },
    async listTenants({ after, limit }) {
      const from = after === undefined ? 0 : numericCursor(after);
      const rows = await reader.all<TenantColumns>(tenantWhere(sql`t.id > ${from} order by t.id limit ${limit + 1}`));
      return page(rows, limit, tenantOf, (row) => String(row.t_id));
    },
    updateTenant: (id, { domains, teamPolicy, sessionLimits, ...rest }, now) =>
      database.transaction(async (db) => {
        const { seats: before } = await present(db, id);
        const columns = {
          ...rest,
          ...(teamPolicy !== undefined && { team_policy: teamPolicy }),
          ...(sessionLimits !== undefined && { session_limits: toJsonOrNull(sessionLimits) }),
        };
        if (Object.keys(columns).length > 0) {
          await db.run(sql`update tenants set ${assignments(columns)} where id = ${id}`);
        }
        const { seats = before } = rest;
        if (before !== null && (seats === null || seats > before)) {
          await markSeatless({ tenant: id, sql: db, dialect, newId }, now);
        }
        const tenant = await present(db, id);
        if (domains === undefined) return tenant;
        await putDomains(db, dialect, id, domains);
        return present(db, id);
      }),
    tokenByHash(hash, meanwhile) {
      const was = meanwhile && find.lastOwner(hash);
      if (was !== undefined) meanwhile?.(was);
      return tokens.join("", hash, find.owners);
    },
    async knownTokens(hashes) {
      if (hashes.length === 0) return [];
      const rows = await reader.all<KnownTokenColumns>(
        sql`select hash, tenant_id, connection_id, id, revoked_at, expires_at from scim_tokens
          where hash in ${dialect.list(hashes)}`,
      );
      return rows.map((row) => ({
        hash: row.hash,
        tenant: row.tenant_id as TenantId,
        connection: row.connection_id as ConnectionId,
        token: row.id,
        ...given("revokedAt", toInstantOrNull(row.revoked_at)),
        ...given("expiresAt", toInstantOrNull(row.expires_at)),
      }));
    },
    touchToken: (tenant, tokenId, now, from) =>
      database.transaction(async (db) => {
        const columns = { last_used_at: toMillis(now), last_used_from: from };
        await db.run(
          sql`update scim_tokens set ${assignments(columns)} where tenant_id = ${tenant} and id = ${tokenId}`,
        );
      }),
    async apiKeyByHash(hash) {
      const row = await one<ApiKeyColumns>(
        reader,
        sql`select k.id as key_id, k.name as key_name, k.scopes, ${tenantColumns(dialect)} from api_keys k
          join tenants t on t.id = k.tenant_id where k.hash = ${hash} and k.revoked_at is null`,
      );
      if (row === undefined) return undefined;
      const scopes = fromJson<readonly string[]>(row.scopes);
      return { keyId: row.key_id, name: row.key_name, tenant: tenantOf(row), scopes };
    },
    async sessionByHash(hash): Promise<SessionOwner | undefined> {
      const row = await one<SessionColumns>(
        reader,
        sql`select s.id as session_id, s.user_id, s.created_at, s.last_seen_at, s.expires_at, ${tenantColumns(dialect)}, ${CONNECTION_COLUMNS}
          from sessions s
          join users u on u.tenant_id = s.tenant_id and u.id = s.user_id
          join tenants t on t.id = s.tenant_id
          join connections c on c.tenant_id = s.tenant_id and c.id = s.connection_id
          where s.hash = ${hash} and s.ended_at is null and u.status = 'registered' and u.session_epoch = s.epoch
            and c.disabled_at is null`,
      );
      return (
        row && {
          id: row.session_id,
          tenant: tenantOf(row),
          userId: row.user_id as UserId,
          connection: connectionOf(row),
          createdAt: toInstant(row.created_at),
          lastSeenAt: toInstant(row.last_seen_at),
          expiresAt: toInstant(row.expires_at),
        }
      );
    },
    tenantsWithWork: (now, limit, after) => tenantsWithWork(reader, now, limit, after),
    tenantsToDescribe: () => tenantsToDescribe(reader),
    sweep: (now, longest) => sweep(database, now, longest),
  };
}

/** Requests of the same time are looked up together; most of them bring the same token. */
function tokenFinder({ dialect, reader }: Database) {
  // INVARIANT: what is remembered of a token is what its text means: the text itself is read each time.
  const meanings = boundedMap<string, { readonly text: string; readonly owner: TokenOwner }>(TOKENS);
  const text = dialect.jsonObject({ ...TOKEN_COLUMNS, ...ownerColumns(dialect) });
  const owners = async (hashes: readonly string[]): Promise<readonly (TokenOwner | undefined)[]> => {
    const rows = await reader.all<{ readonly hash: string; readonly text: string }>(
      quick(sql`select k.hash, ${text} as text
        from scim_tokens k
        join tenants t on t.id = k.tenant_id
        join connections c on c.tenant_id = k.tenant_id and c.id = k.connection_id
        where k.hash in ${dialect.list([...new Set(hashes)])} and k.revoked_at is null`),
    );
    const found = new Map(
      rows.map((row) => {
        const known = meanings.get(row.hash);
        if (known?.text === row.text) return [row.hash, known.owner] as const;
        const owner = tokenOwnerOf(fromJson<TokenColumns>(row.text));
        meanings.set(row.hash, { text: row.text, owner });
        return [row.hash, owner] as const;
      }),
    );
    return hashes.map((hash) => found.get(hash));
  };
  return { owners, lastOwner: (hash: string): TokenOwner | undefined => meanings.get(hash)?.owner };
}

/** Columns of `scim_tokens k`. */
const TOKEN_COLUMNS: Readonly<Record<keyof OwnTokenColumns, Fragment>> = {
  ...{ token_id: verbatim("k.id"), expires_at: verbatim("k.expires_at"), last_used_at: verbatim("k.last_used_at") },
  ...{ account_id: verbatim("k.user_id"), epoch: verbatim("k.epoch") },
};

function tokenOwnerOf(row: TokenColumns): TokenOwner {
  return {
    tokenId: row.token_id,
    tenant: tenantOf(row),
    connection: connectionOf(row),
    ...given("expiresAt", toInstantOrNull(row.expires_at)),
    ...given("lastUsedAt", toInstantOrNull(row.last_used_at)),
    ...(row.account_id === null || row.epoch === null
      ? {}
      : { serviceAccount: { id: row.account_id as UserId, epoch: row.epoch } }),
  };
}

interface OwnTokenColumns {
  readonly token_id: string;
  readonly expires_at: number | null;
  readonly last_used_at: number | null;
  readonly account_id: string | null;
  readonly epoch: number | null;
}

type TokenColumns = TenantColumns & ConnectionColumns & OwnTokenColumns;

interface KnownTokenColumns {
  readonly hash: string;
  readonly tenant_id: number;
  readonly connection_id: string;
  readonly id: string;
  readonly revoked_at: number | null;
  readonly expires_at: number | null;
}

type ApiKeyColumns = TenantColumns & {
  readonly key_id: string;
  readonly key_name: string;
  readonly scopes: string;
};

type SessionColumns = TenantColumns &
  ConnectionColumns & {
    readonly session_id: string;
    readonly user_id: string;
    readonly created_at: number;
    readonly last_seen_at: number;
    readonly expires_at: number;
  };
