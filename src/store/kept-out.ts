/** Who is kept out of the directory ledger's connections by people who are switched off or deleted, and which owners are left. */
import { asciiLower, fold } from "../model/fold.js";
import type { ConnectionId, DirectoryUserId, UserId } from "../model/ids.js";
import { OWNER } from "../model/target.js";
import type { Keeper, KeepOutReader, KeepOutWriter, Met } from "../provisioning/ports/kept-out.js";
import type { AskedNames } from "../provisioning/ports/signed-in.js";
import { bigint, text } from "./dialect.js";
import { CANDIDATE_COLUMNS, type CandidateColumns, candidateOf } from "./directory-rows.js";
import type { Scope } from "./scope.js";
import { type Fragment, join, sql, verbatim } from "./sql.js";
import { type Flag, isTrue, toInstant, toMillis } from "./values.js";

/** `p`, rows of `directory_users`, are pushed people who are switched off or deleted, and whose account has not come back there. */
const OFF = verbatim(`p.scim_resource is not null
  and ((p.deleted_at is null and p.scim_active = false) or (p.deleted_at is not null and p.keeps_out))
  and not exists (select 1 from identity_links was
    join identity_links again on again.tenant_id = was.tenant_id and again.user_id = was.user_id and again.ended_at is null
    join directory_users n on n.tenant_id = again.tenant_id and n.id = again.directory_user_id
    where was.tenant_id = p.tenant_id and was.directory_user_id = p.id and was.ended_at is null
      and n.connection_id = p.connection_id and n.deleted_at is null and n.scim_resource is not null and n.scim_active)`);

/** Of rows `s` of `directory_users` that are known by sign-in alone: it was noted that somebody keeps them out, who does so still. */
const NOTED = sql`exists (select 1 from kept_out o
  join directory_users p on p.tenant_id = o.tenant_id and p.id = o.kept_by
  join connections c on c.tenant_id = o.tenant_id and c.id = o.connection_id and c.sync = 'live'
  where o.tenant_id = s.tenant_id and o.connection_id = s.connection_id and o.subject = s.subject and not o.let_in and ${OFF})`;

/** Of a column with users' ids: they are kept out somewhere, as it was noted. */
export function isNotedOut({ tenant }: Scope, user: Fragment): Fragment {
  return sql`exists (select 1 from identity_links l
    join directory_users s on s.tenant_id = l.tenant_id and s.id = l.directory_user_id
      and s.deleted_at is null and s.scim_resource is null
    where l.tenant_id = ${tenant} and l.user_id = ${user} and l.ended_at is null and ${NOTED})`;
}

interface KeptOutColumns {
  readonly connection_id: string;
  readonly subject: string;
  readonly kept_by: string;
  readonly user_name: string;
  readonly is_deleted: Flag;
  readonly since_at: number;
}

