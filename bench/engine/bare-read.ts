/** The limit that a preview is held against: the rows that it must read, read by the driver alone, page by page. */
import { type BareSqlite, openBareSqlite } from "../measure/bare-sqlite.js";

const PAGE = 1000;

const USERS = `select u.id, u.user_name, u.email, u.display_name, u.status, u.deactivated_by, u.ever_registered,
    u.facts_version, u.reconciled_version, u.seat, u.dirty
  from users u where u.tenant_id = ? and u.id > ? order by u.id limit ${PAGE}`;
const BETWEEN = "tenant_id = ? and user_id >= ? and user_id <= ?";
const GRANTS = `select id, user_id, scope, team_id, role, origin, connection_id, rule, mapping_version, evidence, since
  from grants where ${BETWEEN} and ended_at is null`;
const LINKS = `select l.user_id, d.id, d.connection_id, d.scim_attributes, d.scim_app_roles, d.scim_active,
    d.scim_created_at, d.claims
  from (select * from identity_links where ${BETWEEN} and ended_at is null) l
  join directory_users d on d.tenant_id = l.tenant_id and d.id = l.directory_user_id`;
/** A row per person: a row per membership, of which there are twenty times as many, takes the driver longer. */
const MEMBERSHIPS = `select m.directory_user_id, group_concat(m.group_id || ' ' || m.created_at, ' ') as memberships
  from (select * from identity_links where ${BETWEEN} and ended_at is null) l
  join directory_memberships m on m.tenant_id = l.tenant_id and m.directory_user_id = l.directory_user_id
  group by m.directory_user_id`;

/** How many rows were read. */
export async function bareRead(path: string, tenant: number): Promise<number> {
  const database = await openBareSqlite(path);
  await database.exec("pragma query_only = on; pragma cache_size = -32000;");
  let rows = 0;
  for (let after = ""; ; ) {
    const users = await database.all<{ readonly id: string }>(USERS, [tenant, after]);
    const last = users.at(-1);
    if (last === undefined) break;
    const page = [tenant, users[0]?.id ?? "", last.id];
    rows += users.length + (await countRows(database, page));
    after = last.id;
  }
  await database.close();
  return rows;
}

async function countRows(database: BareSqlite, page: readonly (string | number)[]): Promise<number> {
  let rows = 0;
  for (const statement of [GRANTS, LINKS, MEMBERSHIPS]) rows += (await database.all(statement, page)).length;
  return rows;
}
