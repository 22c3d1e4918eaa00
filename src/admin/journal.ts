import type { Route } from "../http/route.js";
import type { UserId } from "../model/ids.js";
import type { AuditEntry, FeedEvent } from "../provisioning/ports/journal.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { type PageInput, pageQuery, pageView } from "./paging.js";
import { TENANT } from "./paths.js";

const TAGS = ["journal"];

interface AuditQuery extends PageInput {
  readonly user?: UserId;
  readonly action?: string;
}

interface EventQuery {
  readonly after?: number;
  /** The same, as `next` says it. */
  readonly cursor?: string;
  readonly limit?: number;
}

export function journalRoutes(deps: AdminDeps): readonly Route[] {
  const { p } = deps;
  return [
    adminRoute<{ query: AuditQuery; principal: TenantCaller }>({
      method: "GET",
      path: `${TENANT}/audit`,
      summary: "Read who changed what, through which door, latest first",
      tags: TAGS,
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/tenant",
      query: "admin/query#/$defs/audit",
      responses: { 200: "admin/audit#/$defs/page" },
      async handler({ query, principal: { tenant } }) {
        const { cursor: _cursor, limit: _limit, ...filters } = query;
        const page = await p.store.read(tenant.id).audit({ ...filters, ...pageQuery(query) });
        return { status: 200, body: pageView(page, auditView) };
      },
    }),
    adminRoute<{ query: EventQuery; principal: TenantCaller }>({
      method: "GET",
      path: `${TENANT}/events`,
      summary: "Read the ordered feed of events, from a position on",
      tags: TAGS,
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/tenant",
      query: "admin/query#/$defs/events",
      responses: { 200: "admin/event#/$defs/page" },
      async handler({ query, principal: { tenant } }) {
        const { limit } = pageQuery(query.limit === undefined ? {} : { limit: query.limit });
        const after = query.after ?? Number(query.cursor ?? 0);
        const events = await p.store.read(tenant.id).events({ after, limit: limit + 1 });
        const items = events.slice(0, limit).map(eventView);
        return { status: 200, body: { items, next: events.length > limit ? String(items.at(-1)?.position) : null } };
      },
    }),
  ];
}

function auditView(entry: AuditEntry & { readonly id: string }) {
  const { id, at, actor, door, action, user = null, run = null, requestId = null, detail } = entry;
  return { id, at, actor, door, action, user, run, requestId, detail };
}

function eventView(event: FeedEvent) {
  const { position, id, type, at, user = null, data } = event;
  return { position, id, type, at, user, data };
}
