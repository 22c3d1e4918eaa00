/** Whose an e-mail is, over all connections of a tenant. */
import { grouped } from "../model/grouped.js";
import type { ConnectionId, DirectoryUserId, UserId } from "../model/ids.js";
import type { DeactivatedBy, UserStatus } from "../model/person.js";
import type {
  AccountRow,
  AcrossReader,
  AcrossWriter,
  EmailHolder,
  VouchedSignIn,
} from "../provisioning/ports/across.js";
import { countScimRow } from "./connection-counters.js";
import { bigint, text } from "./dialect.js";
import type { Scope } from "./scope.js";
import { type Fragment, one, sql, verbatim } from "./sql.js";
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
    emailHolders: async (address) => (await holdersOf(scope, [address])).get(address) ?? [],
    holdersOfEmails: (addresses) => holdersOf(scope, addresses),
    async isKnownToOthers(addresses, user) {
      const other = await one(
        db,
        sql`select 1 as found from (${rowsKnownBy(scope, addresses)}) as m
          join identity_links l on l.tenant_id = ${tenant} and l.directory_user_id = m.id and l.ended_at is null
          where l.user_id <> ${user} limit 1`,
      );
      return other !== undefined;
    },
    async signInsWithEmailsOf(users) {
      const signIns = await db.all<SignInColumns>(
        sql`${signInsBy(scope, "signed_in_email", emailsOf(scope, users))} and l.user_id not in ${dialect.list(users)}`,
      );
      return signIns.map(signInOf);
    },
    async vouchedSignInsOf(users) {
      const rows = sql`(select l.directory_user_id from identity_links l
        where l.tenant_id = ${tenant} and l.user_id in ${dialect.list(users)} and l.ended_at is null)`;
      return (await db.all<SignInColumns>(signInsBy(scope, "id", rows))).map(signInOf);
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
    async tellAccountApart(user, others) {
      if (others.length === 0) return;
      await db.run(
        sql`insert into told_apart (tenant_id, connection_id, name, user_id)
          select s.tenant_id, s.connection_id, s.subject, u.id from identity_links l
          join directory_users s on s.tenant_id = l.tenant_id and s.id = l.directory_user_id and s.deleted_at is null
            and s.subject is not null
          join users u on u.tenant_id = l.tenant_id and u.id in ${dialect.list(others)}
          where l.tenant_id = ${tenant} and l.user_id = ${user} and l.ended_at is null on conflict do nothing`,
      );
    },
    moveRow: (connection, row, to, now) => moveRow(scope, connection, row, to, toMillis(now)),
    moveSignIns: (from, to, now) => moveSignIns(scope, from, to, toMillis(now)),
    async toldApart(of) {
      if (of.length === 0) return [];
      const asked = of.map(({ connection, subject }) => ({ connection_id: connection, name: subject }));
      const rows = await db.all<{ readonly connection_id: string; readonly name: string; readonly user_id: string }>(
        sql`select t.connection_id, t.name, t.user_id
          from ${dialect.rows({ connection_id: "text", name: "text" }, asked)} as r join told_apart t
            on t.tenant_id = ${tenant} and t.connection_id = r.connection_id and t.name = r.name`,
      );
      return rows.map((row) => ({
        ...{ connection: row.connection_id as ConnectionId, subject: row.name, user: row.user_id as UserId },
      }));
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

interface SignInColumns {
  readonly user_id: string;
  readonly connection_id: string;
  readonly subject: string;
  readonly address: string;
}

function signInOf(row: SignInColumns): VouchedSignIn {
  const at = { connection: row.connection_id as ConnectionId, subject: row.subject };
  return { ...at, user: row.user_id as UserId, address: row.address };
}

/** Rows with a sign-in that vouched for an e-mail, by these values of this column, which are a subquery in brackets. */
function signInsBy({ tenant, dialect }: Scope, key: "id" | "signed_in_email", values: Fragment): Fragment {
  const rows = {
    ...{ table: "directory_users", as: "s", key },
    where: sql`s.tenant_id = ${tenant} and s.deleted_at is null and s.subject is not null and s.signed_in_email is not null`,
  };
  const found = sql`select s.id, s.connection_id, s.subject, s.signed_in_email as address ${dialect.each(values, rows)}`;
  return sql`select l.user_id, s.connection_id, s.subject, s.address from (${found}) as s
    join identity_links l on l.tenant_id = ${tenant} and l.directory_user_id = s.id and l.ended_at is null where true`;
}

/** All that these people have or had, by any of their rows. */
function emailsOf({ tenant, dialect }: Scope, users: readonly UserId[]): Fragment {
  const email = (column: string) => sql`select ${verbatim(column)} from theirs where ${verbatim(column)} is not null`;
  return sql`(with theirs as (select u.id, u.pushed_email, u.signed_in_email from identity_links l
      join directory_users u on u.tenant_id = l.tenant_id and u.id = l.directory_user_id
      where l.tenant_id = ${tenant} and l.user_id in ${dialect.list(users)} and l.ended_at is null)
    ${email("pushed_email")} union ${email("signed_in_email")}
    union select f.email from theirs join former_emails f on f.tenant_id = ${tenant} and f.directory_user_id = theirs.id)`;
}

interface MetColumns {
  readonly id: string;
  readonly email: string;
  readonly user_id: string;
  readonly was: number;
}

async function holdersOf(
  scope: Scope,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, readonly EmailHolder[]>> {
  if (addresses.length === 0) return new Map();
  const { tenant, sql: db } = scope;
  const met = await db.all<MetColumns>(
    sql`select m.id, m.email, l.user_id, m.was from (${rowsKnownBy(scope, addresses)}) as m
      join identity_links l on l.tenant_id = ${tenant} and l.directory_user_id = m.id and l.ended_at is null`,
  );
  return met.length === 0 ? new Map() : withRows(scope, met);
}

async function withRows(
  { tenant, sql: db, dialect }: Scope,
  met: readonly MetColumns[],
): Promise<ReadonlyMap<string, readonly EmailHolder[]>> {
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
  const holders = (rowsMet: readonly MetColumns[]) =>
    [...grouped(rowsMet, (one) => one.user_id)].map(([id, theirs]) => ({
      user: id as UserId,
      rows: byUser.get(id as UserId) ?? [],
      before: theirs.flatMap((one) => (Number(one.was) === 1 ? [one.id as DirectoryUserId] : [])),
    }));
  return new Map([...grouped(met, ({ email }) => email)].map(([email, rowsMet]) => [email, holders(rowsMet)]));
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

/** All or none: whoever is described by a push or by hand somewhere goes on as their own account. */
async function moveSignIns({ tenant, sql: db }: Scope, from: UserId, to: UserId, at: number): Promise<void> {
  const present = (user: UserId, where: string) =>
    sql`select 1 from identity_links o join directory_users d on d.tenant_id = o.tenant_id and d.id = o.directory_user_id
      where o.tenant_id = ${tenant} and o.user_id = ${user} and o.ended_at is null and d.deleted_at is null and (${verbatim(where)})`;
  await db.run(
    sql`insert into told_apart (tenant_id, connection_id, name, user_id)
      select tenant_id, connection_id, name, ${text(to)} from told_apart
      where tenant_id = ${tenant} and user_id = ${from} on conflict do nothing`,
  );
  await db.run(
    sql`update identity_links set user_id = ${to}, linked_by = 'kept', linked_at = ${bigint(at)}
      where tenant_id = ${tenant} and user_id = ${from} and ended_at is null
        and exists (select 1 from directory_users u where u.tenant_id = identity_links.tenant_id
          and u.id = identity_links.directory_user_id and u.deleted_at is null)
        and not exists (${present(from, "d.subject is null or d.scim_resource is not null")})
        and not exists (${present(to, "o.connection_id = identity_links.connection_id")})`,
  );
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
