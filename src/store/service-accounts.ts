/** Service accounts: their rows, which are no people's, and the links by which they are judged. */
import type { ClaimsDocument } from "../model/directory.js";
import { USER_ATTRIBUTES, type UserAttribute } from "../model/facts.js";
import { fold } from "../model/fold.js";
import type { ConnectionId, DirectoryUserId, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import { Refusal } from "../model/problem.js";
import type { ScimRole } from "../model/scim-role.js";
import type { WrittenRow } from "../provisioning/ports/directory.js";
import type {
  AccountDocument,
  AccountLinkRow,
  AccountRow,
  ServiceAccountReader,
  ServiceAccountWriter,
} from "../provisioning/ports/service-accounts.js";
import { atVersion, directoryUserOf, type ResourceColumns, writtenOf } from "./directory-rows.js";
import type { Scope } from "./scope.js";
import { assignments, type Fragment, insertion, one, sql, type Value, verbatim } from "./sql.js";
import { claimUnique, freeUnique, replaceUnique } from "./unique-values.js";
import {
  type Flag,
  fromJson,
  given,
  isTrue,
  toInstant,
  toInstantOrNull,
  toJsonOrNull,
  toMillis,
  toMillisOrNull,
} from "./values.js";

interface AccountColumns {
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
const ACCOUNT_COLUMNS = verbatim(
  `a.id, a.user_id, a.connection_id, a.user_name, a.display_name, a.description, a.external_id, a.owner_id, a.active,
    a.expires_at, a.scim_resource, a.scim_roles, a.created_at, a.deleted_at`,
);
const RESOURCE_COLUMNS = verbatim("a.id, a.scim_resource as resource, a.version, a.created_at, a.modified_at");
const WRITTEN = verbatim("id, version, created_at, modified_at");

function documentOf(row: AccountColumns): AccountDocument {
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

function rowOf(row: AccountColumns): AccountRow {
  const [id, user, connection] = [row.id as DirectoryUserId, row.user_id as UserId, row.connection_id as ConnectionId];
  return { id, user, connection, document: documentOf(row) };
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
): Pick<ServiceAccountReader, "accountLinks" | "accountsOwnedBy" | "accountStanding" | "directoryServiceAccount"> {
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

function columnsOf(document: AccountDocument): Readonly<Record<string, Value>> {
  return {
    user_name: document.userName,
    user_name_folded: fold(document.userName),
    display_name: document.displayName,
    description: document.description ?? null,
    external_id: document.externalId ?? null,
    owner_id: document.owner ?? null,
    active: document.active,
    expires_at: toMillisOrNull(document.expiresAt),
    // an admin's word on an account that was pushed once leaves the resource as it is
    ...(document.search && {
      scim_resource: toJsonOrNull(document.resource),
      scim_search: toJsonOrNull(document.search),
      scim_roles: toJsonOrNull(document.roles),
    }),
  };
}

function nameTaken(userName: string): Refusal {
  return new Refusal(
    "uniqueness",
    `a service account \`${userName}\` exists in this connection: use another name, or change the one that has it`,
  );
}

type WrittenColumns = Parameters<typeof writtenOf>[0];

export function serviceAccountWriter(scope: Scope): ServiceAccountWriter {
  const { tenant, sql: db, dialect } = scope;
  return {
    async accountRow(by) {
      const which: Fragment =
        "user" in by ? sql`a.user_id = ${by.user}` : sql`a.id = ${by.id} and a.connection_id = ${by.connection}`;
      const row = await one<AccountColumns>(
        db,
        sql`select ${ACCOUNT_COLUMNS} from service_accounts a
          where a.tenant_id = ${tenant} and a.deleted_at is null and ${which}${dialect.lock("a")}`,
      );
      return row && rowOf(row);
    },
    insertServiceAccount: (row, now) => insertServiceAccount(scope, row, toMillis(now)),
    async updateServiceAccount(connection, id, document, ifVersion, now) {
      const written = await one<WrittenColumns>(
        db,
        sql`update service_accounts set ${assignments(columnsOf(document))}, version = version + 1, modified_at = ${toMillis(now)}
          where tenant_id = ${tenant} and id = ${id} and connection_id = ${connection} and deleted_at is null
            ${atVersion(ifVersion)}
            and not exists (select 1 from service_accounts a where a.tenant_id = ${tenant} and a.connection_id = ${connection}
              and a.user_name_folded = ${fold(document.userName)} and a.deleted_at is null and a.id <> ${id})
          returning ${WRITTEN}`,
      ).catch((error: unknown) => {
        // two writers at the same moment: the unique index saw what the condition could not
        throw error instanceof Refusal && error.code === "conflict" ? nameTaken(document.userName) : error;
      });
      if (written === undefined) throw await whyNotWritten(scope, connection, id, document.userName, ifVersion);
      if (document.unique !== undefined) await replaceUnique(scope, connection, id, document.unique);
      return writtenOf(written);
    },
    async deleteServiceAccount(connection, id, now, ifVersion) {
      const at = toMillis(now);
      const deleted = await db.run(
        sql`update service_accounts set deleted_at = ${at}, modified_at = ${at}, version = version + 1
          where tenant_id = ${tenant} and id = ${id} and connection_id = ${connection} and deleted_at is null
            ${atVersion(ifVersion)}`,
      );
      if (deleted > 0) await freeUnique(scope, id);
      return deleted > 0;
    },
    async removeServiceAccount(id, now) {
      const at = toMillis(now);
      const removed = await one<{ readonly id: string }>(
        db,
        sql`update service_accounts set removed_at = ${at}, deleted_at = coalesce(deleted_at, ${at})
          where tenant_id = ${tenant} and user_id = ${id} returning id`,
      );
      if (removed !== undefined) await freeUnique(scope, removed.id);
    },
  };
}

/** INVARIANT: the row that the link ends at has no names and has ended, so that no sign-in and no push of a user means it. */
async function insertServiceAccount(
  scope: Scope,
  { connection, user, document }: Parameters<ServiceAccountWriter["insertServiceAccount"]>[0],
  at: number,
): Promise<WrittenRow<DirectoryUserId>> {
  const { tenant, sql: db, newId } = scope;
  const own = { tenant_id: tenant, id: newId(), connection_id: connection };
  const times = { version: 1, created_at: at, modified_at: at };
  const noNames = { user_name: "", user_name_folded: "", user_name_ascii: "" };
  await db.run(insertion("directory_users", { ...own, ...noNames, ...times, deleted_at: at }));
  const columns = { ...own, user_id: user, ...columnsOf(document), ...times };
  const [written] = await db.all<WrittenColumns>(
    sql`${insertion("service_accounts", columns)} on conflict do nothing returning ${WRITTEN}`,
  );
  if (written === undefined) throw nameTaken(document.userName);
  await db.run(
    insertion("identity_links", {
      ...{ tenant_id: tenant, id: newId(), directory_user_id: own.id, user_id: user, connection_id: connection },
      ...{ linked_by: "created", linked_at: at },
    }),
  );
  if (document.unique !== undefined) await claimUnique(scope, connection, own.id, document.unique);
  return writtenOf(written);
}

async function whyNotWritten(
  { tenant, sql: db }: Scope,
  connection: ConnectionId,
  id: DirectoryUserId,
  userName: string,
  ifVersion: number | undefined,
): Promise<Refusal> {
  const row = await one<{ readonly version: number }>(
    db,
    sql`select version from service_accounts
      where tenant_id = ${tenant} and id = ${id} and connection_id = ${connection} and deleted_at is null`,
  );
  if (row === undefined) return new Refusal("not_found", `no service account \`${id}\``);
  if (ifVersion !== undefined && row.version !== ifVersion) {
    return new Refusal("version_conflict", `service account \`${id}\` has changed: read it again, then retry`);
  }
  return nameTaken(userName);
}
