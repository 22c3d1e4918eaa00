/** Users and their assignments as an admin lists them. Pending people show up nowhere here. */

import { fold } from "../model/fold.js";
import { grouped } from "../model/grouped.js";
import type { UserId } from "../model/ids.js";
import type { PersonState } from "../model/person.js";
import { Refusal } from "../model/problem.js";
import type { Target } from "../model/target.js";
import type { AccessReader, AssignmentRow, UserQuery, UserRow } from "../provisioning/ports/access.js";
import {
  GRANT_COLUMNS,
  GRANTS,
  openAt,
  type PastGrantColumns,
  pastGrantOf,
  SHOWN,
  type ShownColumns,
  scopeOf,
  shownOf,
} from "./people.js";
import type { Scope } from "./scope.js";
import { type Fragment, join, NOTHING, sql, verbatim } from "./sql.js";
import { type Flag, isTrue, page, toInstant } from "./values.js";

type UserReader = Pick<AccessReader, "user" | "users" | "assignments">;

/** Who somebody is, as `users` has it beside the account's state. */
type Named = Pick<PersonState, "userName" | "email" | "displayName" | "givenName" | "familyName">;

/** What `q` looks into. */
function searchText({ userName, email, displayName, givenName, familyName }: Named): string {
  return fold([userName, email ?? "", displayName ?? "", givenName ?? "", familyName ?? ""].join("\n"));
}

/** The columns that tell who somebody is, with what is made of them. */
export function namedColumns(person: Named) {
  const { userName, email, displayName, givenName, familyName } = person;
  return {
    ...{ user_name: userName, user_name_folded: fold(userName), email },
    ...{ email_folded: email === null ? null : fold(email), search_text: searchText(person) },
    ...{ display_name: displayName, given_name: givenName, family_name: familyName },
  };
}

interface UserColumns extends ShownColumns {
  readonly id: string;
  readonly user_name: string;
  readonly email: string | null;
  readonly status: string;
  readonly synced: Flag;
  readonly created_at: number;
}

interface HeldColumns {
  readonly user_id: string;
  readonly scope: string;
  readonly team_name: string | null;
  readonly role: string;
  /** Of all that the person holds. */
  readonly total: number;
}

/** Synced: a live, active `scim` row of a connection that is live and not disabled. */
const SYNCED = verbatim(`exists (
  select 1 from identity_links l
  join directory_users d on d.tenant_id = l.tenant_id and d.id = l.directory_user_id
  join connections c on c.tenant_id = d.tenant_id and c.id = d.connection_id
  where l.tenant_id = u.tenant_id and l.user_id = u.id and l.ended_at is null and d.deleted_at is null
    and d.scim_resource is not null and d.scim_active and c.sync = 'live' and c.disabled_at is null
    and c.protocol <> 'local')`);

/** Most assignments that one row of a list has: pages are long, and some people hold very much. */
export const MOST_LISTED = 200;
export const ALL = 2 ** 31 - 1;

/** Accounts of any kind that were registered, with what they hold. */
export async function accountsWhere(
  { tenant, sql: db, dialect }: Scope,
  where: Fragment,
  most: number,
): Promise<readonly UserRow[]> {
  const rows = await db.all<UserColumns>(
    sql`select u.id, u.user_name, u.email, ${SHOWN}, u.status, ${SYNCED} as synced, u.created_at from users u
      where u.tenant_id = ${tenant} and u.status <> 'pending' and ${where}`,
  );
  if (rows.length === 0) return [];
  const held = await db.all<HeldColumns>(
    sql`select user_id, scope, team_name, role, total from (
        select d.*, count(*) over (partition by user_id) as total,
          row_number() over (partition by user_id order by scope, team_name, role) as place
        from (select distinct g.user_id, g.scope, t.name as team_name, g.role from ${GRANTS}
          where g.tenant_id = ${tenant} and g.user_id in ${dialect.list(rows.map((row) => row.id))}
            and g.ended_at is null) d) e
      where place <= ${most} order by user_id, place`,
  );
  const assignments = grouped(held, (grant) => grant.user_id);
  return rows.map((row) => {
    const mine = assignments.get(row.id) ?? [];
    return {
      id: row.id as UserId,
      userName: row.user_name,
      email: row.email,
      ...shownOf(row),
      status: row.status as UserRow["status"],
      synced: isTrue(row.synced),
      assignments: mine.map((grant): Target => ({ scope: scopeOf(grant), role: grant.role })),
      assignmentsLeftOut: Number(mine[0]?.total ?? 0) - mine.length,
      createdAt: toInstant(row.created_at),
    };
  });
}

