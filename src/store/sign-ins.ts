/** Logins under way, sessions, one-time ids and the traces of sign-ins. */
import { fold } from "../model/fold.js";
import { grouped } from "../model/grouped.js";
import type { ConnectionId, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import type { KnownAs, PendingLogin, SessionRow, SignInReader, SignInWriter } from "../provisioning/ports/sign-ins.js";
import { bigint, text } from "./dialect.js";
import type { Scope } from "./scope.js";
import { type Fragment, insertion, join, NOTHING, one, sql, verbatim } from "./sql.js";
import { fromJson, given, page, toInstant, toJson, toMillis } from "./values.js";

interface PendingColumns {
  readonly state_hash: string;
  readonly connection_id: string;
  readonly browser_hash: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly return_to: string | null;
  readonly expires_at: number;
}

interface EndedColumns {
  readonly subject: string;
  readonly idp_session: string | null;
  readonly sealed_hint: string | null;
}

interface TraceColumns {
  readonly connection_id: string;
  readonly at: number;
  readonly outcome: string;
  readonly user_id: string | null;
  readonly detail: string;
}

const PENDING = verbatim("state_hash, connection_id, browser_hash, nonce, verifier, return_to, expires_at");

function pendingLoginOf(row: PendingColumns): PendingLogin {
  return {
    stateHash: row.state_hash,
    connection: row.connection_id as ConnectionId,
    browserHash: row.browser_hash,
    nonce: row.nonce,
    verifier: row.verifier,
    ...given("returnTo", row.return_to),
    expiresAt: toInstant(row.expires_at),
  };
}

export function signInReader({ tenant, sql: db }: Scope): SignInReader {
  return {
    async signInTrace(reference) {
      const row = await one<TraceColumns>(
        db,
        sql`select connection_id, at, outcome, user_id, detail from sign_in_traces
          where tenant_id = ${tenant} and reference = ${reference}`,
      );
      return (
        row && {
          reference,
          connection: row.connection_id as ConnectionId,
          at: toInstant(row.at),
          outcome: row.outcome,
          ...given("user", row.user_id as UserId | null),
          detail: fromJson<JsonObject>(row.detail),
        }
      );
    },
    async pendingLogin(stateHash) {
      const here = sql`tenant_id = ${tenant} and state_hash = ${stateHash}`;
      const row = await one<PendingColumns>(db, sql`select ${PENDING} from pending_logins where ${here}`);
      return row && pendingLoginOf(row);
    },
    async sessions({ user, connection, limit, after, ...alive }) {
      const wanted: Fragment[] = [
        sql`s.ended_at is null and s.expires_at > ${toMillis(alive.now)}`,
        sql`s.last_seen_at > ${toMillis(alive.usedAfter)} and s.created_at > ${toMillis(alive.openedAfter)}`,
      ];
      if (user !== undefined) wanted.push(sql`s.user_id = ${user}`);
      if (connection !== undefined) wanted.push(sql`s.connection_id = ${connection}`);
      if (after !== undefined) wanted.push(sql`s.id > ${after}`);
      const rows = await db.all<ListedColumns>(
        sql`select s.id, s.user_id, u.user_name, s.connection_id, s.created_at, s.last_seen_at, s.expires_at, s.address,
            s.browser
          from sessions s
          join users u on u.tenant_id = s.tenant_id and u.id = s.user_id and u.session_epoch = s.epoch
            and u.status = 'registered'
          join connections c on c.tenant_id = s.tenant_id and c.id = s.connection_id and c.disabled_at is null
          where s.tenant_id = ${tenant} and ${join(wanted, " and ")} order by s.id limit ${limit + 1}`,
      );
      return page(rows, limit, sessionOf, (row) => row.id);
    },
  };
}

interface ListedColumns {
  readonly id: string;
  readonly user_id: string;
  readonly user_name: string;
  readonly connection_id: string;
  readonly created_at: number;
  readonly last_seen_at: number;
  readonly expires_at: number;
  readonly address: string | null;
  readonly browser: string | null;
}

function sessionOf(row: ListedColumns): SessionRow {
  return {
    id: row.id,
    user: { id: row.user_id as UserId, userName: row.user_name },
    connection: row.connection_id as ConnectionId,
    createdAt: toInstant(row.created_at),
    lastSeenAt: toInstant(row.last_seen_at),
    expiresAt: toInstant(row.expires_at),
    ...given("address", row.address),
    ...given("browser", row.browser),
  };
}

export function signInWriter(scope: Scope): SignInWriter {
  const { tenant, sql: db, dialect, newId } = scope;
  const endSessions = (where: Fragment, now: string): Promise<number> =>
    db.run(
      sql`update sessions set ended_at = ${toMillis(now)} where tenant_id = ${tenant} and ended_at is null and ${where}`,
    );
  /** Neither run out nor ended with all of the person's: no later change of settings brings it back. */
  const mayLive = (now: string): Fragment =>
    sql`ended_at is null and expires_at > ${toMillis(now)} and epoch = (
      select u.session_epoch from users u where u.tenant_id = sessions.tenant_id and u.id = sessions.user_id)`;
  /** INVARIANT: who opens a session and who ends some of the connection see what the other has written, in whichever order. */
  const holdOff = async (connection: ConnectionId, lock: Fragment): Promise<void> => {
    if (dialect.name === "sqlite") return;
    await db.all(sql`select id from connections where tenant_id = ${tenant} and id = ${connection}${lock}`);
  };
  return {
    async insertPendingLogin(login) {
      const columns = {
        ...{ tenant_id: tenant, state_hash: login.stateHash, connection_id: login.connection, nonce: login.nonce },
        ...{ browser_hash: login.browserHash, verifier: login.verifier, return_to: login.returnTo ?? null },
      };
      await db.run(insertion("pending_logins", { ...columns, expires_at: toMillis(login.expiresAt) }));
    },
    async takePendingLogin(stateHash) {
      const row = await one<PendingColumns>(
        db,
        sql`delete from pending_logins where tenant_id = ${tenant} and state_hash = ${stateHash} returning ${PENDING}`,
      );
      return row && pendingLoginOf(row);
    },
    async knowsSubjects(connection) {
      const here = sql`tenant_id = ${tenant} and connection_id = ${connection}`;
      const found = await one(
        db,
        sql`select 1 as known where exists (select 1 from directory_users where ${here} and subject is not null and deleted_at is null)
          or exists (select 1 from directory_users where ${here} and subject is not null and deleted_at is not null)
          or exists (select 1 from kept_out where ${here})`,
      );
      return found !== undefined;
    },
    async sessionEpoch(connection, subject, gone) {
      const rowOf = (which: Fragment) =>
        one<{ readonly id: UserId; readonly epoch: number }>(
          db,
          sql`select u.id, u.session_epoch as epoch from directory_users d
            join identity_links l on l.tenant_id = d.tenant_id and l.directory_user_id = d.id and l.ended_at is null
            join users u on u.tenant_id = l.tenant_id and u.id = l.user_id
            where d.tenant_id = ${tenant} and d.connection_id = ${connection} and d.subject = ${subject} and ${which}`,
        );
      const living = await rowOf(sql`d.deleted_at is null`);
      const deleted = sql`d.deleted_at is not null and u.id = ${gone ?? null} limit 1`;
      const row = living ?? (gone === undefined ? undefined : await rowOf(deleted));
      return row && { user: row.id, epoch: Number(row.epoch) };
    },
    async insertSession(session, now) {
      const at = bigint(toMillis(now));
      await holdOff(session.connection, dialect.share("connections"));
      const account = sql`u.tenant_id = ${tenant} and u.id = ${session.user} and u.status = 'registered'`;
      const connection = sql`exists (select 1 from connections c where c.tenant_id = ${tenant} and c.id = ${session.connection}
        and c.disabled_at is null)`;
      const unmarked = (session.ended ?? []).map(
        ({ marks, after }) =>
          sql` and not exists (select 1 from one_time_ids o where o.tenant_id = ${tenant} and o.connection_id = ${session.connection}
            and o.id in ${dialect.list(marks)} and o.expires_at > ${bigint(toMillis(after))})`,
      );
      const inserted = await db.run(
        sql`insert into sessions (tenant_id, id, hash, user_id, connection_id, subject, idp_session, sealed_hint, epoch, created_at,
            last_seen_at, expires_at, address, browser)
          select u.tenant_id, ${text(newId())}, ${text(session.hash)}, u.id, ${text(session.connection)},
            ${text(session.subject)}, ${text(session.idpSession ?? null)}, ${text(session.sealedHint ?? null)}, u.session_epoch, ${at}, ${at},
            ${bigint(toMillis(session.expiresAt))}, ${text(session.address ?? null)}, ${text(session.browser ?? null)}
          from users u where ${account} and u.session_epoch = ${session.epoch} and ${connection}${join(unmarked, "")}`,
      );
      if (inserted > 0) return undefined;
      const isThere = await one(db, sql`select 1 as there where ${connection}`);
      if (isThere === undefined) return "connection";
      const isActive = await one(db, sql`select 1 as active from users u where ${account}`);
      return isActive === undefined ? "account" : "sessions";
    },
    async touchSession(hash, now) {
      await db.run(
        sql`update sessions set last_seen_at = ${toMillis(now)} where tenant_id = ${tenant} and hash = ${hash}`,
      );
    },
    async endSession(hash, now) {
      const row = await one<EndedColumns>(
        db,
        sql`update sessions set ended_at = ${toMillis(now)} where tenant_id = ${tenant} and ended_at is null
          and hash = ${hash} returning subject, idp_session, sealed_hint`,
      );
      return (
        row && {
          subject: row.subject,
          ...given("idpSession", row.idp_session),
          ...given("sealedHint", row.sealed_hint),
        }
      );
    },
    endSessionsOf: (user, now, except = "") => endSessions(sql`user_id = ${user} and id <> ${except}`, now),
    async endSessionById(id, user, now) {
      const mine = user === undefined ? NOTHING : sql` and user_id = ${user}`;
      const row = await one<{ readonly user_id: string }>(
        db,
        sql`update sessions set ended_at = ${toMillis(now)} where tenant_id = ${tenant} and ${mayLive(now)}
          and id = ${id}${mine} returning user_id`,
      );
      return row && (row.user_id as UserId);
    },
    usersKnownAs: (connection, known) => usersKnownAs(scope, connection, known),
    async endIdpSessions(connection, { subject, idpSession }, now) {
      const named: Fragment[] = [];
      if (subject !== undefined) named.push(sql`subject = ${subject}`);
      if (idpSession !== undefined) {
        const unnamed = subject === undefined ? NOTHING : sql` or idp_session is null`;
        named.push(sql`(idp_session = ${idpSession}${unnamed})`);
      }
      if (named.length === 0) return [];
      await holdOff(connection, dialect.lock());
      const rows = await db.all<{ readonly user_id: string }>(
        sql`update sessions set ended_at = ${toMillis(now)} where tenant_id = ${tenant} and ${mayLive(now)}
          and connection_id = ${connection} and ${join(named, " and ")} returning user_id`,
      );
      const byUser = grouped(rows, (row) => row.user_id as UserId);
      return [...byUser].map(([user, { length }]) => ({ user, sessions: length }));
    },
    async insertSignInTrace(trace) {
      const columns = {
        ...{ tenant_id: tenant, reference: trace.reference, connection_id: trace.connection, at: toMillis(trace.at) },
        ...{ outcome: trace.outcome, user_id: trace.user ?? null, detail: toJson(trace.detail) },
      };
      await db.run(insertion("sign_in_traces", columns));
    },
    async updateSignInTrace(reference, { outcome, detail }) {
      await db.run(
        sql`update sign_in_traces set outcome = ${outcome}, detail = ${toJson(detail)}
          where tenant_id = ${tenant} and reference = ${reference}`,
      );
    },
    async rememberOnce(connection, id, expiresAt) {
      const columns = { tenant_id: tenant, connection_id: connection, id, expires_at: toMillis(expiresAt) };
      return (await db.run(sql`${insertion("one_time_ids", columns)} on conflict do nothing`)) > 0;
    },
    async remembers(connection, id) {
      const here = sql`tenant_id = ${tenant} and connection_id = ${connection} and id = ${id}`;
      return (await one(db, sql`select 1 as known from one_time_ids where ${here}`)) !== undefined;
    },
    async markUntil(connection, id, until) {
      const columns = { tenant_id: tenant, connection_id: connection, id, expires_at: toMillis(until) };
      await db.run(
        sql`${insertion("one_time_ids", columns)} on conflict (tenant_id, connection_id, id)
          do update set expires_at = excluded.expires_at where one_time_ids.expires_at < excluded.expires_at`,
      );
    },
  };
}

async function usersKnownAs(
  { tenant, sql: db, dialect }: Scope,
  connection: ConnectionId,
  known: KnownAs,
): Promise<readonly UserId[]> {
  const [ids, names] = [dialect.list(known.ids), dialect.list(known.names)];
  const by = (values: Fragment, table: string, key: string, where: string): Fragment =>
    dialect.each(values, {
      ...{ table, as: "k", key },
      where: sql`k.tenant_id = ${tenant} and k.connection_id = ${connection} and ${verbatim(where)}`,
    });
  const linked = (key: string, values: Fragment): Fragment =>
    sql`select l.user_id ${dialect.each(sql`(${values})`, {
      ...{ table: "identity_links", as: "l", key },
      where: sql`l.tenant_id = ${tenant} and l.connection_id = ${connection} and l.ended_at is null`,
    })}`;
  const rowsFound = [
    sql`select k.id ${by(ids, "directory_users", "subject", "k.deleted_at is null and k.subject is not null")}`,
    sql`select k.id ${by(ids, "directory_users", "external_id", "k.deleted_at is null and k.external_id is not null")}`,
    sql`select k.id ${by(names, "directory_users", "user_name_ascii", "k.deleted_at is null")}`,
    sql`select k.directory_user_id ${by(ids, "sign_in_names", "name", "k.kind = 'id'")}`,
    sql`select k.directory_user_id ${by(names, "sign_in_names", "name", "k.kind <> 'id'")}`,
  ];
  const addressed = dialect.each(dialect.list(known.names.map(fold)), {
    ...{ table: "users", as: "u", key: "email_folded" },
    where: sql`u.tenant_id = ${tenant}`,
  });
  const rows = await db.all<{ readonly user_id: string }>(
    sql`${linked("directory_user_id", join(rowsFound, " union all "))}
      union
      select k.user_id ${by(ids, "sessions", "subject", "k.ended_at is null")}
      union
      ${linked("user_id", sql`select u.id ${addressed}`)}`,
  );
  return rows.map((row) => row.user_id as UserId).sort();
}
