/** Who is in a group: set-based changes that answer with what really changed. */
import type { ConnectionId, DirectoryGroupId, DirectoryUserId, Instant, MemberId } from "../model/ids.js";
import type { DirectoryWriter, NamedMembers } from "../provisioning/ports/directory-writer.js";
import { countGroup } from "./connection-counters.js";
import { bigint, text } from "./dialect.js";
import { LIVE_SCIM } from "./directory-rows.js";
import type { Scope } from "./scope.js";
import { one, sql, verbatim } from "./sql.js";
import { toMillis } from "./values.js";

type MembershipWriter = Pick<DirectoryWriter, "membersNamed" | "addMembers" | "removeMembers" | "setMembers">;

interface MemberColumns {
  readonly directory_user_id: string;
}

function ids(rows: readonly MemberColumns[]): readonly DirectoryUserId[] {
  return rows.map((row) => row.directory_user_id as DirectoryUserId);
}

/** More than one write brings; apart by so much, the places of a later write follow those of an earlier one. */
const WRITE = 1_048_576;

/**
 * The order of joining. INVARIANT: it is that of the writes, which the group's lock puts one behind the other; clocks are read
 * before anyone waits for it. Rows of before have places within their write alone, and are told apart by time.
 */
export const JOINING_ORDER = verbatim(`m.place / ${WRITE}, m.created_at, m.place`);

/** Only live scim users of the group's own connection join; whoever else is named is passed over. */
async function join(
  { tenant, sql: db, dialect }: Scope,
  group: DirectoryGroupId,
  members: readonly DirectoryUserId[],
  at: number,
): Promise<readonly DirectoryUserId[]> {
  const listed = dialect.rows(
    { id: "text" },
    [...new Set(members)].map((id) => ({ id })),
  );
  const joined = await db.all<MemberColumns>(
    sql`insert into directory_memberships (tenant_id, group_id, directory_user_id, created_at, place)
      select g.tenant_id, g.id, u.id, ${bigint(at)}, g.fills * ${bigint(WRITE)} + listed.ordinal
      from ${listed} as listed
      join directory_groups g on g.tenant_id = ${tenant} and g.id = ${text(group)} and g.deleted_at is null
      join directory_users u on u.tenant_id = ${tenant} and u.id = listed.id and u.connection_id = g.connection_id
        and u.deleted_at is null and u.scim_resource is not null
      where true${dialect.lock("g")}${dialect.share("u")}
      on conflict do nothing returning directory_user_id`,
  );
  return ids(joined);
}

/** Keeps `memberCount` and the first membership's time; the time's first value shows in `directoryGroups`. */
async function settle(
  scope: Scope,
  group: DirectoryGroupId,
  added: number,
  removed: number,
  at: number,
): Promise<void> {
  if (added === 0 && removed === 0) return;
  const { tenant, sql: db } = scope;
  const filled = await one<{ readonly connection_id: string; readonly fills: number }>(
    db,
    sql`update directory_groups set member_count = member_count + ${added - removed}, fills = fills + ${added > 0 ? 1 : 0},
        first_membership_at = case when ${added} > 0 then coalesce(first_membership_at, ${bigint(at)})
          else first_membership_at end
      where tenant_id = ${tenant} and id = ${group} returning connection_id, fills`,
  );
  if (filled !== undefined && added > 0 && filled.fills === 1) {
    await countGroup(scope, filled.connection_id as ConnectionId, 0);
  }
}

/** INVARIANT: the group is locked before its members, by everyone in the same order. */
async function lock({ tenant, sql: db, dialect }: Scope, group: DirectoryGroupId): Promise<void> {
  if (dialect.name === "sqlite") return;
  await db.all(sql`select id from directory_groups where tenant_id = ${tenant} and id = ${group}${dialect.lock()}`);
}

/** Nearly always all of them are users. */
function namedMembers(
  ids: readonly MemberId[],
  others: readonly { readonly value: string; readonly group_id: string | null }[],
): NamedMembers {
  const groups = others.flatMap(({ group_id }) => (group_id === null ? [] : [group_id as DirectoryGroupId]));
  const missing = others.flatMap(({ value, group_id }) => (group_id === null ? [value] : []));
  const apart = new Set(others.map(({ value }) => value));
  const users = apart.size === 0 ? ids : ids.filter((id) => !apart.has(id));
  return { users: users as readonly DirectoryUserId[], groups, missing };
}

export function membershipWriter(scope: Scope): MembershipWriter {
  const { tenant, sql: db, dialect } = scope;
  return {
    async membersNamed(connection, ids) {
      const rows = await db.all<{ readonly value: string; readonly group_id: string | null }>(
        sql`select listed.value, (select g.id from directory_groups g where g.tenant_id = ${tenant}
            and g.id = listed.value and g.connection_id = ${connection} and g.deleted_at is null) as group_id
          from ${dialect.list(ids)} as listed where not exists (
            select 1 from directory_users u where u.tenant_id = ${tenant} and u.id = listed.value
              and u.connection_id = ${connection} and ${LIVE_SCIM})`,
      );
      return namedMembers(ids, rows);
    },
    async addMembers(group: DirectoryGroupId, members: readonly DirectoryUserId[], now: Instant) {
      if (members.length === 0) return [];
      const at = toMillis(now);
      const added = await join(scope, group, members, at);
      await settle(scope, group, added.length, 0, at);
      return added;
    },
    async removeMembers(group, members, now) {
      if (members.length === 0) return [];
      await lock(scope, group);
      const removed = ids(
        await db.all<MemberColumns>(
          sql`delete from directory_memberships where tenant_id = ${tenant} and group_id = ${group}
            and directory_user_id in ${dialect.list(members)} returning directory_user_id`,
        ),
      );
      await settle(scope, group, 0, removed.length, toMillis(now));
      return removed;
    },
    async setMembers(group, members, now) {
      const at = toMillis(now);
      await lock(scope, group);
      const removed = ids(
        await db.all<MemberColumns>(
          sql`delete from directory_memberships where tenant_id = ${tenant} and group_id = ${group}
            and directory_user_id not in ${dialect.list(members)} returning directory_user_id`,
        ),
      );
      const added = members.length === 0 ? [] : await join(scope, group, members, at);
      await settle(scope, group, added.length, removed.length, at);
      return { added, removed };
    },
  };
}
