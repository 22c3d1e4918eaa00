/** Groups of every connection as an admin lists them, with the people in them. */
import { fold } from "../model/fold.js";
import type { ConnectionId, DirectoryGroupId, DirectoryUserId, UserId } from "../model/ids.js";
import type { GroupListReader, GroupRow } from "../provisioning/ports/group-list.js";
import { localConnection } from "./adoptable.js";
import type { Scope } from "./scope.js";
import { type Fragment, join, sql, verbatim } from "./sql.js";
import { fromJson, given, page, toInstant } from "./values.js";

interface GroupColumns {
  readonly id: string;
  readonly connection_id: string;
  readonly display_name: string;
  readonly resource: string;
  readonly member_count: number;
  readonly version: number;
  readonly created_at: number;
  readonly modified_at: number;
  readonly behind_id: string | null;
  readonly behind_members: number | null;
  readonly overwritten_at: number | null;
}

const DESCRIBED = "urn:ietf:params:scim:schemas:extension:rolecall:2.0:Group";

interface Described {
  readonly description?: string;
  readonly [DESCRIBED]?: { readonly description?: string };
}

function groupOf(row: GroupColumns): GroupRow {
  const resource = fromJson<Described>(row.resource);
  return {
    id: row.id as DirectoryGroupId,
    connection: row.connection_id as ConnectionId,
    displayName: row.display_name,
    ...given("description", resource[DESCRIBED]?.description ?? resource.description ?? null),
    memberCount: row.member_count,
    version: row.version,
    createdAt: toInstant(row.created_at),
    modifiedAt: toInstant(row.modified_at),
    ...(row.behind_id !== null && {
      overwritten: {
        group: row.behind_id as DirectoryGroupId,
        at: toInstant(row.overwritten_at ?? 0),
        memberCount: row.behind_members ?? 0,
      },
    }),
  };
}

/**
 * Of `directory_groups g`. INVARIANT: what gives access is listed, so that somebody can change it: of a group that a connection took
 * over, what it was before counts until the connection was live.
 */
const COUNTS = verbatim(`(g.overwritten_by is null or not exists (select 1 from connections c
  where c.tenant_id = g.tenant_id and c.id = g.overwritten_by
    and ((c.sync = 'live' and c.disabled_at is null) or c.live_until >= g.overwritten_at)))`);

function groupsWhere({ tenant, sql: db }: Scope, where: Fragment): Promise<readonly GroupColumns[]> {
  return db.all<GroupColumns>(
    sql`select g.id, g.connection_id, g.display_name, g.resource, g.member_count, g.version, g.created_at, g.modified_at,
        b.id as behind_id, b.member_count as behind_members, b.overwritten_at
      from directory_groups g
      left join directory_groups b on b.tenant_id = g.tenant_id and b.overwritten_by = g.connection_id
        and b.adopted_as = g.id and b.deleted_at is null
      where g.tenant_id = ${tenant} and g.deleted_at is null and ${COUNTS} and ${where}`,
  );
}

export function groupListReader(scope: Scope): GroupListReader {
  const { tenant, sql: db, dialect } = scope;
  return {
    async group(id) {
      const [row] = await groupsWhere(scope, sql`g.id = ${id}`);
      return row && groupOf(row);
    },
    async groups({ after = "", limit, connection, name }) {
      const wanted = [sql`g.id > ${after}`];
      if (connection !== undefined) wanted.push(sql`g.connection_id = ${connection}`);
      if (name !== undefined) wanted.push(sql`g.display_name_folded = ${fold(name)}`);
      const rows = await groupsWhere(scope, sql`${join(wanted, " and ")} order by g.id limit ${limit + 1}`);
      return page(rows, limit, groupOf, (row) => row.id);
    },
    async groupPeople(id, { after = "", limit }) {
      const rows = await db.all<{ readonly user_id: string; readonly user_name: string }>(
        sql`select distinct a.id as user_id, a.user_name from directory_memberships m
          join identity_links l on l.tenant_id = m.tenant_id and l.directory_user_id = m.directory_user_id
            and l.ended_at is null
          join users a on a.tenant_id = l.tenant_id and a.id = l.user_id
          where m.tenant_id = ${tenant} and m.group_id = ${id} and a.id > ${after}
          order by a.id limit ${limit + 1}`,
      );
      return page(
        rows,
        limit,
        (row) => ({ user: row.user_id as UserId, userName: row.user_name }),
        (row) => row.user_id,
      );
    },
    async localRows(users) {
      const rows = await db.all<{ readonly user_id: string; readonly id: string }>(
        sql`select l.user_id, u.id from identity_links l
          join directory_users u on u.tenant_id = l.tenant_id and u.id = l.directory_user_id and u.deleted_at is null
          where l.tenant_id = ${tenant} and l.user_id in ${dialect.list(users)} and l.ended_at is null
            and l.connection_id = ${localConnection(scope)}`,
      );
      return new Map(rows.map((row) => [row.user_id as UserId, row.id as DirectoryUserId]));
    },
  };
}
