/** The brake's memory: buckets, announced changes, and the people it holds. */
import type { ConnectionId, RunId, UserId } from "../model/ids.js";
import type { HeldReason } from "../model/person.js";
import type { AccessReader, AccessWriter } from "../provisioning/ports/access.js";
import type { RunReader } from "../provisioning/ports/runs.js";
import { bigint } from "./dialect.js";
import type { Scope } from "./scope.js";
import { one, sql, verbatim } from "./sql.js";
import { toInstant, toJson, toMillis } from "./values.js";

type BrakeReader = Pick<AccessReader, "brakeState"> & Pick<RunReader, "heldPeople" | "heldIn" | "heldReasons">;
type BrakeWriter = Pick<
  AccessWriter,
  "putBucket" | "putExpectation" | "useExpectation" | "hold" | "moveHolds" | "dissolveHolds" | "discardHolds"
>;

interface HeldColumns {
  readonly user_id: string;
  readonly user_name: string;
  readonly reason: string;
  readonly detail: string;
  readonly held_at: number;
  readonly seq: number;
}

interface BrakeColumns {
  readonly registered_synced: number | null;
  readonly held: number;
  readonly tokens: number | null;
  readonly updated_at: number | null;
  readonly uses_left: number | null;
  readonly until_at: number | null;
}

export function brakeReader({ tenant, sql: db, dialect }: Scope): BrakeReader {
  return {
    async brakeState(connection, kind) {
      const at = sql`tenant_id = ${tenant} and connection_id = ${connection}`;
      const bucket = sql`from brake_buckets where ${at} and kind = ${kind}`;
      const row = await one<BrakeColumns>(
        db,
        sql`select (select registered_synced from connection_counters where ${at}) as registered_synced,
          (select count(*) from runs r
            join held_people h on h.tenant_id = r.tenant_id and h.run_number = r.number and h.status = 'held'
            where r.tenant_id = ${tenant} and r.connection_id = ${connection} and r.status = 'held'
              and h.reason in ('brake_deactivations', 'brake_access')) as held,
          (select tokens ${bucket}) as tokens, (select updated_at ${bucket}) as updated_at,
          (select uses_left from expectations where ${at}) as uses_left,
          (select until_at from expectations where ${at}) as until_at`,
      );
      const { registered_synced, held = 0, tokens = null, updated_at, uses_left = null, until_at } = row ?? {};
      return {
        registeredSynced: registered_synced ?? 0,
        held,
        ...(tokens !== null && { bucket: { tokens, updatedAt: toInstant(Number(updated_at)) } }),
        ...(uses_left !== null && { expectation: { left: uses_left, until: toInstant(Number(until_at)) } }),
      };
    },
    async heldReasons(runs) {
      if (runs.length === 0) return [];
      const asked = dialect.rows(
        { run: "bigint" },
        runs.map((run) => ({ run })),
      );
      const rows = await db.all<{ readonly run: number; readonly reason: string; readonly people: number }>(
        sql`select r.run, h.reason, count(*) as people from ${asked} as r
          join held_people h on h.tenant_id = ${tenant} and h.run_number = r.run and h.status = 'held'
          group by r.run, h.reason order by r.run, h.reason`,
      );
      return rows.map(({ run, reason, people }) => ({ run: run as RunId, reason: reason as HeldReason, people }));
    },
    async heldIn(run, except) {
      const row = await one<{ readonly count: number }>(
        db,
        sql`select count(*) as count from held_people
          where tenant_id = ${tenant} and run_number = ${run} and status = 'held' and user_id not in ${dialect.list(except)}`,
      );
      return row?.count ?? 0;
    },
    async heldPeople(run, { afterSeq, limit }) {
      const rows = await db.all<HeldColumns>(
        sql`select h.user_id, u.user_name, h.reason, h.detail, h.held_at, h.seq from held_people h
          join users u on u.tenant_id = h.tenant_id and u.id = h.user_id
          where h.tenant_id = ${tenant} and h.run_number = ${run} and h.status = 'held' and h.seq > ${afterSeq}
          order by h.seq limit ${limit}`,
      );
      return rows.map((row) => ({
        user: row.user_id as UserId,
        userName: row.user_name,
        reason: row.reason as HeldReason,
        detail: row.detail,
        heldAt: toInstant(row.held_at),
        seq: row.seq,
      }));
    },
  };
}

