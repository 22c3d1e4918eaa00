/** What the worker asks across tenants: who has work, and what is past its time. */
import type { SessionLimits } from "../model/connection.js";
import type { Instant, TenantId } from "../model/ids.js";
import type { Database } from "./database.js";
import { bigint } from "./dialect.js";
import { type Fragment, type Sql, sql, verbatim } from "./sql.js";
import { toMillis } from "./values.js";

/** Rows that one sweep removes from each table, so that no sweep holds up writers. */
const SWEEP_ROWS = 5000;

/** For so long the trace of a sign-in can be looked up. */
const TRACE_DAYS = 90;
const DAY = 86_400_000;
const MINUTE = 60_000;

/** Distinct tenants of an indexed table by leaps from one to the next: nothing to do costs one look. */
function tenantsOf(name: string, table: Fragment): Fragment {
  const cte = verbatim(name);
  return sql`${cte} (id) as (
    select min(tenant_id) from ${table}
    union all
    select (select min(tenant_id) from ${table} and tenant_id > ${cte}.id) from ${cte} where ${cte}.id is not null
  )`;
}

const MARKED = verbatim("users where dirty");
const RUNNING = verbatim("runs where status in ('queued', 'running')");
const TIMED = verbatim("wakeups where true");
const WAITING = verbatim("outbox_events where position is null");

export async function tenantsWithWork(db: Sql, now: Instant, limit: number, after = 0): Promise<readonly TenantId[]> {
  const at = bigint(toMillis(now));
  const rows = await db.all<{ readonly id: number }>(
    sql`with recursive ${tenantsOf("marked", MARKED)}, ${tenantsOf("running", RUNNING)}, ${tenantsOf("waiting", WAITING)},
        ${tenantsOf("timed", TIMED)}
      select id from (
        select id from marked where exists
          (select 1 from users u where u.tenant_id = marked.id and u.dirty and u.not_before <= ${at}
            and u.leased_until <= ${at})
        union select id from running where exists
          (select 1 from runs r where r.tenant_id = running.id
            and (r.status = 'queued' or r.status = 'running' and r.leased_until <= ${at}))
        union select id from waiting where id is not null
        union select id from timed where exists (select 1 from wakeups w where w.tenant_id = timed.id and w.at <= ${at})
        union select id from tenants where behind and exists
          (select 1 from users u where u.tenant_id = tenants.id and u.reconciled_version < tenants.active_version
            and u.not_before <= ${at})
      ) as busy order by case when id > ${bigint(after)} then 0 else 1 end, id limit ${limit}`,
  );
  return rows.map((row) => row.id as TenantId);
}

export async function tenantsToDescribe(db: Sql): Promise<readonly TenantId[]> {
  const rows = await db.all<{ readonly id: number }>(
    sql`select distinct u.tenant_id as id from connections c
      join directory_users u on u.tenant_id = c.tenant_id and u.connection_id = c.id
        and u.scim_resource is null and u.claims is not null and u.deleted_at is null
      join identity_links l on l.tenant_id = u.tenant_id and l.directory_user_id = u.id and l.ended_at is null
        and l.linked_by = 'created'
      where c.protocol = 'local' order by u.tenant_id`,
  );
  return rows.map((row) => row.id as TenantId);
}

export async function sweep(database: Database, now: Instant, longest: Required<SessionLimits>): Promise<void> {
  await database.transaction((db) => removePast(db, toMillis(now)));
  await forgetHints(database, toMillis(now), longest);
}

async function removePast(db: Sql, at: number): Promise<void> {
  const past: readonly (readonly [table: string, key: string, where: Fragment])[] = [
    ["pending_logins", "state_hash", sql`expires_at <= ${at}`],
    ["sessions", "id", sql`expires_at <= ${at}`],
    ["sessions", "id", sql`ended_at is not null`],
    ["plans", "id", sql`expires_at <= ${at}`],
    ["sign_in_traces", "reference", sql`at <= ${at - TRACE_DAYS * DAY}`],
    ["scim_requests", "id", sql`expires_at <= ${at}`],
    ["scim_sightings", "connection_id, kind, name", sql`expires_at <= ${at}`],
  ];
  for (const [table, key, where] of past) {
    const columns = verbatim(`tenant_id, ${key}`);
    await db.run(
      sql`delete from ${verbatim(table)} where (${columns}) in
        (select ${columns} from ${verbatim(table)} where ${where} limit ${SWEEP_ROWS})`,
    );
  }
  await db.run(
    sql`delete from one_time_ids where (tenant_id, connection_id, id) in
      (select tenant_id, connection_id, id from one_time_ids where expires_at <= ${at} limit ${SWEEP_ROWS})`,
  );
}

/**
 * What is sealed for the sign-out of sessions that ended without a word: by idleness, by a shorter limit, or with their account's others.
 * They are looked for without holding up writers, in the order of the index of those that keep something.
 */
async function forgetHints(
  { dialect, walker, transaction }: Database,
  at: number,
  longest: Required<SessionLimits>,
): Promise<void> {
  const since = (column: string, limit: keyof SessionLimits) => {
    const own = sql`cast(${dialect.json(verbatim("t.session_limits"))} ->> ${verbatim(`'${limit}'`)} as bigint)`;
    return sql`${verbatim(column)} <= ${at - longest[limit] * MINUTE} or ${verbatim(column)} <= ${at} - ${own} * ${MINUTE}`;
  };
  const rows = await walker.all<{ readonly tenant: number; readonly id: string }>(
    sql`select s.tenant_id as tenant, s.id from sessions s
      join tenants t on t.id = s.tenant_id
      join users u on u.tenant_id = s.tenant_id and u.id = s.user_id
      where s.sealed_hint is not null and (u.status <> 'registered' or u.session_epoch <> s.epoch
        or ${since("s.last_seen_at", "idleMinutes")} or ${since("s.created_at", "absoluteMinutes")})
      order by s.tenant_id, s.id limit ${SWEEP_ROWS}`,
  );
  if (rows.length === 0) return;
  await transaction((db) =>
    db.run(
      sql`update sessions set sealed_hint = null where (tenant_id, id) in
        (select r.tenant, r.id from ${dialect.rows({ tenant: "bigint", id: "text" }, rows)} as r)`,
    ),
  );
}
