/** Rows of the directory ledger as provisioning reads them, wherever they are selected. */
import type { ClaimsDocument } from "../model/directory.js";
import type { ConnectionId, DirectoryGroupId, DirectoryUserId, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import type { DirectoryGroupRecord } from "../model/person.js";
import type { ScimRole } from "../model/scim-role.js";
import type { DirectoryGroupRow, DirectoryUserRow } from "../provisioning/ports/directory.js";
import type { LinkCandidate, WrittenRow } from "../provisioning/ports/directory-writer.js";
import type { Scope } from "./scope.js";
import { type Fragment, NOTHING, sql, verbatim } from "./sql.js";
import { type Flag, fromJson, given, isTrue, toInstant, toInstantOrNull } from "./values.js";

/** The end of a condition: where a version is named, the row must still have it. */
export function atVersion(version: number | undefined): Fragment {
  return version === undefined ? NOTHING : sql`and version = ${version}`;
}

export interface GroupRecordColumns {
  readonly id: string;
  readonly display_name: string;
  readonly external_id: string | null;
  readonly idp_mapping_names: string;
  readonly scim_roles: string | null;
  readonly first_membership_at: number | null;
  readonly unconfirmed_since: number | null;
  readonly overwritten_by: string | null;
  readonly overwritten_at: number | null;
  readonly deleted_at: number | null;
}

/** Columns of `directory_groups g`. */
export const GROUP_RECORD_COLUMNS = verbatim(
  `g.id, g.display_name, g.external_id, g.idp_mapping_names, g.scim_roles, g.first_membership_at, g.unconfirmed_since,
    g.overwritten_by, g.overwritten_at, g.deleted_at`,
);

export function groupRecordOf(row: GroupRecordColumns): DirectoryGroupRecord {
  return {
    id: row.id,
    displayName: row.display_name,
    ...given("externalId", row.external_id),
    idpMappingNames: fromJson<readonly string[]>(row.idp_mapping_names),
    ...(row.scim_roles === null ? {} : { roles: fromJson<readonly ScimRole[]>(row.scim_roles) }),
    ...given("firstMembershipAt", toInstantOrNull(row.first_membership_at)),
    ...given("unconfirmedSince", toInstantOrNull(row.unconfirmed_since)),
    ...given("overwrittenBy", row.overwritten_by as ConnectionId | null),
    ...given("overwrittenAt", toInstantOrNull(row.overwritten_at)),
    deleted: row.deleted_at !== null,
  };
}

interface WrittenColumns {
  readonly id: string;
  readonly version: number;
  readonly created_at: number;
  readonly modified_at: number;
}

export interface ResourceColumns extends WrittenColumns {
  readonly resource: string;
}

export interface GroupColumns extends ResourceColumns {
  readonly connection_id: string;
  readonly member_count: number;
  readonly nested_count: number;
}

/** Columns of `directory_users u`; a resource was created when its document came, not when the person first signed in. */
export const USER_COLUMNS = verbatim(
  "u.id, u.scim_resource as resource, u.version, coalesce(u.scim_created_at, u.created_at) as created_at, u.modified_at",
);
/** Rows of `directory_users u` that SCIM sees. */
export const LIVE_SCIM = verbatim("u.deleted_at is null and u.scim_resource is not null");
/** Columns of `directory_groups g`. */
export const GROUP_COLUMNS = verbatim(
  "g.id, g.connection_id, g.resource, g.version, g.member_count, g.nested_count, g.created_at, g.modified_at",
);

export function writtenOf<Id extends string>(row: WrittenColumns): WrittenRow<Id> {
  return {
    id: row.id as Id,
    version: row.version,
    createdAt: toInstant(row.created_at),
    modifiedAt: toInstant(row.modified_at),
  };
}

export function directoryUserOf(row: ResourceColumns): DirectoryUserRow {
  return { ...writtenOf<DirectoryUserId>(row), resource: fromJson<JsonObject>(row.resource) };
}

/** As the connection sees it: what it has not taken over yet has no members for it. */
export function directoryGroupOf(row: GroupColumns, connection: ConnectionId): DirectoryGroupRow {
  return {
    ...writtenOf<DirectoryGroupId>(row),
    resource: fromJson<JsonObject>(row.resource),
    memberCount: row.member_count,
    nestedCount: row.nested_count,
    ...(row.connection_id !== connection && { adoptable: true as const, memberCount: 0, nestedCount: 0 }),
  };
}

export interface CandidateColumns {
  readonly id: string;
  readonly user_id: string;
  readonly user_name: string;
  readonly subject: string | null;
  readonly external_id: string | null;
  readonly has_scim: Flag;
  readonly scim_active: Flag | null;
  readonly deleted_at: number | null;
  readonly claims: string | null;
  readonly pushed_email: string | null;
  readonly id_changed: Flag;
  readonly name_changed: Flag;
}

/** Columns of `directory_users u` joined with `identity_links l`. */
export const CANDIDATE_COLUMNS = verbatim(
  `u.id, l.user_id, u.user_name, u.subject, u.external_id, u.scim_resource is not null as has_scim, u.scim_active,
    u.deleted_at, u.claims, u.pushed_email, u.id_changed, u.name_changed`,
);

/** `from ... where ...` for `CANDIDATE_COLUMNS`: the rows with these ids, a subquery in brackets, and their links. */
export function candidatesAmong({ tenant, dialect }: Pick<Scope, "tenant" | "dialect">, ids: Fragment): Fragment {
  return dialect.each(
    ids,
    { table: "directory_users", as: "u", key: "id", where: sql`u.tenant_id = ${tenant}` },
    {
      ...{ table: "identity_links", as: "l", key: "directory_user_id" },
      where: sql`l.tenant_id = ${tenant} and l.ended_at is null`,
    },
  );
}

export function candidateOf(row: CandidateColumns): LinkCandidate {
  return {
    id: row.id as DirectoryUserId,
    user: row.user_id as UserId,
    userName: row.user_name,
    ...given("subject", row.subject),
    ...given("externalId", row.external_id),
    hasScim: isTrue(row.has_scim),
    scimActive: row.scim_active !== null && isTrue(row.scim_active),
    deleted: row.deleted_at !== null,
    ...(row.claims === null ? {} : { claims: fromJson<ClaimsDocument>(row.claims) }),
    ...given("pushedEmail", row.pushed_email),
    ...(isTrue(row.id_changed) && { idChanged: true }),
    ...(isTrue(row.name_changed) && { nameChanged: true }),
  };
}

/**
 * Assignments to `directory_users` of what a push changes for somebody who has signed in. An id that is their subject, or one of their own
 * sign-in's, is no other one.
 */
export function changedNames(externalId: Fragment, asciiName: Fragment): Fragment {
  return sql`id_changed = case when subject is null or subject = ${externalId} then false
      when coalesce(directory_users.external_id, '') = coalesce(${externalId}, '') then id_changed
      else not exists (select 1 from sign_in_names n where n.tenant_id = directory_users.tenant_id
        and n.directory_user_id = directory_users.id and n.kind = 'id' and n.name = ${externalId}) end,
    name_changed = case when subject is null then false when directory_users.user_name_ascii = ${asciiName} then name_changed
      else true end`;
}