export function keepOutReader({ tenant, sql: db }: Scope): KeepOutReader {
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
          where l.tenant_id = ${tenant} and l.user_id = ${user} and l.ended_at is null and not o.let_in and ${OFF}
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
    async letPass(connection, subject, ids) {
      await db.run(
        sql`update kept_out set let_in = true where tenant_id = ${tenant} and connection_id = ${connection}
          and subject = ${subject} and kept_by in ${dialect.list(ids)}`,
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
        sql`update directory_users set keeps_out = false where tenant_id = ${tenant} and id in ${dialect.list(ids)}`,
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
  const here = sql`tenant_id = ${tenant} and connection_id = ${connection}`;
  const ids = dialect.list(externalIds);
  const names = dialect.list(userNames.map(asciiLower));
  const met = await db.all<MetColumns>(
    join(
      [
        sql`select id, 'id' as met_by, external_id as name from directory_users where ${here} and external_id in ${ids}
          and external_id is not null`,
        ...["is null", "is not null"].map(
          (gone) => sql`select id, 'id', subject from directory_users where ${here} and subject in ${ids}
            and subject is not null and deleted_at ${verbatim(gone)}`,
        ),
        sql`select directory_user_id, 'id', name from former_names where ${here} and name in ${ids} and kind = 'id'`,
        sql`select directory_user_id, 'id', name from sign_in_names where ${here} and name in ${ids} and kind = 'id'`,
        sql`select id, 'name', user_name_ascii from directory_users where ${here} and user_name_ascii in ${names} and deleted_at is null`,
        sql`select id, 'name', user_name_ascii from directory_users where ${here}
          and user_name_folded in ${dialect.list(userNames.map(fold))} and deleted_at is not null`,
        sql`select directory_user_id, 'name', name from former_names where ${here} and name in ${names} and kind = 'name'`,
        sql`select directory_user_id, 'name', name from sign_in_names where ${here} and name in ${names}
          and kind in ('asserted', 'name')`,
        sql`select kept_by, 'before', subject from kept_out where ${here} and subject = ${subject} and not let_in`,
      ],
      " union ",
    ),
  );
  if (met.length === 0) return [];
  const rows = await db.all<CandidateColumns>(
    sql`select ${CANDIDATE_COLUMNS} from directory_users u
      join identity_links l on l.tenant_id = u.tenant_id and l.directory_user_id = u.id and l.ended_at is null
      where u.tenant_id = ${tenant} and u.id in ${dialect.list(met.map(({ id }) => id))}
        and exists (select 1 from directory_users p where p.tenant_id = u.tenant_id and p.id = u.id and ${OFF})
        and not exists (select 1 from kept_out o where o.tenant_id = u.tenant_id and o.connection_id = ${connection}
          and o.subject = ${subject} and o.kept_by = u.id and o.let_in)
      order by u.id`,
  );
  return rows.map((row) => ({
    ...candidateOf(row),
    met: met.filter(({ id }) => id === row.id).map(({ met_by: by, name }) => ({ by, name })),
  }));
}

/** INVARIANT: rather one too many than one too few: who is kept out is asked to know who is left to come in. */
async function keptOut({ tenant, sql: db, dialect }: Scope, users: readonly UserId[]): Promise<readonly UserId[]> {
  const pushed = verbatim(
    "p.tenant_id = s.tenant_id and p.connection_id = s.connection_id and p.scim_resource is not null",
  );
  const off = verbatim("p.deleted_at is null and p.scim_active = false");
  const isOff = sql`(p.keeps_out or ${off})`;
  const called = verbatim("n.tenant_id = s.tenant_id and n.directory_user_id = s.id");
  const former = verbatim("f.tenant_id = s.tenant_id and f.connection_id = s.connection_id");
  const ways = [
    NOTED,
    sql`exists (select 1 from directory_users p where ${pushed} and p.external_id = s.subject and ${isOff})`,
    ...[
      sql`n.kind = 'id' and p.external_id = n.name and ${isOff}`,
      sql`n.kind <> 'id' and p.user_name_ascii = n.name and ${off}`,
      sql`n.kind <> 'id' and p.user_name_folded = n.name and p.deleted_at is not null and p.keeps_out`,
    ].map(
      (same) =>
        sql`exists (select 1 from sign_in_names n join directory_users p on ${pushed} and ${same} where ${called})`,
    ),
    sql`exists (select 1 from former_names f join directory_users p on ${pushed} and p.id = f.directory_user_id and ${isOff}
      where ${former} and f.kind = 'id' and f.name = s.subject)`,
    sql`exists (select 1 from sign_in_names n join former_names f on ${former} and f.name = n.name
        and (f.kind = 'id') = (n.kind = 'id')
      join directory_users p on ${pushed} and p.id = f.directory_user_id and ${isOff} where ${called})`,
  ];
  const rows = await db.all<{ readonly id: UserId }>(
    sql`select distinct l.user_id as id from identity_links l
      join directory_users s on s.tenant_id = l.tenant_id and s.id = l.directory_user_id
        and s.deleted_at is null and s.scim_resource is null
      join connections c on c.tenant_id = s.tenant_id and c.id = s.connection_id and c.sync = 'live'
      where l.tenant_id = ${tenant} and l.ended_at is null and l.user_id in ${dialect.list(users)}
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
