/** People of the directory ledger who are known by sign-in alone: whom a push may mean, what they are called, and where their row ends. */
import { asciiLower, fold } from "../model/fold.js";
import { grouped } from "../model/grouped.js";
import type { ConnectionId, DirectoryUserId, UserId } from "../model/ids.js";
import type { LinkCandidate, SignInName } from "../provisioning/ports/directory.js";
import type { AskedNames, SignedInReader, SignedInRow, SignedInWriter } from "../provisioning/ports/signed-in.js";
import { bigint } from "./dialect.js";
import { CANDIDATE_COLUMNS, type CandidateColumns, candidateOf, ROW_KEYS } from "./directory-rows.js";
import type { Scope } from "./scope.js";
import { type Fragment, join, NOTHING, sql, verbatim } from "./sql.js";
import { toMillis } from "./values.js";

interface NameColumns extends SignInName {
  readonly id: DirectoryUserId;
}

export function signedInReader(scope: Scope): SignedInReader {
  const { tenant, sql: db } = scope;
  return {
    async doubles(connection) {
      const inIt = sql`s.tenant_id = ${tenant} and s.connection_id = ${connection}`;
      const pairs = await db.all<DoubleColumns>(
        sql`select p.id as pushed, s.id as signed_in, 0 as by_name ${doublesBy(inIt, "p.external_id = s.subject")}
          union
          select p.id, s.id, 0 ${doublesBy(inIt, "p.external_id = n.name and n.kind = 'id'", NAMES)}
          union
          select p.id, s.id, 1 ${doublesBy(inIt, "p.user_name_ascii = n.name and n.kind <> 'id'", NAMES)}
          order by by_name, pushed, signed_in`,
      );
      if (pairs.length === 0) return [];
      const ofIds = (ids: readonly string[]) =>
        candidates(scope, sql`u.id in ${scope.dialect.list([...new Set(ids)])}`);
      const pushed = new Map((await ofIds(pairs.map((pair) => pair.pushed))).map((row) => [row.id, row]));
      const signedIn = await withNames(scope, await ofIds(pairs.map((pair) => pair.signed_in)));
      const called = new Map(signedIn.map((row) => [row.id, row]));
      return pairs.flatMap((pair) => {
        const [one, other] = [pushed.get(pair.pushed), called.get(pair.signed_in)];
        return one && other ? [{ pushed: one, signedIn: other }] : [];
      });
    },
  };
}

interface DoubleColumns {
  readonly pushed: DirectoryUserId;
  readonly signed_in: DirectoryUserId;
}

const NAMES = verbatim("join sign_in_names n on n.tenant_id = s.tenant_id and n.directory_user_id = s.id");

function doublesBy(inIt: Fragment, same: string, names: Fragment = NOTHING): Fragment {
  return sql`from directory_users s ${names}
    join directory_users p on p.tenant_id = s.tenant_id and p.connection_id = s.connection_id and p.deleted_at is null
      and p.scim_resource is not null and ${verbatim(same)}
    where ${inIt} and s.deleted_at is null and s.scim_resource is null and s.subject is not null`;
}

/** Of `directory_users u`. */
async function candidates({ tenant, sql: db }: Scope, where: Fragment): Promise<LinkCandidate[]> {
  const rows = await db.all<CandidateColumns>(
    sql`select ${CANDIDATE_COLUMNS} from directory_users u
      join identity_links l on l.tenant_id = u.tenant_id and l.directory_user_id = u.id and l.ended_at is null
      where u.tenant_id = ${tenant} and ${where} order by u.id`,
  );
  return rows.map(candidateOf);
}

async function withNames(
  { tenant, sql: db, dialect }: Scope,
  rows: readonly LinkCandidate[],
): Promise<readonly SignedInRow[]> {
  if (rows.length === 0) return [];
  const called = await db.all<NameColumns>(
    sql`select directory_user_id as id, kind, name from sign_in_names
      where tenant_id = ${tenant} and directory_user_id in ${dialect.list(rows.map(({ id }) => id))}`,
  );
  const names = grouped(called, ({ id }) => id);
  return rows.flatMap((row) => {
    const { subject } = row;
    const mine = (names.get(row.id) ?? []).map(({ kind, name }) => ({ kind, name }));
    return subject === undefined ? [] : [{ ...row, subject, names: mine }];
  });
}

export function signedInWriter(scope: Scope): SignedInWriter {
  const { tenant, sql: db, dialect } = scope;
  return {
    signedInAlone: (connection, names) => signedInAlone(scope, connection, names),
    keepSignInNames: (id, names) => keepSignInNames(scope, id, names),
    async moveSignInNames(from, to) {
      const ofRow = (id: DirectoryUserId) => sql`tenant_id = ${tenant} and directory_user_id = ${id}`;
      await db.run(sql`delete from sign_in_names where ${ofRow(to)}`);
      await db.run(sql`update sign_in_names set directory_user_id = ${to} where ${ofRow(from)}`);
    },
    async endSignedIn(id, now) {
      const at = toMillis(now);
      // a document without attributes: what sign-ins said goes on naming the account
      const ended = await db.run(
        sql`update directory_users set deleted_at = ${bigint(at)}, modified_at = ${bigint(at)}, version = version + 1,
            scim_attributes = '{}', scim_app_roles = '[]', scim_active = false, scim_created_at = ${bigint(at)}
          where tenant_id = ${tenant} and id = ${id} and deleted_at is null and scim_resource is null`,
      );
      return ended > 0;
    },
    rowsThatKeepOut: (connection, names) => rowsThatKeepOut(scope, connection, names),
    async letNamesGo(ids) {
      await db.run(
        sql`update directory_users set keeps_out = false where tenant_id = ${tenant} and id in ${dialect.list(ids)}`,
      );
    },
    keptOut: (users) => keptOut(scope, users),
    async endAllSessions(users) {
      await db.run(
        sql`update users set session_epoch = session_epoch + 1 where tenant_id = ${tenant} and id in ${dialect.list(users)}`,
      );
    },
  };
}

