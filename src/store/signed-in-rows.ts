/** People of the directory ledger who are known by sign-in alone: whom a push may mean, what they are called, and where their row ends. */
import { asciiLower, fold } from "../model/fold.js";
import { grouped } from "../model/grouped.js";
import type { ConnectionId, DirectoryUserId } from "../model/ids.js";
import type { LinkCandidate, SignInName } from "../provisioning/ports/directory-writer.js";
import type { AskedNames, SignedInReader, SignedInRow, SignedInWriter } from "../provisioning/ports/signed-in.js";
import { bigint } from "./dialect.js";
import { CANDIDATE_COLUMNS, type CandidateColumns, candidateOf, candidatesAmong } from "./directory-rows.js";
import type { Scope } from "./scope.js";
import { type Fragment, join, NOTHING, sql, verbatim } from "./sql.js";
import { toMillis } from "./values.js";

interface NameColumns extends SignInName {
  readonly id: DirectoryUserId;
}

export function signedInReader(scope: Scope): SignedInReader {
  const { sql: db } = scope;
  return {
    async doubles(connection) {
      const pairs = await db.all<DoubleColumns>(
        sql`${doublesBySubject(scope, connection)}
          union
          ${doublesByName(scope, connection, "external_id", "n.kind = 'id'")}
          union
          ${doublesByName(scope, connection, "user_name_ascii", "n.kind <> 'id'")}
          order by by_name, pushed, signed_in`,
      );
      if (pairs.length === 0) return [];
      const ofIds = (ids: readonly string[]) => candidates(scope, scope.dialect.list([...new Set(ids)]));
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

function inConnection({ tenant }: Scope, connection: ConnectionId, as: string, where: string): Fragment {
  const [tenantOf, connectionOf] = [verbatim(`${as}.tenant_id`), verbatim(`${as}.connection_id`)];
  return sql`${tenantOf} = ${tenant} and ${connectionOf} = ${connection} and ${verbatim(where)}`;
}

const ALONE = "s.deleted_at is null and s.scim_resource is null and s.subject is not null";
const PUSHED = "p.deleted_at is null and p.scim_resource is not null";

function doublesBySubject(scope: Scope, connection: ConnectionId): Fragment {
  const alone = inConnection(scope, connection, "s", ALONE);
  const found = scope.dialect.each(
    sql`(select s.subject from directory_users s where ${alone})`,
    { table: "directory_users", as: "s", key: "subject", where: alone },
    { table: "directory_users", as: "p", key: "external_id", where: inConnection(scope, connection, "p", PUSHED) },
  );
  return sql`select p.id as pushed, s.id as signed_in, 0 as by_name ${found}`;
}

function doublesByName(scope: Scope, connection: ConnectionId, key: string, kind: string): Fragment {
  const { dialect } = scope;
  const called = inConnection(scope, connection, "n", kind);
  const found = dialect.each(
    sql`(select n.name from sign_in_names n where ${called})`,
    { table: "sign_in_names", as: "n", key: "name", where: called },
    { table: "directory_users", as: "p", key, where: inConnection(scope, connection, "p", PUSHED) },
  );
  const alone = {
    table: "directory_users",
    as: "s",
    key: "id",
    where: sql`s.tenant_id = ${scope.tenant}`,
    besides: verbatim(ALONE),
  };
  const byName = verbatim(key === "external_id" ? "0" : "1");
  return sql`select p.id, n.directory_user_id, ${byName} ${found} and ${dialect.finds(verbatim("n.directory_user_id"), alone)}`;
}

/** Of `directory_users u`. */
export async function candidates(scope: Scope, ids: Fragment, where = verbatim("true")): Promise<LinkCandidate[]> {
  const rows = await scope.sql.all<CandidateColumns>(
    sql`select ${CANDIDATE_COLUMNS} ${candidatesAmong(scope, ids)} and ${where} order by u.id`,
  );
  return rows.map(candidateOf);
}

export async function withNames(scope: Scope, rows: readonly LinkCandidate[]): Promise<readonly SignedInRow[]> {
  if (rows.length === 0) return [];
  const names = await namesOfRows(
    scope,
    rows.map(({ id }) => id),
  );
  return rows.flatMap((row) => {
    const { subject } = row;
    return subject === undefined ? [] : [{ ...row, subject, names: names.get(row.id) ?? [] }];
  });
}

/** What the latest sign-in of each row called the person. */
export async function namesOfRows(
  { tenant, sql: db, dialect }: Scope,
  ids: readonly DirectoryUserId[],
): Promise<ReadonlyMap<DirectoryUserId, readonly SignInName[]>> {
  const called = await db.all<NameColumns>(
    sql`select directory_user_id as id, kind, name from sign_in_names
      where tenant_id = ${tenant} and directory_user_id in ${dialect.list(ids)}`,
  );
  return new Map(
    [...grouped(called, ({ id }) => id)].map(([id, names]) => [id, names.map(({ kind, name }) => ({ kind, name }))]),
  );
}

const IS_ALONE = verbatim("u.scim_resource is null and u.subject is not null and u.deleted_at is null");

export function signedInWriter(scope: Scope): SignedInWriter {
  const { tenant, sql: db, dialect } = scope;
  return {
    signedInAlone: (connection, names, ever) => signedInAlone(scope, connection, names, ever),
    async signedInNow(connection) {
      const open = sql`(select d.id from sessions o join directory_users d on d.tenant_id = o.tenant_id
          and d.connection_id = o.connection_id and d.subject = o.subject
        where o.tenant_id = ${tenant} and o.connection_id = ${connection} and o.ended_at is null)`;
      return withNames(scope, await candidates(scope, open, verbatim("u.deleted_at is null")));
    },
    signInNames: (id) => signInNames(scope, id),
    keepSignInNames: (id, names) => keepSignInNames(scope, id, names),
    async moveSignInNames(from, to) {
      const ofRow = (id: DirectoryUserId) => sql`tenant_id = ${tenant} and directory_user_id = ${id}`;
      await rememberSignInNames(scope, to);
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
  ever: readonly DirectoryUserId[] = [],
): Promise<readonly SignedInRow[]> {
  if (externalIds.length + userNames.length + ever.length === 0) return [];
  const ids = scope.dialect.list(externalIds);
  const names = scope.dialect.list([...new Set(userNames.flatMap((name) => [asciiLower(name), fold(name)]))]);
  const found = sql`(${calledAs(scope, connection, ids, names)}${everCalled(scope, connection, ever)})`;
  return withNames(scope, await candidates(scope, found, IS_ALONE));
}

/** Ids of rows that a sign-in called by one of these ids or names, which are subqueries in brackets. */
function calledAs(scope: Scope, connection: ConnectionId, ids: Fragment, names: Fragment): Fragment {
  return sql`${calledBy(scope, connection, ids)}
    union all
    ${named(scope, connection, names, "n.kind <> 'id'")}`;
}

/** The same by ids alone. */
export function calledBy(scope: Scope, connection: ConnectionId, ids: Fragment): Fragment {
  return sql`${signedInBy(scope, connection, ids)}
    union all
    ${named(scope, connection, ids, "n.kind = 'id'")}`;
}

function named(scope: Scope, connection: ConnectionId, names: Fragment, kinds: string): Fragment {
  const where = inConnection(scope, connection, "n", kinds);
  return sql`select n.directory_user_id ${scope.dialect.each(names, { table: "sign_in_names", as: "n", key: "name", where })}`;
}

function signedInBy(scope: Scope, connection: ConnectionId, subjects: Fragment): Fragment {
  const where = inConnection(scope, connection, "s", "s.subject is not null and s.deleted_at is null");
  return sql`select s.id ${scope.dialect.each(subjects, { table: "directory_users", as: "s", key: "subject", where })}`;
}

/**
 * Rows that a sign-in called as the accounts of these rows were called once, in any of their rows there, by pushes or by their own
 * sign-ins, and as nobody else there is called now; and those that were refused for one of these before.
 */
function everCalled(scope: Scope, connection: ConnectionId, ever: readonly DirectoryUserId[]): Fragment {
  if (ever.length === 0) return NOTHING;
  const { tenant, dialect } = scope;
  const theirs = verbatim("(select id from theirs)");
  const held = (name: string, key: string) =>
    dialect.finds(verbatim(name), {
      ...{ table: "directory_users", as: "h", key },
      where: sql`h.tenant_id = ${tenant} and h.connection_id = ${connection} and h.deleted_at is null
        and h.scim_resource is not null and h.scim_active and h.id not in ${dialect.list(ever)}`,
    });
  const names = ["former_names", "sign_in_names"].map((table) => {
    const where = sql`e.tenant_id = ${tenant} and e.kind <> 'seen'`;
    return sql`select e.kind, e.name ${dialect.each(theirs, { table, as: "e", key: "directory_user_id", where })}`;
  });
  const last = ["'id', external_id", "'id', subject", "'name', user_name_folded"].map((name) =>
    verbatim(`select ${name} from theirs where deleted_at is not null`),
  );
  const free = (kinds: string, key: string) =>
    sql`(select e.name from called e where e.name is not null and ${verbatim(kinds)} and not ${held("e.name", key)})`;
  const [ids, userNames] = [free("e.kind = 'id'", "external_id"), free("e.kind <> 'id'", "user_name_ascii")];
  const where = inConnection(scope, connection, "o", "not o.not_them");
  const refused = dialect.each(theirs, { table: "kept_out", as: "o", key: "kept_by", where });
  return sql` union all select id from (
    with theirs as (${rowsOfAccounts(scope, connection, ever)}),
    called (kind, name) as (${join([...names, ...last], " union ")})
    ${calledAs(scope, connection, ids, userNames)}
    union all ${signedInBy(scope, connection, sql`(select o.subject ${refused})`)}) as met`;
}

/** All rows that the accounts of these have there, but for deleted ones that keep nobody out. */
function rowsOfAccounts(
  { tenant, dialect }: Scope,
  connection: ConnectionId,
  rows: readonly DirectoryUserId[],
): Fragment {
  const links = (as: string, key: string) => {
    const where = sql`${verbatim(`${as}.tenant_id`)} = ${tenant} and ${verbatim(`${as}.ended_at`)} is null`;
    return { table: "identity_links", as, key, where };
  };
  const accounts = sql`(select a.user_id ${dialect.each(dialect.list(rows), links("a", "directory_user_id"))})`;
  const ids = sql`(select l.directory_user_id ${dialect.each(accounts, links("l", "user_id"))})`;
  const where = sql`d.tenant_id = ${tenant} and d.connection_id = ${connection} and (d.deleted_at is null or d.keeps_out)`;
  const found = dialect.each(ids, { table: "directory_users", as: "d", key: "id", where });
  return sql`select d.id, d.external_id, d.subject, d.user_name_folded, d.deleted_at ${found}`;
}

function signInNames({ tenant, sql: db }: Scope, id: DirectoryUserId): Promise<readonly SignInName[]> {
  return db.all<SignInName>(
    sql`select kind, name from sign_in_names where tenant_id = ${tenant} and directory_user_id = ${id}`,
  );
}

/** INVARIANT: what a pushed person's own sign-ins called them stays theirs: another sign-in under it is no way around a deactivation. */
async function rememberSignInNames({ tenant, sql: db }: Scope, id: DirectoryUserId): Promise<void> {
  await db.run(
    sql`insert into former_names (tenant_id, directory_user_id, connection_id, kind, name)
      select distinct n.tenant_id, n.directory_user_id, u.connection_id, case when n.kind = 'id' then 'id' else 'name' end, n.name
      from sign_in_names n join directory_users u on u.tenant_id = n.tenant_id and u.id = n.directory_user_id
        and u.scim_resource is not null
      where n.tenant_id = ${tenant} and n.directory_user_id = ${id} and n.kind <> 'seen' on conflict do nothing`,
  );
}

async function keepSignInNames(scope: Scope, id: DirectoryUserId, names: readonly SignInName[]): Promise<void> {
  const { tenant, sql: db } = scope;
  const before = await signInNames(scope, id);
  const isKept = (one: SignInName) => before.some(({ kind, name }) => kind === one.kind && name === one.name);
  if (before.length === names.length && names.every(isKept)) return;
  if (before.length > 0) await rememberSignInNames(scope, id);
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