export function brakeWriter(scope: Scope): BrakeWriter {
  const { tenant, sql: db, dialect } = scope;
  return {
    async putBucket(connection, kind, { tokens, updatedAt }) {
      await db.send(
        sql`insert into brake_buckets (tenant_id, connection_id, kind, tokens, updated_at)
          values (${tenant}, ${connection}, ${kind}, ${tokens}, ${toMillis(updatedAt)})
          on conflict (tenant_id, connection_id, kind)
          do update set tokens = excluded.tokens, updated_at = excluded.updated_at`,
      );
    },
    async putExpectation(connection: ConnectionId, max, until) {
      await db.run(
        sql`insert into expectations (tenant_id, connection_id, uses_left, until_at)
          values (${tenant}, ${connection}, ${max}, ${toMillis(until)})
          on conflict (tenant_id, connection_id) do update set uses_left = excluded.uses_left, until_at = excluded.until_at`,
      );
    },
    async useExpectation(connection, n) {
      await db.send(
        sql`update expectations set uses_left = case when uses_left > ${n} then uses_left - ${n} else 0 end
          where tenant_id = ${tenant} and connection_id = ${connection}`,
      );
    },
    async hold(run, people, now) {
      if (people.length === 0) return;
      const counted = await one<{ readonly held_seq: number }>(
        db,
        sql`update runs set held_seq = held_seq + ${people.length} where tenant_id = ${tenant} and number = ${run}
          returning held_seq`,
      );
      const before = (counted?.held_seq ?? people.length) - people.length;
      const rows = dialect.rows(
        { id: "text", facts: "bigint", reason: "text", detail: "text", losses: "text" },
        people.map(({ user, factsVersion, reason, detail, losses = [] }) => ({
          id: user,
          facts: factsVersion,
          reason,
          detail,
          losses: toJson(losses),
        })),
      );
      // who waits in the run already keeps the place: a release that names a later one still means them
      await db.run(
        sql`insert into held_people (tenant_id, user_id, run_number, seq, status, facts_version, reason, detail, losses,
            held_at)
          select ${bigint(tenant)}, r.id, ${bigint(run)}, ${bigint(before)} + r.ordinal + 1, 'held', r.facts, r.reason,
            r.detail, ${dialect.json(verbatim("r.losses"))}, ${bigint(toMillis(now))}
          from ${rows} as r where true
          on conflict (tenant_id, user_id) do update set
            seq = case when held_people.run_number = excluded.run_number and held_people.status = 'held'
              then held_people.seq else excluded.seq end,
            held_at = case when held_people.run_number = excluded.run_number and held_people.status = 'held'
              then held_people.held_at else excluded.held_at end,
            run_number = excluded.run_number, status = 'held', facts_version = excluded.facts_version,
            reason = excluded.reason, detail = excluded.detail, losses = excluded.losses
          where not (held_people.run_number = excluded.run_number and held_people.status = 'discarded')`,
      );
    },
    async moveHolds(from, to, except) {
      const added = sql`(select o.held_seq from runs o where o.tenant_id = ${tenant} and o.number = ${from})`;
      const counted = await one<{ readonly held_seq: number; readonly added: number }>(
        db,
        sql`update runs set held_seq = held_seq + ${added} where tenant_id = ${tenant} and number = ${to}
          returning held_seq, ${added} as added`,
      );
      const before = (counted?.held_seq ?? 0) - (counted?.added ?? 0);
      return db.run(
        sql`update held_people set run_number = ${bigint(to)}, seq = seq + ${bigint(before)}
          where tenant_id = ${tenant} and run_number = ${from} and status = 'held' and user_id not in ${dialect.list(except)}`,
      );
    },
    async dissolveHolds(ids) {
      if (ids.length === 0) return;
      await db.run(sql`delete from held_people where tenant_id = ${tenant} and user_id in ${dialect.list(ids)}`);
    },
    async discardHolds(run: RunId) {
      return db.run(
        sql`update held_people set status = 'discarded', facts_version = (select u.facts_version from users u
            where u.tenant_id = held_people.tenant_id and u.id = held_people.user_id)
          where tenant_id = ${tenant} and run_number = ${run} and status = 'held'`,
      );
    },
  };
}
