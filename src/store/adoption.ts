/** Moving people and groups that were made by hand to a connection, and what stays behind. */
import type { ClaimsDocument } from "../model/directory.js";
import type { ConnectionId, DirectoryGroupId, DirectoryUserId, Instant, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import { OWNER } from "../model/target.js";
import { versionConflict } from "../model/version-conflict.js";
import type { Adoptable, AdoptionWriter, KeptFrom, LocalNames, LocalPerson } from "../provisioning/ports/adoption.js";
import { adoptableGroup, adoptableUser, hasNamesake, localConnection, localUser, shownUser } from "./adoptable.js";
import { countGroup } from "./connection-counters.js";
import { bigint, text } from "./dialect.js";
import { LIVE_SCIM } from "./directory-rows.js";
import { insertUserRow, shownColumns } from "./directory-users.js";
import type { Scope } from "./scope.js";
import { addressSpellings } from "./spellings.js";
import { assignments, one, sql, verbatim } from "./sql.js";
import { type Flag, fromJson, given, isTrue, toMillis } from "./values.js";

const REGISTERED = verbatim("a.status = 'registered'");

interface PersonColumns {
  readonly id: string;
  readonly user_id: string;
  readonly user_name: string;
  readonly email: string;
  readonly resource: string;
  readonly is_owner: Flag;
  readonly is_deactivated: Flag;
  readonly is_namesake: Flag;
}

interface HiddenColumns {
  readonly user_name: string;
  readonly user_id: string;
  readonly pushed_id: string;
  readonly pushed_user_id: string;
}

export function adoptionWriter(scope: Scope): AdoptionWriter {
  const { tenant, sql: db, dialect } = scope;
  return {
    adoptableUsers: (adoptable, names) => adoptableUsers(scope, adoptable, names),
    async hasPushed(connection, userName) {
      const row = await one(
        db,
        sql`select u.id from directory_users u where u.tenant_id = ${tenant} and u.connection_id = ${connection}
          and u.user_name_folded = ${userName} and ${LIVE_SCIM}`,
      );
      return row !== undefined;
    },
    async hiddenNamesakes(connection, of) {
      const meant =
        "domains" in of
          ? localUser(scope, of, REGISTERED)
          : shownUser(scope, sql`${REGISTERED} and a.id in ${dialect.list(of.users)}`);
      const rows = await db.all<HiddenColumns>(
        sql`select u.user_name, h.user_id, o.id as pushed_id, l.user_id as pushed_user_id from directory_users u
          join identity_links h on h.tenant_id = u.tenant_id and h.directory_user_id = u.id and h.ended_at is null
          join directory_users o on o.tenant_id = u.tenant_id and o.connection_id = ${connection}
            and o.user_name_folded = u.user_name_folded and o.deleted_at is null and o.scim_resource is not null
          join identity_links l on l.tenant_id = o.tenant_id and l.directory_user_id = o.id and l.ended_at is null
            and l.user_id <> h.user_id
          where ${meant} order by u.id`,
      );
      return rows.map((row) => ({
        user: row.user_id as UserId,
        userName: row.user_name,
        pushed: { id: row.pushed_id as DirectoryUserId, user: row.pushed_user_id as UserId },
      }));
    },
    adoptUser: (connection, id, now) => adoptUser(scope, connection, id, now),
    async adoptableGroup(names) {
      const meant =
        "id" in names
          ? sql`g.id = ${names.id}`
          : sql`g.display_name_folded = ${names.name} and g.id <> ${names.but ?? ""}`;
      const row = await one<{ readonly id: string }>(
        db,
        sql`select g.id from directory_groups g where ${adoptableGroup(scope)} and ${meant} order by g.id limit 1`,
      );
      return row?.id as DirectoryGroupId | undefined;
    },
    adoptGroup: (connection, id, now) => adoptGroup(scope, connection, id, now),
    async undoGroupAdoption(id, since, now) {
      const row = await one<{ readonly id: string; readonly connection_id: string }>(
        db,
        sql`update directory_groups set overwritten_by = null, adopted_as = null, overwritten_at = null,
            version = version + 1, modified_at = ${toMillis(now)}
          where tenant_id = ${tenant} and adopted_as = ${id} and overwritten_at > ${toMillis(since)} and deleted_at is null
          returning id, connection_id`,
      );
      if (row === undefined) return undefined;
      await countGroup(scope, row.connection_id as ConnectionId, 0);
      return row.id as DirectoryGroupId;
    },
    async updateShown(id, document, now) {
      await db.run(
        sql`update directory_users set ${assignments(shownColumns(document))}, version = version + 1,
            modified_at = ${toMillis(now)}
          where tenant_id = ${tenant} and id = ${id} and deleted_at is null and not exists (
            select 1 from directory_users o where o.tenant_id = ${tenant} and o.id <> ${id}
              and o.connection_id = directory_users.connection_id and o.user_name_folded = ${document.userNameFolded}
              and o.deleted_at is null and o.scim_resource is not null)`,
      );
    },
    async undescribedUsers(local, { after = "", limit }) {
      const rows = await db.all<{ readonly id: string; readonly user_id: string; readonly claims: string }>(
        sql`select u.id, l.user_id, u.claims from directory_users u
          join identity_links l on l.tenant_id = u.tenant_id and l.directory_user_id = u.id and l.ended_at is null
          where u.tenant_id = ${tenant} and u.connection_id = ${local} and u.deleted_at is null
            and u.scim_resource is null and u.claims is not null and l.linked_by = 'created' and u.id > ${after}
          order by u.id limit ${limit}${dialect.lock("u")}`,
      );
      return rows.map((row) => ({
        id: row.id as DirectoryUserId,
        user: row.user_id as UserId,
        claims: fromJson<ClaimsDocument>(row.claims),
      }));
    },
  };
}

async function adoptableUsers(scope: Scope, adoptable: Adoptable, names: LocalNames): Promise<readonly LocalPerson[]> {
  if (adoptable.domains.length === 0) return [];
  const { tenant, sql: db, dialect } = scope;
  const among = (texts: readonly string[]) =>
    texts.length === 1 ? sql`= ${texts[0] ?? null}` : sql`in ${dialect.list(texts)}`;
  const meant =
    "id" in names
      ? sql`${adoptableUser(scope, adoptable)} and u.id = ${names.id}`
      : sql`${localUser(scope, adoptable, sql`a.status in ('registered', 'deactivated')`)} and u.id in (
          select id from directory_users where tenant_id = ${tenant} and connection_id = ${localConnection(scope)}
            and user_name_folded ${among(names.userNames)} and deleted_at is null and scim_resource is not null
          union all
          select l.directory_user_id from users a
            join identity_links l on l.tenant_id = a.tenant_id and l.user_id = a.id and l.ended_at is null
            where a.tenant_id = ${tenant} and a.email_folded in ${dialect.list(names.emails.flatMap(addressSpellings))})`;
  const rows = await db.all<PersonColumns>(
    sql`select u.id, l.user_id, u.user_name, a.email, u.scim_resource as resource, exists (select 1 from grants g
          where g.tenant_id = a.tenant_id and g.user_id = a.id and g.ended_at is null
            and g.scope = ${OWNER.scope} and g.role = ${OWNER.role}) as is_owner,
        a.status = 'deactivated' as is_deactivated, ${hasNamesake(adoptable)} as is_namesake
      from directory_users u
      join identity_links l on l.tenant_id = u.tenant_id and l.directory_user_id = u.id and l.ended_at is null
      join users a on a.tenant_id = l.tenant_id and a.id = l.user_id
      where ${meant} order by u.id`,
  );
  return rows.map((row) => ({
    id: row.id as DirectoryUserId,
    user: row.user_id as UserId,
    userName: row.user_name,
    email: row.email,
    shown: fromJson<JsonObject>(row.resource),
    ...given("kept", keptFrom(row)),
  }));
}

function keptFrom(row: PersonColumns): KeptFrom | null {
  if (isTrue(row.is_namesake)) return "namesake";
  if (isTrue(row.is_deactivated)) return "deactivated";
  return isTrue(row.is_owner) ? "owner" : null;
}

interface MovedColumns {
  readonly connection_id: string;
  readonly user_id: string;
  readonly user_name: string;
  readonly claims: string | null;
}

async function adoptUser(scope: Scope, connection: ConnectionId, id: DirectoryUserId, now: Instant): Promise<void> {
  const { tenant, sql: db, dialect } = scope;
  const row = await one<MovedColumns>(
    db,
    sql`select u.connection_id, l.user_id, u.user_name, u.claims from directory_users u
      join identity_links l on l.tenant_id = u.tenant_id and l.directory_user_id = u.id and l.ended_at is null
      where u.tenant_id = ${tenant} and u.id = ${id} and u.connection_id = ${localConnection(scope)}
        and u.deleted_at is null${dialect.lock("u")}`,
  );
  if (row === undefined) throw versionConflict("user", id);
  const [local, user] = [row.connection_id as ConnectionId, row.user_id as UserId];
  await db.run(
    // without a document it stands in nobody's way: the first one that is written finds out whether its userName is free
    sql`update directory_users set connection_id = ${connection}, claims = null, claims_version = 0,
        scim_resource = null, scim_search = null, scim_active = null
      where tenant_id = ${tenant} and id = ${id}`,
  );
  await db.run(
    sql`update identity_links set connection_id = ${connection}, linked_by = 'adopted', linked_at = ${bigint(toMillis(now))}
      where tenant_id = ${tenant} and directory_user_id = ${id} and ended_at is null`,
  );
  const claims = row.claims === null ? {} : { claims: fromJson<ClaimsDocument>(row.claims) };
  const stays = { connection: local, user, linkedBy: "kept", userName: row.user_name, ...claims };
  const { id: behind } = await insertUserRow(scope, stays, now);
  await db.run(
    sql`update directory_memberships set directory_user_id = ${behind} where tenant_id = ${tenant} and directory_user_id = ${id}`,
  );
  // the connection counts the row with its first document
  await db.run(
    sql`update connection_counters set registered_synced = registered_synced - (
        select count(*) from users where tenant_id = ${tenant} and id = ${user} and status = 'registered')
      where tenant_id = ${tenant} and connection_id = ${local}`,
  );
}

interface GroupColumns {
  readonly connection_id: string;
  readonly member_count: number;
}

/** Everything that both of the two groups have. */
const SAME = verbatim("display_name, display_name_folded, idp_mapping_names, resource, search, version, created_at");

async function adoptGroup(
  scope: Scope,
  connection: ConnectionId,
  id: DirectoryGroupId,
  now: Instant,
): Promise<readonly UserId[]> {
  const { tenant, sql: db, dialect, newId } = scope;
  const at = toMillis(now);
  const row = await one<GroupColumns>(
    db,
    sql`select g.connection_id, g.member_count from directory_groups g
      where ${adoptableGroup(scope)} and g.id = ${id}${dialect.lock("g")}`,
  );
  if (row === undefined) throw versionConflict("group", id);
  const [local, behind] = [row.connection_id as ConnectionId, newId()];
  await db.run(
    sql`insert into directory_groups (tenant_id, id, connection_id, ${SAME}, modified_at, member_count, fills,
        first_membership_at, overwritten_by, adopted_as, overwritten_at)
      select tenant_id, ${text(behind)}, connection_id, ${SAME}, ${bigint(at)}, member_count, fills,
        first_membership_at, ${text(connection)}, id, ${bigint(at)}
      from directory_groups where tenant_id = ${tenant} and id = ${id}`,
  );
  for (const table of ["directory_memberships", "group_pins"]) {
    await db.run(
      sql`update ${verbatim(table)} set group_id = ${behind} where tenant_id = ${tenant} and group_id = ${id}`,
    );
  }
  await db.run(
    sql`update directory_groups set connection_id = ${connection}, member_count = 0, fills = 0, first_membership_at = null
      where tenant_id = ${tenant} and id = ${id}`,
  );
  await countGroup(scope, local, 0);
  await countGroup(scope, connection, 1);
  const members = await db.all<{ readonly user_id: string }>(
    sql`select distinct l.user_id from directory_memberships m
      join identity_links l on l.tenant_id = m.tenant_id and l.directory_user_id = m.directory_user_id and l.ended_at is null
      where m.tenant_id = ${tenant} and m.group_id = ${behind} order by l.user_id`,
  );
  return members.map((member) => member.user_id as UserId);
}