function conditions({ dialect }: Scope, query: UserQuery): Fragment {
  const wanted: Fragment[] = [sql`u.id > ${query.after ?? ""}`, verbatim("u.kind = 'person'")];
  if (query.userName !== undefined) wanted.push(sql`u.user_name_folded = ${fold(query.userName)}`);
  if (query.email !== undefined) wanted.push(sql`u.email_folded = ${fold(query.email)}`);
  if (query.status !== undefined) wanted.push(sql`u.status = ${query.status}`);
  if (query.q !== undefined) wanted.push(dialect.test(verbatim("u.search_text"), "co", fold(query.q)));
  if (query.externalId !== undefined) {
    wanted.push(
      sql`exists (select 1 from identity_links l
        join directory_users d on d.tenant_id = l.tenant_id and d.id = l.directory_user_id
        where l.tenant_id = u.tenant_id and l.user_id = u.id and l.ended_at is null and d.external_id = ${query.externalId})`,
    );
  }
  if (query.team !== undefined || query.role !== undefined) {
    const team = query.team === undefined ? NOTHING : sql` and t.name = ${query.team}`;
    const role = query.role === undefined ? NOTHING : sql` and g.role = ${query.role}`;
    wanted.push(
      sql`exists (select 1 from ${GRANTS} where g.tenant_id = u.tenant_id and g.user_id = u.id and g.ended_at is null${team}${role})`,
    );
  }
  return join(wanted, " and ");
}

interface AssignmentColumns extends PastGrantColumns {
  readonly user_name: string;
}

function assignmentOf(row: AssignmentColumns): AssignmentRow {
  return { ...pastGrantOf(row), user: { id: row.user_id as UserId, userName: row.user_name } };
}

/** Listed by user, so the cursor is a user and the last grant of theirs that was shown. */
function afterGrant(after: string | undefined): Fragment {
  if (after === undefined) return verbatim("1 = 1");
  const [user, grant, ...rest] = after.split(".");
  if (user === undefined || grant === undefined || rest.length > 0) {
    throw new Refusal("bad_request", `\`${after.slice(0, 80)}\` is no cursor of this list`);
  }
  return sql`(g.user_id, g.id) > (${user}, ${grant})`;
}

export function userReader(scope: Scope): UserReader {
  const { tenant, sql: db } = scope;
  return {
    async user(id) {
      return (await accountsWhere(scope, sql`u.id = ${id} and u.kind = 'person'`, ALL))[0];
    },
    async users(query) {
      const where = sql`${conditions(scope, query)} order by u.id limit ${query.limit + 1}`;
      const rows = await accountsWhere(scope, where, MOST_LISTED);
      return page(
        rows,
        query.limit,
        (row) => row,
        (row) => row.id,
      );
    },
    async assignments({ after, limit, at, user }) {
      const whose = user === undefined ? NOTHING : sql` and g.user_id = ${user}`;
      const rows = await db.all<AssignmentColumns>(
        sql`select ${GRANT_COLUMNS}, u.user_name, g.ended_at, g.end_reason
          from ${GRANTS} join users u on u.tenant_id = g.tenant_id and u.id = g.user_id
          where g.tenant_id = ${tenant} and ${at === undefined ? verbatim("g.ended_at is null") : openAt(at)} and ${afterGrant(after)}${whose}
          order by g.user_id, g.id limit ${limit + 1}`,
      );
      return page(rows, limit, assignmentOf, (row) => `${row.user_id}.${row.id}`);
    },
  };
}
