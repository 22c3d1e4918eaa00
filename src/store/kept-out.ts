/** Who is kept out of the directory ledger's connections by people who are switched off or deleted, and which owners are left. */
import { asciiLower, fold } from "../model/fold.js";
import type { ConnectionId, DirectoryUserId, UserId } from "../model/ids.js";
import { OWNER } from "../model/target.js";
import type { Keeper, KeepOutReader, KeepOutWriter, Met } from "../provisioning/ports/kept-out.js";
import type { AskedNames } from "../provisioning/ports/signed-in.js";
import { bigint, type Dialect, text } from "./dialect.js";
import { CANDIDATE_COLUMNS, type CandidateColumns, candidateOf, candidatesAmong } from "./directory-rows.js";
import type { Scope } from "./scope.js";
import { type Fragment, join, sql, verbatim } from "./sql.js";
import { type Flag, isTrue, toInstant, toMillis } from "./values.js";

/** `p`, rows of `directory_users`, are pushed people who are switched off or deleted, and whose account has not come back there. */
function isOff({ finds }: Dialect): Fragment {
  const active = finds(verbatim("again.directory_user_id"), {
    ...{ table: "directory_users", as: "n", key: "id" },
    where: verbatim(`n.tenant_id = again.tenant_id and n.connection_id = p.connection_id and n.deleted_at is null
      and n.scim_resource is not null and n.scim_active`),
  });
  const again = finds(verbatim("was.user_id"), {
    ...{ table: "identity_links", as: "again", key: "user_id" },
    where: sql`again.tenant_id = was.tenant_id and again.ended_at is null and ${active}`,
  });
  const back = finds(verbatim("p.id"), {
    ...{ table: "identity_links", as: "was", key: "directory_user_id" },
    where: sql`was.tenant_id = p.tenant_id and was.ended_at is null and ${again}`,
  });
  return sql`p.scim_resource is not null
    and ((p.deleted_at is null and p.scim_active = false) or (p.deleted_at is not null and p.keeps_out)) and not ${back}`;
}

/** Of rows `s` of `directory_users` that are known by sign-in alone: it was noted that somebody keeps them out, who does so still. */
function isNoted(dialect: Dialect): Fragment {
  const keeper = dialect.finds(verbatim("o.kept_by"), {
    ...{ table: "directory_users", as: "p", key: "id" },
    where: sql`p.tenant_id = o.tenant_id and ${isOff(dialect)}`,
  });
  return dialect.finds(verbatim("s.subject"), {
    ...{ table: "kept_out", as: "o", key: "subject" },
    where: sql`o.tenant_id = s.tenant_id and o.connection_id = s.connection_id and not o.let_in and ${keeper}
      and exists (select 1 from connections c
        where c.tenant_id = o.tenant_id and c.id = o.connection_id and c.sync = 'live')`,
  });
}

/** Of a column with users' ids: they are kept out somewhere, as it was noted. */
export function isNotedOut({ tenant, dialect }: Scope, user: Fragment): Fragment {
  return sql`exists (select 1 from identity_links l
    join directory_users s on s.tenant_id = l.tenant_id and s.id = l.directory_user_id
      and s.deleted_at is null and s.scim_resource is null
    where l.tenant_id = ${tenant} and l.user_id = ${user} and l.ended_at is null and ${isNoted(dialect)})`;
}

interface KeptOutColumns {
  readonly connection_id: string;
  readonly subject: string;
  readonly kept_by: string;
  readonly user_name: string;
  readonly is_deleted: Flag;
  readonly since_at: number;
}

export function keepOutReader({ tenant, sql: db, dialect }: Scope): KeepOutReader {
  return {
    async keptOutBy(user) {
      const rows = await db.all<KeptOutColumns>(
        sql`select o.connection_id, o.subject, o.kept_by, p.user_name, p.deleted_at is not null as is_deleted, o.since_at
          from identity_links l
          join directory_users s on s.tenant_id = l.tenant_id and s.id = l.directory_user_id
            and s.deleted_at is null and s.scim_resource is null
          join kept_out o on o.tenant_id = s.tenant_id and o.connection_id = s.connection_id and o.subject = s.subject
          join directory_users p on p.tenant_id = o.tenant_id and p.id = o.kept_by
          join connections c on c.tenant_id = o.tenant_id and c.id = o.connection_id and c.sync = 'live'
          where l.tenant_id = ${tenant} and l.user_id = ${user} and l.ended_at is null and not o.let_in and ${isOff(dialect)}
          order by o.since_at, o.kept_by`,
      );
      return rows.map((row) => ({
        connection: row.connection_id as ConnectionId,
        subject: row.subject,
        keeper: row.kept_by as DirectoryUserId,
        keeperName: row.user_name,
        deleted: isTrue(row.is_deleted),
        since: toInstant(row.since_at),
      }));
    },
  };
}

