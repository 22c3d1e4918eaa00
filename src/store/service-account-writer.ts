/** Writing the rows of service accounts. */
import { fold } from "../model/fold.js";
import type { ConnectionId, DirectoryUserId, UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { versionConflict } from "../model/version-conflict.js";
import type { WrittenRow } from "../provisioning/ports/directory-writer.js";
import type { AccountDocument, AccountRow, ServiceAccountWriter } from "../provisioning/ports/service-accounts.js";
import { atVersion, writtenOf } from "./directory-rows.js";
import type { Scope } from "./scope.js";
import { ACCOUNT_COLUMNS, type AccountColumns, documentOf } from "./service-accounts.js";
import { assignments, type Fragment, insertion, one, sql, type Value, verbatim } from "./sql.js";
import { claimUnique, freeUnique, replaceUnique } from "./unique-values.js";
import { toJsonOrNull, toMillis, toMillisOrNull } from "./values.js";

const WRITTEN = verbatim("id, version, created_at, modified_at");

function rowOf(row: AccountColumns): AccountRow {
  const [id, user, connection] = [row.id as DirectoryUserId, row.user_id as UserId, row.connection_id as ConnectionId];
  return { id, user, connection, document: documentOf(row) };
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
    // of an account made by hand there is none
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
    async noteAccountEnd(id, now) {
      const at = toMillis(now);
      await db.run(
        sql`update service_accounts set version = version + 1, modified_at = ${at}
          where tenant_id = ${tenant} and user_id = ${id} and deleted_at is null and scim_resource is not null
            and expires_at <= ${at} and modified_at < expires_at`,
      );
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
  { id, connection, user, document }: Parameters<ServiceAccountWriter["insertServiceAccount"]>[0],
  at: number,
): Promise<WrittenRow<DirectoryUserId>> {
  const { tenant, sql: db, newId } = scope;
  const own = { tenant_id: tenant, id: id ?? newId(), connection_id: connection };
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
    return versionConflict("service account", id);
  }
  return nameTaken(userName);
}
