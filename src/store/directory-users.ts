/** People in the directory ledger: finding them, and writing their two documents. */
import type { ClaimsDocument, ScimUserDocument } from "../model/directory.js";
import { asciiLower, fold } from "../model/fold.js";
import type { ConnectionId, DirectoryUserId, Instant, UserId } from "../model/ids.js";
import { linkAddress } from "../model/link-address.js";
import { NOTHING_SHOWN } from "../model/person.js";
import { Refusal } from "../model/problem.js";
import { versionConflict } from "../model/version-conflict.js";
import type { DirectoryReader, DirectoryUserRow, GroupOfUser } from "../provisioning/ports/directory.js";
import type { DirectoryWriter, NewUserRow, WrittenRow } from "../provisioning/ports/directory-writer.js";
import { adoptableUser } from "./adoptable.js";
import { countScimRow } from "./connection-counters.js";
import { bigint, text } from "./dialect.js";
import { groupsJson } from "./directory-groups.js";
import {
  atVersion,
  CANDIDATE_COLUMNS,
  type CandidateColumns,
  candidateOf,
  candidatesAmong,
  changedNames,
  directoryUserOf,
  LIVE_SCIM,
  type ResourceColumns,
  USER_COLUMNS,
  writtenOf,
} from "./directory-rows.js";
import type { Scope } from "./scope.js";
import { insertSignInNames } from "./signed-in-rows.js";
import { assignments, type Fragment, insertion, NOTHING, one, quick, sql, type Value, verbatim } from "./sql.js";
import { claimUnique, freeUnique, replaceUnique } from "./unique-values.js";
import { namedColumns } from "./users.js";
import { fromJson, given, toJson, toJsonOrNull, toMillis } from "./values.js";

type UserReader = Pick<DirectoryReader, "directoryUser" | "displayNames" | "lastPushed">;
type UserWriter = Pick<
  DirectoryWriter,
  | "rowBySubject"
  | "rowsByNames"
  | "deletedRow"
  | "rowById"
  | "rowsById"
  | "insertPendingUser"
  | "insertUserRow"
  | "updateScim"
  | "updateClaims"
  | "deleteUserRow"
  | "usersOfRows"
>;

export const WRITTEN = verbatim(
  "id, version, coalesce(scim_created_at, created_at) as created_at, modified_at, scim_version",
);
export type WrittenColumns = Parameters<typeof writtenOf>[0] & { readonly scim_version: number };

/** How users are looked up, and whether with their groups. */
export interface UserLookUp {
  readonly by: "id" | "user_name_folded";
  readonly withGroups: boolean;
}

/** A row with the key by which it was found. */
export type FoundUser = DirectoryUserRow & { readonly key: string };

/** Those of the connection's users that have one of these keys, which are unique in it. */
export async function readDirectoryUsers(
  scope: Scope,
  connection: ConnectionId,
  keys: readonly string[],
  { by, withGroups }: UserLookUp = { by: "id", withGroups: false },
): Promise<readonly FoundUser[]> {
  const { tenant, sql: db, dialect } = scope;
  const key = verbatim(`u.${by}`);
  const groups = withGroups ? sql`, ${groupsJson(scope, verbatim("u.id"))} as groups` : NOTHING;
  const rows = await db.all<ResourceColumns & { readonly key: string; readonly groups?: string }>(
    quick(
      sql`select ${key} as key, ${USER_COLUMNS}${groups} from directory_users u
      where u.tenant_id = ${tenant} and ${key} in ${dialect.list(keys)} and u.connection_id = ${connection} and ${LIVE_SCIM}`,
      keys.length,
    ),
  );
  return rows.map((row) => ({
    ...directoryUserOf(row),
    key: row.key,
    ...(row.groups !== undefined && { groups: fromJson<readonly Omit<GroupOfUser, "user">[]>(row.groups) }),
  }));
}

