/** The audit and the outbox: appended inside the transactions they speak of, published in order afterwards. */
import type { RunId, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import type { Actor, AuditEntry, Door, JournalReader, JournalWriter } from "../provisioning/ports/journal.js";
import { bigint, type RowType } from "./dialect.js";
import type { Scope } from "./scope.js";
import { NOTHING, sql, verbatim } from "./sql.js";
import { nextCount } from "./tenant-counters.js";
import { fromJson, given, page, toInstant, toJson, toMillis } from "./values.js";

interface AuditColumns {
  readonly id: string;
  readonly at: number;
  readonly actor_kind: string;
  readonly actor_id: string | null;
  readonly actor_label: string | null;
  readonly door: string;
  readonly action: string;
  readonly user_id: string | null;
  readonly run_number: number | null;
  readonly request_id: string | null;
  readonly detail: string;
}

interface EventColumns {
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly user_id: string | null;
  readonly data: string;
  readonly created_at: number;
}

function entryOf(row: AuditColumns): AuditEntry & { readonly id: string } {
  return {
    id: row.id,
    at: toInstant(row.at),
    actor: {
      kind: row.actor_kind as Actor["kind"],
      ...given("id", row.actor_id),
      ...given("label", row.actor_label),
    },
    door: row.door as Door,
    action: row.action,
    ...given("user", row.user_id as UserId | null),
    ...given("run", row.run_number as RunId | null),
    ...given("requestId", row.request_id),
    detail: fromJson<JsonObject>(row.detail),
  };
}

export function journalReader({ tenant, sql: db }: Scope): JournalReader {
  return {
    async audit({ after, limit, user, action }) {
      const below = after === undefined ? NOTHING : sql` and id < ${after}`;
      const ofUser = user === undefined ? NOTHING : sql` and user_id = ${user}`;
      const ofAction = action === undefined ? NOTHING : sql` and action = ${action}`;
      const rows = await db.all<AuditColumns>(
        sql`select id, at, actor_kind, actor_id, actor_label, door, action, user_id, run_number, request_id, detail
          from audit_entries where tenant_id = ${tenant}${below}${ofUser}${ofAction} order by id desc limit ${limit + 1}`,
      );
      return page(rows, limit, entryOf, (row) => row.id);
    },
    async events({ after, limit }) {
      const rows = await db.all<EventColumns>(
        sql`select position, id, type, user_id, data, created_at from outbox_events
          where tenant_id = ${tenant} and position is not null and position > ${after} order by position limit ${limit}`,
      );
      return rows.map((row) => ({
        position: row.position,
        id: row.id,
        type: row.type,
        at: toInstant(row.created_at),
        ...given("user", row.user_id as UserId | null),
        data: fromJson<JsonObject>(row.data),
      }));
    },
  };
}

const ENTRY_TYPES: Readonly<Record<string, RowType>> = {
  ...{ id: "text", at: "bigint", actor_kind: "text", actor_id: "text", actor_label: "text", door: "text" },
  ...{ action: "text", user_id: "text", run_number: "bigint", request_id: "text", detail: "text" },
};

export function journalWriter(scope: Scope): JournalWriter {
  const { tenant, sql: db, dialect, newId } = scope;
  return {
    async appendAudit(entries) {
      if (entries.length === 0) return;
      const rows = entries.map(({ at, actor, door, action, user, run, requestId, detail }) => ({
        ...{ id: newId(), at: toMillis(at), actor_kind: actor.kind, actor_id: actor.id ?? null },
        ...{ actor_label: actor.label ?? null, door, action, user_id: user ?? null, run_number: run ?? null },
        ...{ request_id: requestId ?? null, detail: toJson(detail) },
      }));
      await db.send(
        sql`insert into audit_entries (tenant_id, id, at, actor_kind, actor_id, actor_label, door, action, user_id,
            run_number, request_id, detail)
          select ${bigint(tenant)}, r.id, r.at, r.actor_kind, r.actor_id, r.actor_label, r.door, r.action, r.user_id,
            r.run_number, r.request_id, ${dialect.json(verbatim("r.detail"))}
          from ${dialect.rows(ENTRY_TYPES, rows)} as r`,
      );
    },
    async appendEvents(events, now) {
      if (events.length === 0) return;
      const rows = events.map(({ type, user, data }) => ({
        id: newId(),
        type,
        user_id: user ?? null,
        data: toJson(data),
      }));
      await db.send(
        sql`insert into outbox_events (tenant_id, id, type, user_id, data, created_at)
          select ${bigint(tenant)}, r.id, r.type, r.user_id, ${dialect.json(verbatim("r.data"))}, ${bigint(toMillis(now))}
          from ${dialect.rows({ id: "text", type: "text", user_id: "text", data: "text" }, rows)} as r`,
      );
    },
    async publishEvents(_now, limit) {
      // the counter's row is the lock: one publisher at a time gives a tenant's positions
      await nextCount(scope, "feed", 0);
      const waiting = await db.all<{ readonly id: string }>(
        sql`select id from outbox_events where tenant_id = ${tenant} and position is null order by id limit ${limit}`,
      );
      if (waiting.length === 0) return 0;
      const last = await nextCount(scope, "feed", waiting.length);
      const rows = dialect.rows({ id: "text" }, waiting);
      await db.run(
        sql`update outbox_events set position = ${bigint(last - waiting.length + 1)} + r.ordinal from ${rows} as r
          where outbox_events.tenant_id = ${tenant} and outbox_events.id = r.id`,
      );
      return waiting.length;
    },
  };
}
