import { evidenceText } from "../engine/reasons.js";
import type { Answer } from "../http/exchange.js";
import type { Route } from "../http/route.js";
import type { Tenant } from "../model/connection.js";
import type { Instant, UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { type PastEvidence, withPastEvidence } from "../provisioning/explain/past-evidence.js";
import { personNamed } from "../provisioning/explain/person-named.js";
import { pagesOf } from "../provisioning/pages-of.js";
import type { AssignmentRow } from "../provisioning/ports/access.js";
import type { Page, PageQuery, TenantReader } from "../provisioning/ports/store.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import { connectionSlugs } from "./connection-slugs.js";
import { csv } from "./csv.js";
import type { AdminDeps } from "./deps.js";
import { pastMoment } from "./instants.js";
import { type PageInput, pageQuery, pageView } from "./paging.js";
import { TENANT } from "./paths.js";

const PAGE = 1000;
const COLUMNS = [
  ...(["userId", "userName", "scope", "role", "origin", "rule", "connection", "since", "endedAt"] as const),
  ...(["mappingVersion", "evidence", "by", "reason", "expiresAt", "endReason"] as const),
] as const;

interface AssignmentQuery extends PageInput {
  readonly at?: string;
  readonly user?: string;
  readonly format?: "json" | "csv";
}

type SlugOf = (id: string | undefined) => string | null;

export function assignmentRoutes(deps: AdminDeps): readonly Route[] {
  return [
    adminRoute<{ query: AssignmentQuery; principal: TenantCaller }>({
      method: "GET",
      path: `${TENANT}/assignments`,
      summary: "Say who holds what, now or at an earlier time; as CSV for an access review",
      tags: ["users"],
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/tenant",
      query: "admin/query#/$defs/assignments",
      responses: { 200: "admin/assignment#/$defs/page" },
      async handler({ query, principal: { tenant } }) {
        if (query.format === "csv" && query.cursor !== undefined) {
          throw new Refusal("bad_request", "`cursor` has no place beside `format=csv`, which gives everything at once");
        }
        const which = {
          ...(query.at === undefined ? {} : { at: pastMoment("at", query.at, deps.p.now()) }),
          ...(query.user === undefined
            ? {}
            : { user: (await personNamed(deps.p.store.read(tenant.id), query.user)).id }),
        };
        const slugOf = await connectionSlugs(deps.p, tenant);
        if (query.format === "csv") return csvAnswer(deps, tenant, which, slugOf);
        const page = await assignmentPage(deps.p.store.read(tenant.id), { ...pageQuery(query), ...which });
        return { status: 200, body: pageView(page, (row) => assignmentView(row, slugOf)) };
      },
    }),
  ];
}

type Assignment = Omit<AssignmentRow, "evidence"> & PastEvidence;

/** Of an instant with what was given by then, of now with what is. */
async function assignmentPage(
  reader: TenantReader,
  query: PageQuery & { readonly at?: Instant; readonly user?: UserId },
): Promise<Page<Assignment>> {
  const { items, ...rest } = await reader.assignments(query);
  if (query.at === undefined) return { items: items.map((row) => ({ ...row, evidenceKept: true })), ...rest };
  return { items: await withPastEvidence(reader, items, query.at), ...rest };
}

function assignmentView(row: Assignment, slugOf: SlugOf) {
  const { user, target, origin, rule = null, connection, since, endedAt = null, evidence, evidenceKept } = row;
  const { mappingVersion = null, by = null, reason = null, expiresAt = null, endReason = null } = row;
  return {
    ...{ user, target, origin, rule, connection: slugOf(connection), since, endedAt },
    ...{ mappingVersion, evidence, evidenceKept, by, reason, expiresAt, endReason },
  };
}

/** Everything in one file: whoever reviews access must not overlook a second page. */
function csvAnswer(
  { p }: AdminDeps,
  tenant: Tenant,
  which: { readonly at?: Instant; readonly user?: UserId },
  slugOf: SlugOf,
): Answer {
  const day = (which.at ?? p.now()).slice(0, 10);
  return {
    status: 200,
    headers: {
      "content-type": "text/csv; charset=utf-8; header=present",
      "content-disposition": `attachment; filename="${tenant.slug}-assignments-${day}.csv"`,
    },
    body: csvPages(p.store.read(tenant.id), which, slugOf),
  };
}

/** A page at a time, as fast as it is taken: a large tenant is never held in memory, nor written in one go. */
async function* csvPages(
  reader: TenantReader,
  which: { readonly at?: Instant; readonly user?: UserId },
  slugOf: SlugOf,
): AsyncGenerator<string> {
  yield csv([COLUMNS]);
  for await (const rows of pagesOf((query) => assignmentPage(reader, { ...which, ...query }), PAGE)) {
    if (rows.length > 0) yield csv(rows.map((row) => cells(row, slugOf)));
  }
}

function cells(row: Assignment, slugOf: SlugOf): readonly string[] {
  const { user, target, origin, rule, connection, since, endedAt, mappingVersion, evidence } = row;
  const { by, reason, expiresAt, endReason } = row;
  const version = mappingVersion === undefined ? "" : String(mappingVersion);
  return [
    ...[user.id, user.userName, target.scope, target.role, origin, rule ?? "", slugOf(connection) ?? ""],
    ...[
      since,
      endedAt ?? "",
      version,
      row.evidenceKept ? evidenceText(evidence) : "not kept",
      by ?? "",
      reason ?? "",
      expiresAt ?? "",
      endReason ?? "",
    ],
  ];
}