export function directoryUserReader(scope: Scope): UserReader {
  const { tenant, sql: db, dialect } = scope;
  return {
    async directoryUser(connection, id, adoptable) {
      const [row] = await readDirectoryUsers(scope, connection, [id]);
      if (row !== undefined || adoptable === undefined || adoptable.domains.length === 0) return row;
      const local = await one<ResourceColumns>(
        db,
        sql`select ${USER_COLUMNS} from directory_users u where u.id = ${id} and ${adoptableUser(scope, adoptable)}`,
      );
      return local && { ...directoryUserOf(local), adoptable: true };
    },
    async lastPushed(connection, limit) {
      const rows = await db.all<{ readonly user_name: string; readonly external_id: string | null }>(
        sql`select u.user_name, u.external_id from directory_users u
          where u.tenant_id = ${tenant} and u.connection_id = ${connection} and ${LIVE_SCIM} order by u.id desc limit ${limit}`,
      );
      return rows.map((row) => ({ userName: row.user_name, ...given("externalId", row.external_id) }));
    },
    async displayNames(connection, ids) {
      const rows = await db.all<{ readonly id: string; readonly display_name: string | null }>(
        sql`select u.id, u.display_name from directory_users u
          where u.tenant_id = ${tenant} and u.id in ${dialect.list(ids)} and u.connection_id = ${connection} and ${LIVE_SCIM}`,
      );
      return rows.map((row) => ({ id: row.id as DirectoryUserId, ...given("displayName", row.display_name) }));
    },
  };
}

/** The columns of a `scim` document; without one they are null. */
export function scimColumns(document: ScimUserDocument | undefined, userName: string): Readonly<Record<string, Value>> {
  return {
    user_name: userName,
    user_name_folded: document?.userNameFolded ?? fold(userName),
    user_name_ascii: asciiLower(userName),
    external_id: document?.externalId ?? null,
    display_name: (document?.attributes.displayName as string | null | undefined) ?? null,
    pushed_email: linkAddress(document?.email)?.address ?? null,
    scim_resource: toJsonOrNull(document?.resource),
    scim_search: toJsonOrNull(document?.search),
    scim_attributes: toJsonOrNull(document?.attributes),
    scim_app_roles: toJsonOrNull(document?.appRoles),
    scim_roles: toJsonOrNull(document?.roles),
    scim_active: document?.active ?? null,
  };
}

/** The columns by which a person made by hand is found and shown; without facts they are evidence of nothing. */
export function shownColumns(document: ScimUserDocument): Readonly<Record<string, Value>> {
  const columns = scimColumns(document, document.userName);
  return { ...columns, scim_attributes: null, scim_app_roles: null, scim_roles: null };
}

function userNameTaken(userName: string): Refusal {
  return new Refusal(
    "uniqueness",
    `userName \`${userName}\` is taken in this connection: use another, or change the user that has it`,
  );
}

