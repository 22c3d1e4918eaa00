/** What waits for an admin to say who is who. */
import type { ConnectionId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import type { ReviewItemReader, ReviewItemWriter } from "../provisioning/ports/review-items.js";
import type { Scope } from "./scope.js";
import { insertion, one, sql } from "./sql.js";
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

export function reviewItemWriter({ tenant, sql: db, newId }: Scope): ReviewItemWriter {
  return {
    async insertReviewItem({ kind, connection, detail }, now) {
      const waiting = await one(
        db,
        sql`select id from review_items where tenant_id = ${tenant} and connection_id = ${connection} and kind = ${kind}
            and closed_at is null and cast(detail as text) = ${toJson(detail)} limit 1`,
      );
      if (waiting) return;
      const columns = { tenant_id: tenant, id: newId(), kind, connection_id: connection };
      await db.run(insertion("review_items", { ...columns, detail: toJson(detail), created_at: toMillis(now) }));
    },
    async closeReviewItem(id, now) {
      const closed = await db.run(
        sql`update review_items set closed_at = ${toMillis(now)}
          where tenant_id = ${tenant} and id = ${id} and closed_at is null`,
      );
      return closed > 0;
    },
  };
}