async function signedInAlone(
  scope: Scope,
  connection: ConnectionId,
  { externalIds, userNames }: AskedNames,
): Promise<readonly SignedInRow[]> {
  const { tenant, dialect } = scope;
  if (externalIds.length + userNames.length === 0) return [];
  const ids = dialect.list(externalIds);
  const found = sql`select id from directory_users where tenant_id = ${tenant} and connection_id = ${connection}
      and subject in ${ids} and subject is not null and deleted_at is null
    union all
    select directory_user_id from sign_in_names where tenant_id = ${tenant} and connection_id = ${connection}
      and name in ${ids} and kind = 'id'
    union all
    select directory_user_id from sign_in_names where tenant_id = ${tenant} and connection_id = ${connection}
      and name in ${dialect.list(userNames.map(asciiLower))} and kind <> 'id'`;
  const rows = await candidates(
    scope,
    sql`u.scim_resource is null and u.subject is not null and u.deleted_at is null and ${dialect.amongFew(found, ...ROW_KEYS)}`,
  );
  return withNames(scope, rows);
}

async function keepSignInNames(scope: Scope, id: DirectoryUserId, names: readonly SignInName[]): Promise<void> {
  const { tenant, sql: db } = scope;
  const before = await db.all<SignInName>(
    sql`select kind, name from sign_in_names where tenant_id = ${tenant} and directory_user_id = ${id}`,
  );
  const isKept = (one: SignInName) => before.some(({ kind, name }) => kind === one.kind && name === one.name);
  if (before.length === names.length && names.every(isKept)) return;
  await db.run(sql`delete from sign_in_names where tenant_id = ${tenant} and directory_user_id = ${id}`);
  await insertSignInNames(scope, id, names);
}

export async function insertSignInNames(
  { tenant, sql: db, dialect }: Scope,
  id: DirectoryUserId,
  names: readonly SignInName[],
): Promise<void> {
  if (names.length === 0) return;
  const rows = names.map(({ kind, name }) => ({ kind, name }));
  await db.run(
    sql`insert into sign_in_names (tenant_id, directory_user_id, connection_id, kind, name)
      select u.tenant_id, u.id, u.connection_id, r.kind, r.name
      from ${dialect.rows({ kind: "text", name: "text" }, rows)} as r
      join directory_users u on u.tenant_id = ${tenant} and u.id = ${id}`,
  );
}

function rowsThatKeepOut(
  scope: Scope,
  connection: ConnectionId,
  { externalIds, userNames }: AskedNames,
): Promise<readonly LinkCandidate[]> {
  const { tenant, dialect } = scope;
  const gone = sql`tenant_id = ${tenant} and connection_id = ${connection} and deleted_at is not null and keeps_out`;
  const found = sql`select id from directory_users where ${gone} and external_id in ${dialect.list(externalIds)}
    union all
    select id from directory_users where ${gone} and user_name_folded in ${dialect.list(userNames.map(fold))}`;
  return candidates(
    scope,
    sql`${dialect.amongFew(found, ...ROW_KEYS)}
      and not exists (select 1 from identity_links k join directory_users n on n.tenant_id = k.tenant_id and n.id = k.directory_user_id
        where k.tenant_id = l.tenant_id and k.user_id = l.user_id and k.ended_at is null
          and n.connection_id = ${connection} and n.deleted_at is null and n.scim_resource is not null)`,
  );
}

/** INVARIANT: rather one too many than one too few: who is kept out is asked to know who is left to come in. */
async function keptOut({ tenant, sql: db, dialect }: Scope, users: readonly UserId[]): Promise<readonly UserId[]> {
  const pushed = sql`p.tenant_id = s.tenant_id and p.connection_id = s.connection_id and p.scim_resource is not null`;
  const off = verbatim("p.deleted_at is null and p.scim_active = false");
  const ways = [
    sql`exists (select 1 from directory_users p where ${pushed} and p.external_id = s.subject and (p.keeps_out or ${off}))`,
    ...[
      sql`n.kind = 'id' and p.external_id = n.name and (p.keeps_out or ${off})`,
      sql`n.kind <> 'id' and p.user_name_ascii = n.name and ${off}`,
      sql`n.kind <> 'id' and p.user_name_folded = n.name and p.deleted_at is not null and p.keeps_out`,
    ].map(
      (same) => sql`exists (select 1 from sign_in_names n join directory_users p on ${pushed} and ${same}
        where n.tenant_id = s.tenant_id and n.directory_user_id = s.id)`,
    ),
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