export function directoryUserWriter(scope: Scope): UserWriter {
  const { tenant, sql: db, dialect, newId } = scope;

  const candidates = async (where: Fragment): Promise<ReturnType<typeof candidateOf>[]> => {
    const rows = await db.all<CandidateColumns>(
      sql`select ${CANDIDATE_COLUMNS} from directory_users u
        join identity_links l on l.tenant_id = u.tenant_id and l.directory_user_id = u.id and l.ended_at is null
        where u.tenant_id = ${tenant} and ${where}`,
    );
    return rows.map(candidateOf);
  };
  const among = async (ids: Fragment, where: Fragment): Promise<ReturnType<typeof candidateOf>[]> => {
    const rows = await db.all<CandidateColumns>(
      sql`select ${CANDIDATE_COLUMNS} ${candidatesAmong(scope, ids)} and ${where}`,
    );
    return rows.map(candidateOf);
  };

  const idsBy = (condition: Fragment) => (key: string, values: readonly string[]) => {
    const where = sql`u.tenant_id = ${tenant} and ${condition}`;
    return sql`select u.id ${dialect.each(dialect.list(values), { table: "directory_users", as: "u", key, where })}`;
  };

  return {
    async rowBySubject(connection, subject) {
      const where = sql`u.connection_id = ${connection} and u.subject = ${subject} and u.deleted_at is null`;
      return (await candidates(where))[0];
    },
    async rowsByNames(connection, { externalIds, userNames }) {
      const by = idsBy(sql`u.connection_id = ${connection} and u.deleted_at is null`);
      const found = sql`(${by("external_id", externalIds)} union all ${by("user_name_ascii", userNames.map(asciiLower))})`;
      return among(found, sql`true order by u.id`);
    },
    async deletedRow(connection, { subject = null, externalIds, userName }) {
      const by = idsBy(sql`u.connection_id = ${connection} and u.deleted_at is not null`);
      const found = sql`(${by("external_id", externalIds)} union all ${by("subject", subject === null ? [] : [subject])}
        union all ${by("user_name_folded", userName === undefined ? [] : [userName])})`;
      const where = sql`true
          order by case when u.external_id in ${dialect.list(externalIds)} or u.subject = ${text(subject)} then 0 else 1 end,
            u.deleted_at desc, u.id desc limit 1`;
      return (await among(found, where))[0];
    },
    async rowById(connection, id) {
      return (await candidates(sql`u.connection_id = ${connection} and u.id = ${id}`))[0];
    },
    rowsById: (connection, ids) => among(dialect.list(ids), sql`u.connection_id = ${connection}`),

    async insertPendingUser(profile, now, kind = "person") {
      const id = newId();
      const columns = {
        ...{ tenant_id: tenant, id, kind, status: "pending", created_at: toMillis(now) },
        // behind no mapping: their mark alone asks for them, and no run has a newcomer to bring its version to
        reconciled_version: sql`(select active_version from tenants where id = ${tenant})`,
        ...namedColumns({ ...NOTHING_SHOWN, email: null, ...profile }),
      };
      await db.run(insertion("users", columns));
      return id as UserId;
    },
    insertUserRow: (row, now) => insertUserRow(scope, row, now),
    updateScim: (connection, id, document, ifVersion, now) =>
      updateScim(scope, connection, id, document, ifVersion, toMillis(now)),
    async updateClaims(id, claims, subject, now) {
      const at = toMillis(now);
      await db.run(
        sql`update directory_users set claims = ${toJson(claims)}, claims_version = claims_version + 1,
            signed_in_email = ${text(signedInEmail(claims))},
            subject = ${subject === null ? verbatim("null") : sql`coalesce(${text(subject ?? null)}, subject)`}, id_changed = ${stays("id_changed", subject)},
            name_changed = ${stays("name_changed", subject)},
            modified_at = case when scim_resource is null then ${bigint(at)} else modified_at end
          where tenant_id = ${tenant} and id = ${id} and deleted_at is null`,
      );
    },
    deleteUserRow: (connection, id, now, ifVersion) => deleteUserRow(scope, connection, id, toMillis(now), ifVersion),
    async usersOfRows(ids) {
      const rows = await db.all<{ readonly user_id: string }>(
        sql`select distinct user_id from identity_links
          where tenant_id = ${tenant} and directory_user_id in ${dialect.list(ids)} and ended_at is null order by user_id`,
      );
      return rows.map((row) => row.user_id as UserId);
    },
  };
}

function signedInEmail(claims: ClaimsDocument | undefined): string | null {
  return linkAddress(claims?.verifiedEmail)?.address ?? null;
}

/** Whoever moves a subject has decided what changed names mean. */
function stays(flag: "id_changed" | "name_changed", subject: string | null | undefined): Fragment {
  if (subject === null) return verbatim("false");
  return sql`(${verbatim(flag)} and coalesce(subject, '') = coalesce(${text(subject ?? null)}, subject, ''))`;
}

export async function insertUserRow(scope: Scope, row: NewUserRow, now: Instant): Promise<WrittenRow<DirectoryUserId>> {
  const { tenant, sql: db, newId } = scope;
  const at = toMillis(now);
  const columns = {
    ...{ tenant_id: tenant, id: row.id ?? newId(), connection_id: row.connection, subject: row.subject ?? null },
    ...{ id_changed: row.idChanged ?? false, name_changed: row.nameChanged ?? false },
    ...scimColumns(row.scim, row.scim?.userName ?? row.userName),
    ...(row.shown && shownColumns(row.shown)),
    ...{ claims: toJsonOrNull(row.claims), claims_version: row.claims === undefined ? 0 : 1 },
    signed_in_email: signedInEmail(row.claims),
    ...{ version: 1, created_at: at, modified_at: at },
    ...(row.scim === undefined ? {} : { scim_created_at: at, scim_version: 1 }),
  };
  const [written] = await db.all<WrittenColumns>(
    sql`${insertion("directory_users", columns)} on conflict do nothing returning ${WRITTEN}`,
  );
  if (written === undefined) {
    if (row.shown !== undefined) throw new Refusal("uniqueness", `a local user \`${row.userName}\` exists`);
    throw row.scim === undefined
      ? new Refusal("uniqueness", "the subject is known in this connection already: read again, then retry")
      : userNameTaken(row.scim.userName);
  }
  await db.run(
    insertion("identity_links", {
      ...{ tenant_id: tenant, id: newId(), directory_user_id: columns.id, user_id: row.user },
      ...{ connection_id: row.connection, linked_by: row.linkedBy, linked_at: at },
      ...given("email_domain", row.emailDomain),
    }),
  );
  if (row.names !== undefined) await insertSignInNames(scope, columns.id as DirectoryUserId, row.names);
  if (row.scim !== undefined) await countScimRow(scope, row.connection, columns.id, 1);
  if (row.scim?.unique !== undefined) await claimUnique(scope, row.connection, columns.id, row.scim.unique);
  return writtenOf(written);
}

