/** People of the directory ledger who are known by sign-in alone: whom a push may mean, what they are called, and where their row ends. */
import { asciiLower } from "../model/fold.js";
import { grouped } from "../model/grouped.js";
import type { ConnectionId, DirectoryUserId } from "../model/ids.js";
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
    signedInAlone: (connection, names, ever) => signedInAlone(scope, connection, names, ever),
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
  const { tenant, dialect } = scope;
  if (externalIds.length + userNames.length + ever.length === 0) return [];
  const ids = dialect.list(externalIds);
  const found = sql`select id from directory_users where tenant_id = ${tenant} and connection_id = ${connection}
      and subject in ${ids} and subject is not null and deleted_at is null
    union all
    select directory_user_id from sign_in_names where tenant_id = ${tenant} and connection_id = ${connection}
      and name in ${ids} and kind = 'id'
    union all
    select directory_user_id from sign_in_names where tenant_id = ${tenant} and connection_id = ${connection}
      and name in ${dialect.list(userNames.map(asciiLower))} and kind <> 'id'${everCalled(scope, connection, ever)}`;
  const rows = await candidates(
    scope,
    sql`u.scim_resource is null and u.subject is not null and u.deleted_at is null and ${dialect.amongFew(found, ...ROW_KEYS)}`,
  );
  return withNames(scope, rows);
}

/** Rows that a sign-in called as these rows were called once, by pushes or by their own sign-ins, and as nobody else there is called now. */
function everCalled({ tenant, dialect }: Scope, connection: ConnectionId, ever: readonly DirectoryUserId[]): Fragment {
  if (ever.length === 0) return NOTHING;
  const names = ["former_names", "sign_in_names"].map(
    (table) => sql`select e.kind, e.name from ${verbatim(table)} e
      where e.tenant_id = ${tenant} and e.directory_user_id in ${dialect.list(ever)} and e.kind <> 'seen'
        and not exists (select 1 from directory_users h where h.tenant_id = ${tenant} and h.connection_id = ${connection}
          and h.deleted_at is null and h.scim_resource is not null and h.scim_active and h.id <> e.directory_user_id
          and ((e.kind = 'id' and h.external_id = e.name) or (e.kind <> 'id' and h.user_name_ascii = e.name)))`,
  );
  const called = sql`(${join(names, " union ")}) as e`;
  return sql` union all
    select s.id from ${called} join directory_users s on s.tenant_id = ${tenant} and s.connection_id = ${connection}
      and s.subject = e.name and s.subject is not null and s.deleted_at is null where e.kind = 'id'
    union all
    select n.directory_user_id from ${called} join sign_in_names n on n.tenant_id = ${tenant} and n.connection_id = ${connection}
      and n.name = e.name and (n.kind = 'id') = (e.kind = 'id')`;
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
