/** Whose an e-mail is, over all connections of a tenant. */
import { grouped } from "../model/grouped.js";
import type { ConnectionId, DirectoryUserId, UserId } from "../model/ids.js";
import type { DeactivatedBy, UserStatus } from "../model/person.js";
import type { AccountRow, AcrossReader, AcrossWriter, EmailHolder } from "../provisioning/ports/across.js";
import { countScimRow } from "./connection-counters.js";
import { bigint, text } from "./dialect.js";
import type { Scope } from "./scope.js";
import { type Fragment, sql, verbatim } from "./sql.js";
import { type Flag, given, isTrue, toInstant, toMillis } from "./values.js";

interface RowColumns {
  readonly id: string;
  readonly user_id: string;
  readonly connection_id: string;
  readonly deleted_at: number | null;
  readonly keeps_out: Flag;
  readonly is_pushed: Flag;
  readonly scim_active: Flag | null;
  readonly pushed_email: string | null;
  readonly signed_in_email: string | null;
  readonly signs_in: Flag;
  readonly status: string;
  readonly deactivated_by: string | null;
}

interface OriginColumns {
  readonly connection_id: string;
  readonly linked_by: string;
  readonly email_domain: string | null;
  readonly linked_at: number;
}

export function acrossReader({ tenant, sql: db }: Scope): AcrossReader {
  return {
    async linkOrigins(user) {
      const rows = await db.all<OriginColumns>(
        sql`select l.connection_id, l.linked_by, l.email_domain, l.linked_at from identity_links l
          join directory_users u on u.tenant_id = l.tenant_id and u.id = l.directory_user_id and u.deleted_at is null
          where l.tenant_id = ${tenant} and l.user_id = ${user} and l.ended_at is null order by l.linked_at, l.id`,
      );
      return rows.map((row) => ({
        connection: row.connection_id as ConnectionId,
        linkedBy: row.linked_by,
        ...given("domain", row.email_domain),
        since: toInstant(row.linked_at),
      }));
    },
  };
}

export function acrossWriter(scope: Scope): AcrossWriter {
  const { tenant, sql: db, dialect } = scope;
  return {
    async emailHolders(address) {
      const met = await db.all<{ readonly id: string; readonly user_id: string; readonly was: number }>(
        sql`select m.id, l.user_id, m.was from (${rowsKnownBy(scope, [address])}) as m
          join identity_links l on l.tenant_id = ${tenant} and l.directory_user_id = m.id and l.ended_at is null`,
      );
      return met.length === 0 ? [] : withRows(scope, met);
    },
    async knownEmails(addresses) {
      if (addresses.length === 0) return [];
      const rows = await db.all<{ readonly email: string }>(rowsKnownBy(scope, addresses));
      return [...new Set(rows.map(({ email }) => email))];
    },
    async keepFormerEmails(rows) {
      if (rows.length === 0) return;
      await db.run(
        sql`insert into former_emails (tenant_id, directory_user_id, email)
          select u.tenant_id, u.id, r.email from ${dialect.rows({ id: "text", email: "text" }, rows)} as r
          join directory_users u on u.tenant_id = ${tenant} and u.id = r.id where true on conflict do nothing`,
      );
    },
    async tellApart(connection, name, users) {
      if (users.length === 0) return;
      await db.run(
        sql`insert into told_apart (tenant_id, connection_id, name, user_id)
          select u.tenant_id, ${text(connection)}, ${text(name)}, u.id from users u
          where u.tenant_id = ${tenant} and u.id in ${dialect.list(users)} on conflict do nothing`,
      );
    },
    moveRow: (connection, row, to, now) => moveRow(scope, connection, row, to, toMillis(now)),
    async toldApart(connection, name) {
      const rows = await db.all<{ readonly user_id: string }>(
        sql`select user_id from told_apart
          where tenant_id = ${tenant} and connection_id = ${connection} and name = ${name}`,
      );
      return rows.map((row) => row.user_id as UserId);
    },
  };
}