async function updateScim(
  scope: Scope,
  connection: ConnectionId,
  id: DirectoryUserId,
  document: ScimUserDocument,
  ifVersion: number | undefined,
  at: number,
): Promise<WrittenRow<DirectoryUserId>> {
  const { tenant, sql: db } = scope;
  const written = await one<WrittenColumns>(
    db,
    sql`update directory_users set ${assignments(scimColumns(document, document.userName))},
        ${changedNames(text(document.externalId ?? null), text(asciiLower(document.userName)))},
        scim_created_at = coalesce(scim_created_at, ${bigint(at)}), scim_version = scim_version + 1,
        version = version + 1, modified_at = ${at}
      where tenant_id = ${tenant} and id = ${id} and connection_id = ${connection} and deleted_at is null
        ${atVersion(ifVersion)}
        and not exists (select 1 from directory_users u where u.tenant_id = ${tenant} and u.connection_id = ${connection}
          and u.user_name_folded = ${document.userNameFolded} and ${LIVE_SCIM} and u.id <> ${id})
      returning ${WRITTEN}`,
  ).catch((error: unknown) => {
    // two writers at the same moment: the unique index saw what the condition could not
    throw error instanceof Refusal && error.code === "conflict" ? userNameTaken(document.userName) : error;
  });
  if (written === undefined) throw await whyNotUpdated(scope, connection, id, document, ifVersion);
  // the first document of a row that had claims alone
  if (written.scim_version === 1) await countScimRow(scope, connection, id, 1);
  if (document.unique !== undefined) await replaceUnique(scope, connection, id, document.unique);
  return writtenOf(written);
}

async function whyNotUpdated(
  { tenant, sql: db }: Scope,
  connection: ConnectionId,
  id: DirectoryUserId,
  document: ScimUserDocument,
  ifVersion: number | undefined,
): Promise<Refusal> {
  const row = await one<{ readonly version: number }>(
    db,
    sql`select version from directory_users
      where tenant_id = ${tenant} and id = ${id} and connection_id = ${connection} and deleted_at is null`,
  );
  if (row === undefined) return new Refusal("not_found", `there is no user \`${id}\``);
  if (ifVersion !== undefined && row.version !== ifVersion) {
    return versionConflict("user", id);
  }
  return userNameTaken(document.userName);
}

async function deleteUserRow(
  scope: Scope,
  connection: ConnectionId,
  id: DirectoryUserId,
  at: number,
  ifVersion: number | undefined,
): Promise<boolean> {
  const { tenant, sql: db, dialect } = scope;
  const deleted = await one<{ readonly scim_version: number }>(
    db,
    sql`update directory_users set deleted_at = ${at}, modified_at = ${at}, version = version + 1,
        keeps_out = scim_resource is not null and exists (select 1 from connections c
          where c.tenant_id = ${tenant} and c.id = ${connection} and c.sync = 'live')
      where tenant_id = ${tenant} and id = ${id} and connection_id = ${connection} and deleted_at is null
        ${atVersion(ifVersion)}
      returning scim_version`,
  );
  if (deleted === undefined) return false;
  if (deleted.scim_version > 0) {
    await countScimRow(scope, connection, id, -1);
    await freeUnique(scope, id);
  }
  const left = await db.all<{ readonly group_id: string }>(
    sql`delete from directory_memberships where tenant_id = ${tenant} and directory_user_id = ${id} returning group_id`,
  );
  if (left.length === 0) return true;
  await db.run(
    sql`update directory_groups set member_count = member_count - 1, version = version + 1, modified_at = ${at}
      where tenant_id = ${tenant} and id in ${dialect.list(left.map((row) => row.group_id))}`,
  );
  return true;
}
