/** Groups of the directory ledger and their memberships, which are rows: a change costs what it changes. */
import type { ScimGroupDocument } from "../model/directory.js";
import type { ConnectionId, DirectoryGroupId, DirectoryUserId, Instant, UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import type { ScimRole } from "../model/scim-role.js";
import { versionConflict } from "../model/version-conflict.js";
import type { DirectoryReader, GroupOfUser, ShownMember } from "../provisioning/ports/directory.js";
import type { DirectoryWriter, WrittenRow } from "../provisioning/ports/directory-writer.js";
import { adoptableGroup } from "./adoptable.js";
import { countGroup } from "./connection-counters.js";
import {
  atVersion,
  directoryGroupOf,
  GROUP_COLUMNS,
  type GroupColumns,
  LIVE_SCIM,
  writtenOf,
} from "./directory-rows.js";
import { JOINING_ORDER } from "./memberships.js";
import { leaveNestings } from "./nested-groups.js";
import type { Scope } from "./scope.js";
import { assignments, type Fragment, insertion, NOTHING, one, quick, sql, type Value, verbatim } from "./sql.js";
import { claimUnique, freeUnique, replaceUnique } from "./unique-values.js";
import { fromJson, given, toInstantOrNull, toJson, toJsonOrNull, toMillis } from "./values.js";

type GroupReader = Pick<
  DirectoryReader,
  "directoryGroup" | "membersOf" | "shownAsMembers" | "memberIdsOf" | "groupsOf" | "usersOfGroups"
>;
type GroupWriter = Pick<
  DirectoryWriter,
  "insertGroup" | "updateGroup" | "touchGroup" | "deleteGroup" | "lockGroup" | "unconfirmGroups" | "confirmGroup"
>;

const WRITTEN = verbatim("id, version, created_at, modified_at");

interface LockedColumns {
  readonly version: number;
  readonly member_count: number;
  readonly nested_count: number;
  readonly display_name: string;
  readonly external_id: string | null;
  readonly idp_mapping_names: string;
  readonly scim_roles: string | null;
  readonly unconfirmed_since: number | null;
}
type WrittenColumns = Parameters<typeof writtenOf>[0];

export function directoryGroupReader({ tenant, sql: db, dialect }: Scope): GroupReader {
  return {
    async directoryGroup(connection, id, adoptable) {
      const row = await one<GroupColumns>(
        db,
        sql`select ${GROUP_COLUMNS} from directory_groups g
          where g.tenant_id = ${tenant} and g.id = ${id} and g.connection_id = ${connection} and g.deleted_at is null`,
      );
      if (row !== undefined || adoptable === undefined) return row && directoryGroupOf(row, connection);
      const local = await one<GroupColumns>(
        db,
        sql`select ${GROUP_COLUMNS} from directory_groups g where g.id = ${id} and ${adoptableGroup({ tenant })}`,
      );
      return local && directoryGroupOf(local, connection);
    },
    async membersOf(groups, only) {
      const among = only === undefined ? NOTHING : sql` and m.directory_user_id in ${dialect.list(only)}`;
      const rows = await db.all<{
        readonly group_id: string;
        readonly id: string;
        readonly user_name: string;
        readonly display_name: string | null;
      }>(
        sql`select m.group_id, u.id, u.user_name, u.display_name
          from directory_memberships m
          join directory_users u on u.tenant_id = m.tenant_id and u.id = m.directory_user_id
          where m.tenant_id = ${tenant} and m.group_id in ${dialect.list(groups)}${among}
          order by m.group_id, ${JOINING_ORDER}, u.id`,
      );
      return rows.map((row) => ({
        group: row.group_id as DirectoryGroupId,
        user: row.id as DirectoryUserId,
        userName: row.user_name,
        ...given("display", row.display_name),
      }));
    },
    shownAsMembers(connection, ids) {
      return db.all<ShownMember>(
        sql`select u.id, 'User' as type, coalesce(u.display_name, u.user_name) as display from directory_users u
            where u.tenant_id = ${tenant} and u.id in ${dialect.list(ids)} and u.connection_id = ${connection} and ${LIVE_SCIM}
          union all
          select g.id, 'Group', g.display_name from directory_groups g
            where g.tenant_id = ${tenant} and g.id in ${dialect.list(ids)} and g.connection_id = ${connection}
              and g.deleted_at is null`,
      );
    },
    async memberIdsOf(group) {
      const rows = await db.all<{ readonly id: string }>(
        sql`select m.directory_user_id as id from directory_memberships m
          where m.tenant_id = ${tenant} and m.group_id = ${group} order by ${JOINING_ORDER}, m.directory_user_id`,
      );
      return rows.map(({ id }) => id as DirectoryUserId);
    },
    async usersOfGroups(groups) {
      const rows = await db.all<{ readonly user_id: string }>(
        sql`select distinct l.user_id from directory_memberships m
          join identity_links l on l.tenant_id = m.tenant_id and l.directory_user_id = m.directory_user_id
            and l.ended_at is null
          where m.tenant_id = ${tenant} and m.group_id in ${dialect.list(groups)} order by l.user_id`,
      );
      return rows.map((row) => row.user_id as UserId);
    },
    async groupsOf(users) {
      const groups = groupsJson({ tenant, dialect }, verbatim("asked.value"));
      const rows = await db.all<{ readonly id: string; readonly groups: string }>(
        quick(
          sql`select asked.value as id, ${groups} as groups from ${dialect.list(users)} as asked order by asked.value`,
          users.length,
        ),
      );
      return rows.flatMap(({ id, groups }) =>
        fromJson<readonly Omit<GroupOfUser, "user">[]>(groups).map((one) => ({ user: id as DirectoryUserId, ...one })),
      );
    },
  };
}

/** Groups of a person, `GroupOfUser` without whose, as one text of JSON. */
export function groupsJson({ tenant, dialect }: Pick<Scope, "tenant" | "dialect">, user: Fragment): Fragment {
  return dialect.jsonRows(
    { group: verbatim("g.id"), displayName: verbatim("g.display_name") },
    verbatim("g.id"),
    sql`from directory_memberships m
      join directory_groups g on g.tenant_id = m.tenant_id and g.id = m.group_id
      where m.tenant_id = ${tenant} and m.directory_user_id = ${user} and g.overwritten_by is null`,
  );
}

function documentColumns(document: ScimGroupDocument): Readonly<Record<string, Value>> {
  return {
    display_name: document.displayName,
    display_name_folded: document.displayNameFolded,
    external_id: document.externalId ?? null,
    idp_mapping_names: toJson(document.idpMappingNames),
    scim_roles: toJsonOrNull(document.roles),
    resource: toJson(document.resource),
    search: toJson(document.search),
  };
}

function noSuchGroup(id: string): Refusal {
  return new Refusal("not_found", `there is no group \`${id}\``);
}

export function directoryGroupWriter(scope: Scope): GroupWriter {
  const { tenant, sql: db, dialect, newId } = scope;
  return {
    async insertGroup(connection, document, now, id = newId() as DirectoryGroupId) {
      const at = toMillis(now);
      const columns = {
        ...{ tenant_id: tenant, id, connection_id: connection, version: 1, created_at: at, modified_at: at },
        ...documentColumns(document),
      };
      await db.run(insertion("directory_groups", columns));
      await countGroup(scope, connection, 1);
      if (document.unique !== undefined) await claimUnique(scope, connection, columns.id, document.unique);
      return writtenOf(columns);
    },
    updateGroup: (connection, id, document, ifVersion, now) =>
      updateGroup(scope, connection, id, document, ifVersion, now),
    async touchGroup(id, now) {
      const written = await one<WrittenColumns>(
        db,
        sql`update directory_groups set version = version + 1, modified_at = ${toMillis(now)}
          where tenant_id = ${tenant} and id = ${id} and deleted_at is null returning ${WRITTEN}`,
      );
      if (written === undefined) throw noSuchGroup(id);
      return writtenOf(written);
    },
    deleteGroup: (connection, id, now, ifVersion) => deleteGroup(scope, connection, id, toMillis(now), ifVersion),
    async lockGroup(connection, id) {
      const row = await one<LockedColumns>(
        db,
        sql`select version, member_count, nested_count, display_name, external_id, idp_mapping_names, scim_roles,
            unconfirmed_since
          from directory_groups
          where tenant_id = ${tenant} and id = ${id} and connection_id = ${connection} and deleted_at is null
          ${dialect.lock()}`,
      );
      return (
        row && {
          version: row.version,
          memberCount: row.member_count,
          nestedCount: row.nested_count,
          displayName: row.display_name,
          ...(row.external_id !== null && { externalId: row.external_id }),
          idpMappingNames: fromJson<readonly string[]>(row.idp_mapping_names),
          ...given("unconfirmedSince", toInstantOrNull(row.unconfirmed_since)),
          ...(row.scim_roles !== null && { roles: fromJson<readonly ScimRole[]>(row.scim_roles) }),
        }
      );
    },
    async unconfirmGroups(connection, since) {
      await db.run(
        sql`update directory_groups set unconfirmed_since = ${toMillis(since)}
          where tenant_id = ${tenant} and connection_id = ${connection} and deleted_at is null and unconfirmed_since is null`,
      );
      await countGroup(scope, connection, 0);
    },
    async confirmGroup(connection, id) {
      await db.run(
        sql`update directory_groups set unconfirmed_since = null where tenant_id = ${tenant} and id = ${id}`,
      );
      await countGroup(scope, connection, 0);
    },
  };
}

async function updateGroup(
  scope: Scope,
  connection: ConnectionId,
  id: DirectoryGroupId,
  document: ScimGroupDocument,
  ifVersion: number | undefined,
  now: Instant,
): Promise<WrittenRow<DirectoryGroupId>> {
  const { tenant, sql: db, dialect } = scope;
  const present = await one<{ readonly version: number }>(
    db,
    sql`select version from directory_groups
      where tenant_id = ${tenant} and id = ${id} and connection_id = ${connection} and deleted_at is null
      ${dialect.lock()}`,
  );
  if (present === undefined) throw noSuchGroup(id);
  if (ifVersion !== undefined && present.version !== ifVersion) {
    throw versionConflict("group", id);
  }
  const columns = { ...documentColumns(document), version: present.version + 1, modified_at: toMillis(now) };
  const written = await one<WrittenColumns>(
    db,
    sql`update directory_groups set ${assignments(columns)} where tenant_id = ${tenant} and id = ${id} returning ${WRITTEN}`,
  );
  if (written === undefined) throw noSuchGroup(id);
  await countGroup(scope, connection, 0);
  if (document.unique !== undefined) await replaceUnique(scope, connection, id, document.unique);
  return writtenOf(written);
}

async function deleteGroup(
  scope: Scope,
  connection: ConnectionId,
  id: DirectoryGroupId,
  at: number,
  ifVersion: number | undefined,
): Promise<readonly DirectoryUserId[] | undefined> {
  const { tenant, sql: db, dialect } = scope;
  // nobody puts it into another group meanwhile
  if (dialect.name === "postgres") {
    await db.all(sql`select id from directory_groups where tenant_id = ${tenant} and id = ${id}${dialect.wholeLock()}`);
  }
  const deleted = await db.run(
    sql`update directory_groups set deleted_at = ${at}, modified_at = ${at}, version = version + 1,
        member_count = 0, nested_count = 0
      where tenant_id = ${tenant} and id = ${id} and connection_id = ${connection} and deleted_at is null
        ${atVersion(ifVersion)}`,
  );
  if (deleted === 0) return undefined;
  await countGroup(scope, connection, -1);
  await freeUnique(scope, id);
  const members = await db.all<{ readonly directory_user_id: string }>(
    sql`delete from directory_memberships where tenant_id = ${tenant} and group_id = ${id} returning directory_user_id`,
  );
  await leaveNestings(scope, id, at);
  return members.map((row) => row.directory_user_id as DirectoryUserId);
}
