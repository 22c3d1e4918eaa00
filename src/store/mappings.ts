/** Mapping versions as they were sent, and stored plans, whose lines lie in pages. */
import type { PlanSummary } from "../model/plan.js";
import { Refusal } from "../model/problem.js";
import type {
  MappingReader,
  MappingVersion,
  MappingWriter,
  PlanKind,
  PlanRow,
  StoredPlan,
} from "../provisioning/ports/mappings.js";
import { bigint, text } from "./dialect.js";
import type { Scope } from "./scope.js";
import { insertion, one, sql, verbatim } from "./sql.js";
import { fromJson, given, numericCursor, page, toInstant, toJson, toMillis } from "./values.js";

const PAGE_LINES = 500;
/** Pages that one statement inserts: a large plan is never one text in memory. */
const PAGES_AT_ONCE = 10;

export interface VersionColumns {
  readonly version: number;
  readonly document: string;
  readonly author: string;
  readonly note: string | null;
  readonly restores: number | null;
  readonly created_at: number;
}

export const VERSION_COLUMNS = verbatim("v.version, v.document, v.author, v.note, v.restores, v.created_at");

export function versionOf(row: VersionColumns): MappingVersion {
  return {
    version: row.version,
    text: row.document,
    author: row.author,
    ...given("note", row.note),
    ...given("restores", row.restores),
    createdAt: toInstant(row.created_at),
  };
}

interface PlanColumns {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly digest: string;
  readonly summary: string;
  readonly created_at: number;
}

const PLAN_COLUMNS = verbatim("id, kind, subject, digest, summary, created_at");

function planOf({ id, kind, subject, digest, summary, created_at }: PlanColumns): StoredPlan {
  const createdAt = toInstant(created_at);
  return { id, kind: kind as PlanKind, subject, digest, summary: fromJson<PlanSummary>(summary), createdAt };
}

export function mappingReader({ tenant, sql: db }: Scope): MappingReader {
  return {
    async activeMapping() {
      const row = await one<VersionColumns>(
        db,
        sql`select ${VERSION_COLUMNS} from tenants t join mapping_versions v on v.tenant_id = t.id and v.version = t.active_version
          where t.id = ${tenant}`,
      );
      return row && versionOf(row);
    },
    async mappingVersion(version) {
      const row = await one<VersionColumns>(
        db,
        sql`select ${VERSION_COLUMNS} from mapping_versions v where v.tenant_id = ${tenant} and v.version = ${version}`,
      );
      return row && versionOf(row);
    },
    async mappingVersions({ after, limit }) {
      const below = after === undefined ? verbatim("") : sql` and v.version < ${numericCursor(after)}`;
      const rows = await db.all<VersionColumns>(
        sql`select ${VERSION_COLUMNS} from mapping_versions v where v.tenant_id = ${tenant}${below}
          order by v.version desc limit ${limit + 1}`,
      );
      return page(rows, limit, versionOf, (row) => String(row.version));
    },
    async plan(kind, subject, digest) {
      const row = await one<PlanColumns>(
        db,
        sql`select ${PLAN_COLUMNS} from plans
          where tenant_id = ${tenant} and kind = ${kind} and subject = ${subject} and digest = ${digest}
          order by id desc limit 1`,
      );
      return row && planOf(row);
    },
    async planById(id) {
      const row = await one<PlanColumns>(
        db,
        sql`select ${PLAN_COLUMNS} from plans where tenant_id = ${tenant} and id = ${id}`,
      );
      return row && planOf(row);
    },
    async planLines(id, from, limit) {
      if (limit <= 0) return [];
      const first = Math.floor(from / PAGE_LINES);
      const last = Math.floor((from + limit - 1) / PAGE_LINES);
      const pages = await db.all<{ readonly lines: string }>(
        sql`select lines from plan_pages
          where tenant_id = ${tenant} and plan_id = ${id} and page >= ${first} and page <= ${last} order by page`,
      );
      const lines = pages.flatMap((row) => fromJson<readonly PlanRow[]>(row.lines));
      return lines.slice(from - first * PAGE_LINES, from - first * PAGE_LINES + limit);
    },
  };
}

export function mappingWriter({ tenant, sql: db, dialect, newId }: Scope): MappingWriter {
  return {
    async saveMapping(expected, mapping, now) {
      const version = expected + 1;
      // INVARIANT: the tenant's row decides between two savers; the version after it is free for who moved it
      const moved = await db.run(
        sql`update tenants set active_version = ${version}, behind = true where id = ${tenant} and active_version = ${expected}`,
      );
      if (moved === 0) {
        throw new Refusal(
          "version_conflict",
          "the mapping was saved by somebody else meanwhile: read it again, then retry",
        );
      }
      const { text: document, author, note = null, restores = null } = mapping;
      const columns = { tenant_id: tenant, version, document, author, note, restores, created_at: toMillis(now) };
      await db.run(insertion("mapping_versions", columns));
      return version;
    },
    async savePlan({ kind, subject, digest, summary, expiresAt }, lines, now) {
      const id = newId();
      const columns = { tenant_id: tenant, id, kind, subject, digest, summary: toJson(summary) };
      await db.run(insertion("plans", { ...columns, created_at: toMillis(now), expires_at: toMillis(expiresAt) }));
      for (let from = 0; from < lines.length; from += PAGE_LINES * PAGES_AT_ONCE) {
        const pages = Array.from({ length: PAGES_AT_ONCE }, (_, index) => {
          const start = from + index * PAGE_LINES;
          return { page: start / PAGE_LINES, lines: toJson(lines.slice(start, start + PAGE_LINES)) };
        }).filter((entry) => entry.page * PAGE_LINES < lines.length);
        await db.run(
          sql`insert into plan_pages (tenant_id, plan_id, page, lines)
            select ${bigint(tenant)}, ${text(id)}, r.page, ${dialect.json(verbatim("r.lines"))}
            from ${dialect.rows({ page: "bigint", lines: "text" }, pages)} as r`,
        );
      }
      return id;
    },
  };
}
