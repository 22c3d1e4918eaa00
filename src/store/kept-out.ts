/** Who is kept out of the directory ledger's connections by people who are switched off or deleted, and which owners are left. */
import { fold } from "../model/fold.js";
import { grouped } from "../model/grouped.js";
import type { ConnectionId, DirectoryUserId, UserId } from "../model/ids.js";
import type { DeactivatedBy, UserStatus } from "../model/person.js";
import { OWNER } from "../model/target.js";
import type { AskedSignIn, KeepOutReader, KeepOutWriter, Met, MetRow, WayIn } from "../provisioning/ports/kept-out.js";
import { bigint, type Dialect, text } from "./dialect.js";
import { CANDIDATE_COLUMNS, type CandidateColumns, candidateOf, candidatesAmong } from "./directory-rows.js";
import type { Scope } from "./scope.js";
import { namesOfRows } from "./signed-in-rows.js";
import { type Fragment, join, one, sql, verbatim } from "./sql.js";
import { type Flag, given, isTrue, toInstant, toMillis } from "./values.js";

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
    where: sql`o.tenant_id = s.tenant_id and o.connection_id = s.connection_id and not o.not_them and ${keeper}
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
          where l.tenant_id = ${tenant} and l.user_id = ${user} and l.ended_at is null and not o.not_them and ${isOff(dialect)}
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
    metBy: (connection, signIns) => metBy(scope, connection, signIns),
    async hasNewcomerSince(connection, deleted) {
      const newcomer = await one(
        db,
        sql`select 1 as found from directory_users u join directory_users n on n.tenant_id = u.tenant_id
            and n.connection_id = u.connection_id and n.id > u.id and n.deleted_at is null and n.scim_resource is not null
          where u.tenant_id = ${tenant} and u.connection_id = ${connection} and u.id = ${deleted}
            and n.scim_active and n.subject is null and n.scim_created_at >= u.deleted_at limit 1`,
      );
      return newcomer !== undefined;
    },
    async noteKeptOut(connection, closed, now) {
      if (closed.length === 0) return;
      const rows = dialect.rows({ subject: "text", kept_by: "text" }, distinct(closed));
      await db.run(
        sql`insert into kept_out (tenant_id, connection_id, subject, kept_by, since_at)
          select ${bigint(tenant)}, ${text(connection)}, r.subject, r.kept_by, ${bigint(toMillis(now))}
          from ${rows} as r where true
          on conflict (tenant_id, connection_id, subject, kept_by) do update set not_them = false
            where kept_out.not_them and not kept_out.let_in`,
      );
    },
    async forgetRefusals(connection, subjects, user) {
      await db.run(
        sql`delete from kept_out where tenant_id = ${tenant} and connection_id = ${connection} and not not_them
          and subject in ${dialect.list(subjects)} and kept_by in (select l.directory_user_id from identity_links l
            where l.tenant_id = ${tenant} and l.user_id = ${user})`,
      );
    },
    async letPass(connection, subject, ids, now) {
      await db.run(
        sql`insert into kept_out (tenant_id, connection_id, subject, kept_by, since_at, let_in, not_them)
          select u.tenant_id, u.connection_id, ${text(subject)}, u.id, ${bigint(toMillis(now))}, true, true from directory_users u
          where u.tenant_id = ${tenant} and u.connection_id = ${connection} and u.id in ${dialect.list(ids)}
          on conflict (tenant_id, connection_id, subject, kept_by) do update set let_in = true, not_them = true`,
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
      const rows = await db.all<{ readonly id: string }>(
        sql`select l.directory_user_id as id from identity_links own join identity_links l on l.tenant_id = own.tenant_id
            and l.user_id = own.user_id and l.ended_at is null
          where own.tenant_id = ${tenant} and own.directory_user_id = ${row} and own.ended_at is null`,
      );
      const ids = dialect.list(rows.map(({ id }) => id));
      await db.run(
        sql`update kept_out set let_in = false where tenant_id = ${tenant} and kept_by in ${ids} and let_in`,
      );
    },
    async keepNamesOfLive(connection) {
      const live = sql`select c.id from connections c where c.tenant_id = ${tenant} and c.id = ${connection} and c.sync = 'live'`;
      const names = ["'name' as kind, u.user_name_folded as name", "'id', u.external_id"].map(
        (name) => sql`select u.tenant_id, u.id, u.connection_id, ${verbatim(name)} from directory_users u
          where u.tenant_id = ${tenant} and u.connection_id in (${live}) and u.deleted_at is null
            and u.scim_resource is not null`,
      );
      await db.run(
        sql`insert into former_names (tenant_id, directory_user_id, connection_id, kind, name)
          select * from (${join(names, " union all ")}) as n where n.name <> '' on conflict do nothing`,
      );
    },
    async letNamesGo(ids) {
      await db.run(
        sql`update directory_users set names_let_go = true where tenant_id = ${tenant} and id in ${dialect.list(ids)}`,
      );
    },
    waysInOfOwners: () => waysInOfOwners(scope),
  };
}

function distinct(closed: Parameters<KeepOutWriter["noteKeptOut"]>[1]) {
  const byKey = new Map(
    closed.map(({ subject, by }) => [JSON.stringify([subject, by]), { subject, kept_by: by as string }]),
  );
  return [...byKey.values()];
}

interface FoundColumns {
  readonly id: DirectoryUserId;
  readonly how: Met["by"] | "let_in" | "not_them";
  readonly name: string;
}

async function metBy(
  scope: Scope,
  connection: ConnectionId,
  signIns: readonly AskedSignIn[],
): Promise<readonly (readonly MetRow[])[]> {
  const found = await findMet(scope, connection, askedOf(signIns));
  if (found.length === 0) return signIns.map(() => []);
  const rows = await metRows(scope, [...new Set(found.map(({ id }) => id))]);
  const foundOf = grouped(found, ({ id }) => id);
  return signIns.map((signIn) => {
    const asked = askedOf([signIn]);
    const told = rows.map(({ namesLetGo, ...row }) => {
      const isTheirs = (one: FoundColumns) => isOf(asked, one) && !(namesLetGo && one.how === "name");
      return { row, told: (foundOf.get(row.id) ?? []).filter(isTheirs) };
    });
    // INVARIANT: an admin's word is about the account, whatever row it has by now
    const saidOf = (...words: readonly FoundColumns["how"][]) =>
      new Set(told.flatMap((one) => (one.told.some(({ how }) => words.includes(how)) ? [one.row.user] : [])));
    const others = saidOf("let_in", "not_them");
    const welcome = saidOf("let_in");
    return told.flatMap(({ row, told }) => {
      if (told.length === 0) return [];
      const letIn = welcome.has(row.user);
      const notThem = others.has(row.user);
      const met = told.flatMap(({ how, name }) => (how === "let_in" || how === "not_them" ? [] : [{ by: how, name }]));
      return [{ ...row, met, letIn, notThem }];
    });
  });
}

interface Asked {
  readonly subjects: ReadonlySet<string>;
  /** Subjects among them. */
  readonly ids: ReadonlySet<string>;
  /** As they are, and folded. */
  readonly names: ReadonlySet<string>;
  readonly folded: ReadonlySet<string>;
}

function askedOf(signIns: readonly AskedSignIn[]): Asked {
  const all = signIns.flatMap(({ names }) => names);
  const subjects = new Set(signIns.map(({ subject }) => subject));
  const ids = all.flatMap(({ kind, name }) => (kind === "id" ? [name] : []));
  const names = all.flatMap(({ kind, name }) => (kind === "id" ? [] : [name]));
  const folded = new Set(names.map(fold));
  return { subjects, ids: new Set([...subjects, ...ids]), names: new Set([...names, ...folded]), folded };
}

function isOf({ subjects, ids, folded }: Asked, { how, name }: FoundColumns): boolean {
  if (how === "id") return ids.has(name);
  return how === "name" ? folded.has(fold(name)) : subjects.has(name);
}

function findMet(
  { tenant, sql: db, dialect }: Scope,
  connection: ConnectionId,
  asked: Asked,
): Promise<readonly FoundColumns[]> {
  const [subjects, ids, names, folded] = [asked.subjects, asked.ids, asked.names, asked.folded].map((values) =>
    dialect.list([...values]),
  ) as [Fragment, Fragment, Fragment, Fragment];
  const by = (values: Fragment, table: string, key: string, where: string): Fragment =>
    dialect.each(values, {
      ...{ table, as: "k", key },
      where: sql`k.tenant_id = ${tenant} and k.connection_id = ${connection} and ${verbatim(where)}`,
    });
  const rows = (how: Met["by"], values: Fragment, key: string, where: string, name = key) =>
    sql`select k.id, ${verbatim(`'${how}' as how, k.${name} as name`)} ${by(values, "directory_users", key, where)}`;
  const called = (how: Met["by"], values: Fragment, table: string, kinds: string) =>
    sql`select k.directory_user_id, ${verbatim(`'${how}'`)}, k.name ${by(values, table, "name", `k.kind in (${kinds})`)}`;
  return db.all<FoundColumns>(
    join(
      [
        rows("id", ids, "external_id", "k.external_id is not null"),
        ...["is null", "is not null"].map((gone) =>
          rows("id", ids, "subject", `k.subject is not null and k.deleted_at ${gone}`),
        ),
        ...["is null and k.scim_resource is not null", "is not null"].map((gone) =>
          rows("name", folded, "user_name_folded", `k.deleted_at ${gone}`, "user_name"),
        ),
        rows("name", names, "user_name_ascii", "k.deleted_at is null", "user_name"),
        called("id", ids, "former_names", "'id'"),
        called("id", ids, "sign_in_names", "'id'"),
        called("name", names, "former_names", "'name'"),
        called("name", names, "sign_in_names", "'asserted', 'name', 'closing'"),
        sql`select k.kept_by, case when k.let_in then 'let_in' when k.not_them then 'not_them' else 'before' end, k.subject
          ${by(subjects, "kept_out", "subject", "true")}`,
      ],
      " union ",
    ),
  );
}

interface MetColumns extends CandidateColumns {
  readonly keeps_out: Flag;
  readonly names_let_go: Flag;
  readonly status: UserStatus;
  readonly deactivated_by: DeactivatedBy | null;
  readonly again: string | null;
}

async function metRows(scope: Scope, ids: readonly DirectoryUserId[]) {
  const { sql: db, dialect } = scope;
  const account = (column: string) =>
    verbatim(`(select a.${column} from users a where a.tenant_id = l.tenant_id and a.id = l.user_id) as ${column}`);
  const rows = await db.all<MetColumns>(
    sql`select ${CANDIDATE_COLUMNS}, u.keeps_out, u.names_let_go, ${account("status")}, ${account("deactivated_by")},
        case when u.deleted_at is not null then (select n.id from identity_links again
          join directory_users n on n.tenant_id = again.tenant_id and n.id = again.directory_user_id
            and n.connection_id = u.connection_id and n.deleted_at is null
          where again.tenant_id = l.tenant_id and again.user_id = l.user_id and again.ended_at is null limit 1) end as again
      ${candidatesAmong(scope, dialect.list(ids))} order by u.id`,
  );
  const againIds = dialect.list(rows.flatMap(({ again }) => again ?? []));
  const again = rows.some((row) => row.again !== null)
    ? await db.all<CandidateColumns>(sql`select ${CANDIDATE_COLUMNS} ${candidatesAmong(scope, againIds)}`)
    : [];
  const byId = new Map(again.map((row) => [row.id, candidateOf(row)]));
  return rows.map((row) => ({
    ...candidateOf(row),
    keepsOut: isTrue(row.keeps_out),
    namesLetGo: isTrue(row.names_let_go),
    ended: row.status === "deactivated" && ["scim", "admin"].includes(row.deactivated_by ?? ""),
    pending: row.status === "pending",
    ...given("again", byId.get(row.again ?? "") ?? null),
  }));
}

async function waysInOfOwners(scope: Scope): Promise<readonly WayIn[]> {
  const { tenant, sql: db } = scope;
  const ways = await db.all<WayColumns>(
    sql`select distinct u.id as user_id, s.id, s.connection_id, s.subject,
        c.sync = 'live' and s.scim_resource is null as may_be_kept_out
      from grants g
      join users u on u.tenant_id = g.tenant_id and u.id = g.user_id and u.status = 'registered'
      join identity_links l on l.tenant_id = u.tenant_id and l.user_id = u.id and l.ended_at is null
      join directory_users s on s.tenant_id = l.tenant_id and s.id = l.directory_user_id
        and s.deleted_at is null and s.subject is not null
      join connections c on c.tenant_id = s.tenant_id and c.id = s.connection_id
        and c.disabled_at is null and c.protocol in ('saml', 'oidc')
        and (c.sync <> 'live' or s.scim_resource is null or s.scim_active)
      where g.tenant_id = ${tenant} and g.scope = ${OWNER.scope} and g.role = ${OWNER.role} and g.ended_at is null
        and not exists (select 1 from held_people h where h.tenant_id = u.tenant_id and h.user_id = u.id
          and h.reason in ('last_owner', 'second_to_last_owner'))
      order by u.id, s.id`,
  );
  if (ways.length === 0) return [];
  const names = await namesOfRows(
    scope,
    ways.map(({ id }) => id),
  );
  return ways.map(({ id, user_id, connection_id, subject, may_be_kept_out }) => ({
    user: user_id as UserId,
    connection: connection_id as ConnectionId,
    subject,
    names: names.get(id) ?? [],
    mayBeKeptOut: isTrue(may_be_kept_out),
  }));
}

interface WayColumns {
  readonly id: DirectoryUserId;
  readonly user_id: string;
  readonly connection_id: string;
  readonly subject: string;
  readonly may_be_kept_out: Flag;
}
