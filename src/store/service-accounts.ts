/** Service accounts: their rows, which are no people's, and the links by which they are judged. */
import type { ClaimsDocument } from "../model/directory.js";
import { USER_ATTRIBUTES, type UserAttribute } from "../model/facts.js";
import type { ConnectionId, DirectoryUserId, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import type { ScimRole } from "../model/scim-role.js";
import type { AccountDocument, AccountLinkRow, ServiceAccountReader } from "../provisioning/ports/service-accounts.js";
import { directoryUserOf, type ResourceColumns } from "./directory-rows.js";
import type { Scope } from "./scope.js";
import { one, sql, verbatim } from "./sql.js";
import { type Flag, fromJson, given, isTrue, toInstant, toInstantOrNull, toMillis } from "./values.js";

export interface AccountColumns {
  readonly id: string;
  readonly user_id: string;
  readonly connection_id: string;
  readonly user_name: string;
  readonly display_name: string;
  readonly description: string | null;
  readonly external_id: string | null;
  readonly owner_id: string | null;
  readonly active: Flag;
  readonly expires_at: number | null;
  readonly scim_resource: string | null;
  readonly scim_roles: string | null;
  readonly created_at: number;
  readonly deleted_at: number | null;
}

/** Columns of `service_accounts a`. */
export const ACCOUNT_COLUMNS = verbatim(
  `a.id, a.user_id, a.connection_id, a.user_name, a.display_name, a.description, a.external_id, a.owner_id, a.active,
    a.expires_at, a.scim_resource, a.scim_roles, a.created_at, a.deleted_at`,
);
const RESOURCE_COLUMNS = verbatim("a.id, a.scim_resource as resource, a.version, a.created_at, a.modified_at");

export function documentOf(row: AccountColumns): AccountDocument {
  return {
    userName: row.user_name,
    displayName: row.display_name,
    ...given("description", row.description),
    ...given("externalId", row.external_id),
    ...given("owner", row.owner_id as UserId | null),
    active: isTrue(row.active),
    ...given("expiresAt", toInstantOrNull(row.expires_at)),
    ...(row.scim_resource === null ? {} : { resource: fromJson<JsonObject>(row.scim_resource) }),
    ...(row.scim_roles === null ? {} : { roles: fromJson<readonly ScimRole[]>(row.scim_roles) }),
  };
}

const SAID_OF_NOBODY = Object.fromEntries(USER_ATTRIBUTES.map((name) => [name, null])) as Readonly<
  Record<UserAttribute, null>
>;

/** What was pushed stands as a `scim` document, what an admin made as one of claims, as with people. */
function linkOf(row: AccountColumns): AccountLinkRow {
  const { userName, displayName, active, roles } = documentOf(row);
  const [at, names] = [toInstant(row.created_at), { userName, displayName }];
  const said = Object.fromEntries(Object.entries(names).map(([name, value]) => [name, { value, at }]));
  const claims: ClaimsDocument = { attributes: said, claims: {}, at };
  const attributes = { ...SAID_OF_NOBODY, ...names, active };
  return {
    user: row.user_id as UserId,
    directoryUser: row.id as DirectoryUserId,
    connection: row.connection_id as ConnectionId,
    linkedAt: at,
    deleted: row.deleted_at !== null,
    ...(row.scim_resource === null
      ? { claims }
      : { scim: { active, attributes, appRoles: [], ...(roles && { roles }), createdAt: at } }),
    memberships: [],
    ...given("expiresAt", toInstantOrNull(row.expires_at)),
  };
}

export function serviceAccountReader(
  scope: Scope,
): Pick<
  ServiceAccountReader,
  "accountLinks" | "accountsOwnedBy" | "accountStanding" | "directoryIdOf" | "directoryServiceAccount"
> {
  const { tenant, sql: db, dialect } = scope;
  return {
    async accountLinks(ids) {
      if (ids.length === 0) return [];
      const rows = await db.all<AccountColumns>(
        sql`select ${ACCOUNT_COLUMNS} from service_accounts a
          where a.tenant_id = ${tenant} and a.user_id in ${dialect.list(ids)} order by a.user_id`,
      );
      return rows.map(linkOf);
    },
    async accountsOwnedBy(owners) {
      const rows = await db.all<{ readonly id: string; readonly user_name: string; readonly owner_id: string }>(
        sql`select a.user_id as id, a.user_name, a.owner_id from service_accounts a
          join users u on u.tenant_id = a.tenant_id and u.id = a.user_id and u.status <> 'deactivated'
          where a.tenant_id = ${tenant} and a.owner_id in ${dialect.list(owners)} order by a.user_id`,
      );
      return rows.map((row) => ({ id: row.id as UserId, userName: row.user_name, owner: row.owner_id as UserId }));
    },
    async accountStanding(id, now) {
      const at = toMillis(now);
      const row = await one<{ readonly live: Flag; readonly admin: Flag; readonly epoch: number }>(
        db,
        sql`select u.status = 'registered' and (a.expires_at is null or a.expires_at > ${at}) as live,
            u.session_epoch as epoch,
            exists (select 1 from grants g where g.tenant_id = u.tenant_id and g.user_id = u.id and g.ended_at is null
              and (g.expires_at is null or g.expires_at > ${at}) and g.scope = 'tenant'
              and (g.role = 'admin' or exists (select 1 from roles r
                where r.tenant_id = g.tenant_id and r.name = g.role and r.privileged))) as admin
          from service_accounts a join users u on u.tenant_id = a.tenant_id and u.id = a.user_id
          where a.tenant_id = ${tenant} and a.user_id = ${id}`,
      );
      return row && { live: isTrue(row.live), admin: isTrue(row.admin), epoch: row.epoch };
    },
    async directoryIdOf(connection, account) {
      const row = await one<{ readonly id: string }>(
        db,
        sql`select a.id from service_accounts a where a.tenant_id = ${tenant} and a.user_id = ${account}
          and a.connection_id = ${connection} and a.deleted_at is null and a.scim_resource is not null`,
      );
      return row && (row.id as DirectoryUserId);
    },
    async directoryServiceAccount(connection, id) {
      const row = await one<ResourceColumns>(
        db,
        sql`select ${RESOURCE_COLUMNS} from service_accounts a where a.tenant_id = ${tenant} and a.id = ${id}
          and a.connection_id = ${connection} and a.deleted_at is null and a.scim_resource is not null`,
      );
      return row && directoryUserOf(row);
    },
  };
}
