/** What waits for an admin to say who is who. */
import type { ConnectionId, Instant } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import type { ItemsOf, ReviewItemReader, ReviewItems, ReviewItemWriter } from "../provisioning/ports/review-items.js";
import { bigint, text } from "./dialect.js";
import type { Scope } from "./scope.js";
import { type Fragment, NOTHING, one, sql, verbatim } from "./sql.js";
import { fromJson, page, toInstant, toJson, toMillis } from "./values.js";

interface ItemColumns {
  readonly id: string;
  readonly kind: string;
  readonly connection_id: string;
  readonly detail: string;
  readonly created_at: number;
}

export function reviewItemReader({ tenant, sql: db }: Scope): ReviewItemReader {
  return {
    async reviewItems({ after = "", limit }) {
      const rows = await db.all<ItemColumns>(
        sql`select id, kind, connection_id, detail, created_at from review_items
          where tenant_id = ${tenant} and closed_at is null and id > ${after} order by id limit ${limit + 1}`,
      );
      return page(rows, limit, itemOf, (row) => row.id);
    },
  };
}

function itemOf(row: ItemColumns) {
  return {
    id: row.id,
    kind: row.kind,
    connection: row.connection_id as ConnectionId,
    detail: fromJson<JsonObject>(row.detail),
    createdAt: toInstant(row.created_at),
  };
}

export function reviewItemWriter(scope: Scope): ReviewItemWriter {
  const { tenant, sql: db, dialect } = scope;
  const waiting = ({ kind, connection }: ItemsOf) =>
    sql`from review_items where tenant_id = ${tenant} and connection_id = ${connection} and kind = ${kind} and closed_at is null`;
  return {
    async waitingItems(of, { after = "", limit }) {
      const rows = await db.all<ItemColumns>(
        sql`select id, kind, connection_id, detail, created_at ${waiting(of)} and id > ${after} order by id limit ${limit + 1}`,
      );
      return page(rows, limit, itemOf, (row) => row.id);
    },
    async itemsNaming(of, names) {
      // as they stand in the text of the detail
      const quoted = names.map((name) => JSON.stringify(name));
      const named = dialect.holdsOneOf(verbatim("cast(detail as text)"), quoted);
      const rows = await db.all<ItemColumns>(
        sql`select id, kind, connection_id, detail, created_at ${waiting(of)} and ${named} order by id`,
      );
      return rows.map(itemOf);
    },
    async countWaiting(of) {
      const row = await one<{ readonly count: number }>(db, sql`select count(*) as count ${waiting(of)}`);
      return Number(row?.count ?? 0);
    },
    insertReviewItem: ({ detail, ...item }, now) => insertReviewItems(scope, { ...item, details: [detail] }, now),
    insertReviewItems: (items, now) => insertReviewItems(scope, items, now),
    async closeReviewItems(connection, kind, now) {
      await db.run(
        sql`update review_items set closed_at = ${toMillis(now)} where tenant_id = ${tenant}
          and connection_id = ${connection} and kind = ${kind} and closed_at is null`,
      );
    },
    closeItemsOfSubject: (connection, subject, now) => closeOfSubject(scope, connection, subject, now),
    async closeOutdated({ connection, detail }, now) {
      const { subject, candidates } = detail;
      const named = (candidates as readonly string[]).map((id) => JSON.stringify(id));
      const text = verbatim("cast(detail as text)");
      await closeOfSubject(
        scope,
        connection,
        String(subject),
        now,
        sql`and ${text} <> ${toJson(detail)} and ${dialect.holdsOneOf(text, named)}`,
      );
    },
    async closeReviewItem(id, now) {
      const closed = await one<ItemColumns>(
        db,
        sql`update review_items set closed_at = ${toMillis(now)}
          where tenant_id = ${tenant} and id = ${id} and closed_at is null
          returning id, kind, connection_id, detail, created_at`,
      );
      return closed && itemOf(closed);
    },
  };
}

async function closeOfSubject(
  { tenant, sql: db }: Scope,
  connection: ConnectionId,
  subject: string,
  now: Instant,
  which: Fragment = NOTHING,
): Promise<void> {
  await db.run(
    sql`update review_items set closed_at = ${toMillis(now)} where tenant_id = ${tenant}
      and connection_id = ${connection} and subject = ${subject} and closed_at is null ${which}`,
  );
}

async function insertReviewItems(
  { tenant, sql: db, dialect, newId }: Scope,
  { kind, connection, details }: ReviewItems,
  now: Instant,
): Promise<void> {
  if (details.length === 0) return;
  const subjectOf = ({ subject }: JsonObject) =>
    typeof subject === "string" && kind === "other_subject" ? subject : null;
  const rows = details.map((detail) => ({ id: newId(), detail: toJson(detail), subject: subjectOf(detail) }));
  await db.run(
    sql`insert into review_items (tenant_id, id, kind, connection_id, detail, created_at, subject)
      select ${bigint(tenant)}, r.id, ${text(kind)}, ${text(connection)}, ${dialect.json(verbatim("r.detail"))},
        ${bigint(toMillis(now))}, r.subject
      from ${dialect.rows({ id: "text", detail: "text", subject: "text" }, rows)} as r where r.detail not in (
        select cast(w.detail as text) from review_items w where w.tenant_id = ${tenant}
          and w.connection_id = ${connection} and w.kind = ${kind} and w.closed_at is null)`,
  );
}