/** Rows that have or had one of these. What was deleted without having been a live push's is nobody's any more. */
function rowsKnownBy({ tenant, dialect }: Scope, addresses: readonly string[]): Fragment {
  const emails = dialect.list(addresses);
  const where = sql`u.tenant_id = ${tenant} and (u.deleted_at is null or u.keeps_out)`;
  const by = (key: string) =>
    sql`select u.id, ${verbatim(`u.${key}`)} as email, 0 as was ${dialect.each(emails, {
      ...{ table: "directory_users", as: "u", key },
      where: sql`${where} and ${verbatim(`u.${key} is not null`)}`,
    })}`;
  const former = dialect.each(emails, {
    table: "former_emails",
    as: "f",
    key: "email",
    where: sql`f.tenant_id = ${tenant}`,
  });
  return sql`${by("pushed_email")} union all ${by("signed_in_email")}
    union all select f.directory_user_id, f.email, 1 ${former}
      and exists (select 1 from directory_users u where ${where} and u.id = f.directory_user_id)`;
}

async function withRows(
  { tenant, sql: db, dialect }: Scope,
  met: readonly { readonly id: string; readonly user_id: string; readonly was: number }[],
): Promise<readonly EmailHolder[]> {
  const users = [...new Set(met.map((one) => one.user_id))];
  const rows = await db.all<RowColumns>(
    sql`select u.id, l.user_id, u.connection_id, u.deleted_at, u.keeps_out, u.scim_active, u.pushed_email, u.signed_in_email,
        u.scim_resource is not null and u.scim_attributes is not null as is_pushed,
        u.subject is not null as signs_in, p.status, p.deactivated_by
      from identity_links l
      join directory_users u on u.tenant_id = l.tenant_id and u.id = l.directory_user_id
      join users p on p.tenant_id = l.tenant_id and p.id = l.user_id
      where l.tenant_id = ${tenant} and l.user_id in ${dialect.list(users)} and l.ended_at is null order by u.id`,
  );
  const byUser = grouped(rows.map(rowOf), ({ user }) => user);
  return users.map((id) => {
    const before = met.filter((one) => one.user_id === id && Number(one.was) === 1);
    return {
      user: id as UserId,
      rows: byUser.get(id as UserId) ?? [],
      before: before.map((one) => one.id as DirectoryUserId),
    };
  });
}

function rowOf(row: RowColumns): AccountRow {
  return {
    id: row.id as DirectoryUserId,
    user: row.user_id as UserId,
    connection: row.connection_id as ConnectionId,
    deleted: row.deleted_at !== null,
    keepsOut: isTrue(row.keeps_out),
    ...(isTrue(row.is_pushed) && { pushed: { active: row.scim_active !== null && isTrue(row.scim_active) } }),
    ...given("pushedEmail", row.pushed_email),
    ...given("signedInEmail", row.signed_in_email),
    signsIn: isTrue(row.signs_in),
    status: row.status as UserStatus,
    ...given("deactivatedBy", row.deactivated_by as DeactivatedBy | null),
  };
}

/** What stays behind is a deleted row that no name or address leads to: SCIM's last word on the account. */
async function moveRow(
  scope: Scope,
  connection: ConnectionId,
  row: DirectoryUserId,
  to: UserId,
  at: number,
): Promise<void> {
  const { tenant, sql: db, newId } = scope;
  const behind = newId();
  await countScimRow(scope, connection, row, -1);
  await db.run(
    sql`insert into directory_users (tenant_id, id, connection_id, user_name, user_name_folded, user_name_ascii,
        scim_attributes, scim_app_roles, scim_active, scim_created_at, version, created_at, modified_at, deleted_at)
      select u.tenant_id, ${text(behind)}, u.connection_id, u.user_name, u.user_name_folded, u.user_name_ascii,
        '{}', '[]', false, ${bigint(at)}, 1, ${bigint(at)}, ${bigint(at)}, ${bigint(at)}
      from directory_users u where u.tenant_id = ${tenant} and u.id = ${row}`,
  );
  await db.run(
    sql`insert into identity_links (tenant_id, id, directory_user_id, user_id, connection_id, linked_by, linked_at)
      select l.tenant_id, ${text(newId())}, ${text(behind)}, l.user_id, l.connection_id, 'kept', ${bigint(at)}
      from identity_links l where l.tenant_id = ${tenant} and l.directory_user_id = ${row} and l.ended_at is null`,
  );
  await db.run(
    sql`update identity_links set user_id = ${to}, linked_by = 'admin', linked_at = ${bigint(at)}
      where tenant_id = ${tenant} and directory_user_id = ${row} and ended_at is null`,
  );
  await countScimRow(scope, connection, row, 1);
}