export function keepOutWriter(scope: Scope): KeepOutWriter {
  const { tenant, sql: db, dialect } = scope;
  return {
    keepers: (connection, subject, names) => keepers(scope, connection, subject, names),
    async noteKeptOut(connection, closed, now) {
      if (closed.length === 0) return;
      const rows = dialect.rows({ subject: "text", kept_by: "text" }, distinct(closed));
      await db.run(
        sql`insert into kept_out (tenant_id, connection_id, subject, kept_by, since_at)
          select ${bigint(tenant)}, ${text(connection)}, r.subject, r.kept_by, ${bigint(toMillis(now))}
          from ${rows} as r where true on conflict do nothing`,
      );
    },
    async forgetRefusals(connection, subjects, user) {
      await db.run(
        sql`delete from kept_out where tenant_id = ${tenant} and connection_id = ${connection} and not let_in
          and subject in ${dialect.list(subjects)} and kept_by in (select l.directory_user_id from identity_links l
            where l.tenant_id = ${tenant} and l.user_id = ${user})`,
      );
    },
    async letPass(connection, subject, ids, now) {
      await db.run(
        sql`insert into kept_out (tenant_id, connection_id, subject, kept_by, since_at, let_in)
          select u.tenant_id, u.connection_id, ${text(subject)}, u.id, ${bigint(toMillis(now))}, true from directory_users u
          where u.tenant_id = ${tenant} and u.connection_id = ${connection} and u.id in ${dialect.list(ids)}
          on conflict (tenant_id, connection_id, subject, kept_by) do update set let_in = true`,
      );
    },
    async keepFormerNames(row, names) {
      await db.run(
        sql`insert into former_names (tenant_id, directory_user_id, connection_id, kind, name)
          select u.tenant_id, u.id, u.connection_id, r.kind, r.name
          from ${dialect.rows(
            { kind: "text", name: "text" },
            names.map(({ kind, name }) => ({ kind, name })),
          )} as r
          join directory_users u on u.tenant_id = ${tenant} and u.id = ${row} where true on conflict do nothing`,
      );
      await db.run(sql`delete from kept_out where tenant_id = ${tenant} and kept_by = ${row} and let_in`);
    },
    async letNamesGo(ids) {
      await db.run(
        sql`update directory_users set names_let_go = true where tenant_id = ${tenant} and id in ${dialect.list(ids)}`,
      );
    },
    keptOut: (users) => keptOut(scope, users),
    ownersWithWayIn: () => ownersWithWayIn(scope),
  };
}

function distinct(closed: Parameters<KeepOutWriter["noteKeptOut"]>[1]) {
  const byKey = new Map(
    closed.map(({ subject, by }) => [JSON.stringify([subject, by]), { subject, kept_by: by as string }]),
  );
  return [...byKey.values()];
}

interface MetColumns {
  readonly id: string;
  readonly met_by: Met["by"];
  readonly name: string;
}

async function keepers(
  scope: Scope,
  connection: ConnectionId,
  subject: string,
  { externalIds, userNames }: AskedNames,
): Promise<readonly Keeper[]> {
  const { tenant, sql: db, dialect } = scope;
  const ids = dialect.list(externalIds);
  const names = dialect.list(userNames.map(asciiLower));
  const folded = dialect.list(userNames.map(fold));
  const rowsBy = (key: string, values: Fragment, where: string): Fragment => by("directory_users", key, values, where);
  const namesBy = (table: string, values: Fragment, where: string): Fragment => by(table, "name", values, where);
  const by = (table: string, key: string, values: Fragment, where: string): Fragment =>
    dialect.each(values, {
      ...{ table, as: "k", key },
      where: sql`k.tenant_id = ${tenant} and k.connection_id = ${connection} and ${verbatim(where)}`,
    });
  const met = await db.all<MetColumns>(
    join(
      [
        sql`select k.id, 'id' as met_by, k.external_id as name ${rowsBy("external_id", ids, "k.external_id is not null")}`,
        ...["is null", "is not null"].map(
          (gone) =>
            sql`select k.id, 'id', k.subject ${rowsBy("subject", ids, `k.subject is not null and k.deleted_at ${gone}`)}`,
        ),
        sql`select k.directory_user_id, 'id', k.name ${namesBy("former_names", ids, "k.kind = 'id'")}`,
        sql`select k.directory_user_id, 'id', k.name ${namesBy("sign_in_names", ids, "k.kind = 'id'")}`,
        ...["is null and k.scim_resource is not null", "is not null"].map(
          (gone) =>
            sql`select k.id, 'name', k.user_name_ascii ${rowsBy("user_name_folded", folded, `k.deleted_at ${gone}`)}`,
        ),
        sql`select k.directory_user_id, 'name', k.name ${namesBy("former_names", names, "k.kind = 'name'")}`,
        sql`select k.directory_user_id, 'name', k.name ${namesBy("sign_in_names", names, "k.kind in ('asserted', 'name')")}`,
        sql`select kept_by, 'before', subject from kept_out where tenant_id = ${tenant} and connection_id = ${connection}
          and subject = ${subject} and not let_in`,
      ],
      " union ",
    ),
  );
  if (met.length === 0) return [];
  const off = dialect.finds(verbatim("u.id"), {
    ...{ table: "directory_users", as: "p", key: "id" },
    where: sql`p.tenant_id = u.tenant_id and ${isOff(dialect)}`,
  });
  const rows = await db.all<CandidateColumns & { readonly names_let_go: Flag }>(
    sql`select ${CANDIDATE_COLUMNS}, u.names_let_go ${candidatesAmong(scope, dialect.list(met.map(({ id }) => id)))}
        and ${off}
        and not exists (select 1 from kept_out o where o.tenant_id = u.tenant_id and o.connection_id = ${connection}
          and o.subject = ${subject} and o.kept_by = u.id and o.let_in)
      order by u.id`,
  );
  const metAs = ({ id, names_let_go: letGo }: (typeof rows)[number]) =>
    met.filter((one) => one.id === id && !(one.met_by === "name" && isTrue(letGo)));
  return rows
    .map((row) => ({ ...candidateOf(row), met: metAs(row).map(({ met_by: by, name }) => ({ by, name })) }))
    .filter((row) => row.met.length > 0);
}

