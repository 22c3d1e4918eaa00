/** Mapping versions as they were sent, and stored plans, whose lines lie in pages (`plan-lines.ts`). */
import type { PlanSummary } from "../model/plan.js";
import { Refusal } from "../model/problem.js";
import type {
  MappingReader,
  MappingVersion,
  MappingWriter,
  PlanKind,
  StoredPlan,
} from "../provisioning/ports/mappings.js";
import { bigint, text } from "./dialect.js";
import { allLines, linesFound } from "./plan-lines.js";
import type { Scope } from "./scope.js";
import { insertion, NOTHING, one, sql, verbatim } from "./sql.js";
import { fromJson, given, numericCursor, page, toInstant, toJson, toMillis } from "./values.js";

/** Digest of a plan that is being written; no digest of a plan looks like it. */
const UNFINISHED = "";

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
  const figures = { ...UNCOUNTED, ...fromJson<Omit<PlanSummary, keyof typeof UNCOUNTED>>(summary) };
  return { id, kind: kind as PlanKind, subject, digest, summary: figures, createdAt };
}

/** Figures that plans of earlier releases lack, and that live as long as a plan may. */
const UNCOUNTED = { kept: 0, undecided: { items: [], more: 0 } } as const;

export function mappingReader(scope: Scope): MappingReader {
  const { tenant, sql: db } = scope;
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
      const below = after === undefined ? NOTHING : sql` and v.version < ${numericCursor(after)}`;
      const rows = await db.all<VersionColumns>(
        sql`select ${VERSION_COLUMNS} from mapping_versions v where v.tenant_id = ${tenant}${below}
          order by v.version desc limit ${limit + 1}`,
      );
      return page(rows, limit, versionOf, (row) => String(row.version));
    },
    async mappingAuthors() {
      const rows = await db.all<Omit<VersionColumns, "document">>(
        sql`select v.version, v.author, v.note, v.restores, v.created_at from mapping_versions v
          where v.tenant_id = ${tenant} order by v.version desc`,
      );
      return rows.map((row) => {
        const { text: _, ...version } = versionOf({ ...row, document: "" });
        return version;
      });
    },
    async plan(kind, subject, digest) {
      const row = await one<PlanColumns>(
        db,
        sql`select ${PLAN_COLUMNS} from plans
          where tenant_id = ${tenant} and kind = ${kind} and subject = ${subject} and digest = ${digest}
            and digest <> ${UNFINISHED}
          order by id desc limit 1`,
      );
      return row && planOf(row);
    },
    async planById(id) {
      const row = await one<PlanColumns>(
        db,
        sql`select ${PLAN_COLUMNS} from plans
          where tenant_id = ${tenant} and id = ${id} and digest <> ${UNFINISHED}`,
      );
      return row && planOf(row);
    },
    planLines(id, { where = {}, ...query }) {
      return Object.values(where).some((one) => one !== undefined)
        ? linesFound(scope, id, query, where)
        : allLines(scope, id, query);
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
    async beginPlan({ kind, subject, expiresAt }, now) {
      const id = newId();
      const columns = { tenant_id: tenant, id, kind, subject, digest: UNFINISHED, summary: "{}" };
      await db.run(insertion("plans", { ...columns, created_at: toMillis(now), expires_at: toMillis(expiresAt) }));
      return id;
    },
    async addPlanPages(id, pages) {
      if (pages.length === 0) return;
      const rows = pages.map(({ place, lines }) => ({ page: place, lines: toJson(lines) }));
      await db.run(
        sql`insert into plan_pages (tenant_id, plan_id, page, lines)
          select ${bigint(tenant)}, ${text(id)}, r.page, ${dialect.json(verbatim("r.lines"))}
          from ${dialect.rows({ page: "bigint", lines: "text" }, rows)} as r`,
      );
    },
    async finishPlan(id, { digest, summary, expiresAt }) {
      await db.run(
        sql`update plans set digest = ${digest}, summary = ${dialect.json(text(toJson(summary)))},
            expires_at = ${toMillis(expiresAt)}
          where tenant_id = ${tenant} and id = ${id}`,
      );
    },
    async dropPlan(id) {
      await db.run(sql`delete from plans where tenant_id = ${tenant} and id = ${id}`);
    },
  };
}