/** INVARIANT: rather one too many than one too few: who is kept out is asked to know who is left to come in. */
async function keptOut({ tenant, sql: db, dialect }: Scope, users: readonly UserId[]): Promise<readonly UserId[]> {
  const [off, keepsOut] = [
    "p.deleted_at is null and p.scim_active = false",
    "(p.keeps_out or p.deleted_at is null and p.scim_active = false)",
  ];
  const pushed = (key: string, value: string, where: string): Fragment => {
    const same = "p.tenant_id = s.tenant_id and p.connection_id = s.connection_id and p.scim_resource is not null";
    return dialect.finds(verbatim(value), {
      table: "directory_users",
      as: "p",
      key,
      where: verbatim(`${same} and ${where}`),
    });
  };
  const called = (where: Fragment): Fragment =>
    dialect.finds(verbatim("s.id"), {
      ...{ table: "sign_in_names", as: "n", key: "directory_user_id" },
      where: sql`n.tenant_id = s.tenant_id and ${where}`,
    });
  const former = (value: string, where: string): Fragment =>
    dialect.finds(verbatim(value), {
      ...{ table: "former_names", as: "f", key: "name" },
      where: sql`f.tenant_id = s.tenant_id and f.connection_id = s.connection_id and ${verbatim(where)}
        and ${pushed("id", "f.directory_user_id", `${keepsOut} and (f.kind = 'id' or not p.names_let_go)`)}`,
    });
  const ways = [
    isNoted(dialect),
    pushed("external_id", "s.subject", keepsOut),
    called(sql`n.kind = 'id' and ${pushed("external_id", "n.name", keepsOut)}`),
    called(sql`n.kind <> 'id' and ${pushed("user_name_ascii", "n.name", off)}`),
    called(
      sql`n.kind <> 'id' and ${pushed("user_name_folded", "n.name", "p.deleted_at is not null and p.keeps_out and not p.names_let_go")}`,
    ),
    former("s.subject", "f.kind = 'id'"),
    called(former("n.name", "(f.kind = 'id') = (n.kind = 'id')")),
  ];
  const links = { table: "identity_links", as: "l", where: sql`l.tenant_id = ${tenant} and l.ended_at is null` };
  const linked = sql`(select l.directory_user_id ${dialect.each(dialect.list(users), { ...links, key: "user_id" })})`;
  const rows = await db.all<{ readonly id: UserId }>(
    sql`select distinct l.user_id as id ${dialect.each(
      linked,
      {
        ...{ table: "directory_users", as: "s", key: "id" },
        where: sql`s.tenant_id = ${tenant} and s.deleted_at is null and s.scim_resource is null`,
      },
      { ...links, key: "directory_user_id" },
    )}
      and exists (select 1 from connections c where c.tenant_id = s.tenant_id and c.id = s.connection_id and c.sync = 'live')
      and (${join(ways, " or ")})`,
  );
  return rows.map(({ id }) => id);
}

async function ownersWithWayIn({ tenant, sql: db }: Scope): Promise<readonly UserId[]> {
  const rows = await db.all<{ readonly id: UserId }>(
    sql`select distinct g.user_id as id from grants g
      join users u on u.tenant_id = g.tenant_id and u.id = g.user_id and u.status = 'registered'
      where g.tenant_id = ${tenant} and g.scope = ${OWNER.scope} and g.role = ${OWNER.role} and g.ended_at is null
        and not exists (select 1 from held_people h where h.tenant_id = u.tenant_id and h.user_id = u.id
          and h.reason in ('last_owner', 'second_to_last_owner'))
        and exists (select 1 from identity_links l
          join directory_users s on s.tenant_id = l.tenant_id and s.id = l.directory_user_id
            and s.deleted_at is null and s.subject is not null
          join connections c on c.tenant_id = s.tenant_id and c.id = s.connection_id
            and c.disabled_at is null and c.protocol in ('saml', 'oidc')
          where l.tenant_id = u.tenant_id and l.user_id = u.id and l.ended_at is null
            and (c.sync <> 'live' or s.scim_resource is null or s.scim_active))
      order by g.user_id`,
  );
  return rows.map(({ id }) => id);
}
