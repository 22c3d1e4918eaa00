import type { Route } from "../http/route.js";
import type { UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { endAllOf, endOneSession } from "../provisioning/end-sessions.js";
import type { SessionRow } from "../provisioning/ports/sign-ins.js";
import { stillAlive } from "../provisioning/sessions.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import { connectionSlugs } from "./connection-slugs.js";
import { connectionNamed } from "./connections.js";
import type { AdminDeps } from "./deps.js";
import { type PageInput, pageQuery, pageView } from "./paging.js";
import { TENANT } from "./paths.js";

const TAGS = ["sessions"];
const SESSIONS = `${TENANT}/sessions`;

type ListInput = PageInput & { readonly user?: UserId; readonly connection?: string };

export function sessionRoutes(deps: AdminDeps): readonly Route[] {
  return [listRoute(deps), endRoute(deps), endAllRoute(deps)];
}

function listRoute(deps: AdminDeps): Route {
  const { p } = deps;
  return adminRoute<{ query: ListInput; principal: TenantCaller }>({
    method: "GET",
    path: SESSIONS,
    summary: "List who is signed in",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/tenant",
    query: "admin/query#/$defs/sessions",
    responses: { 200: "admin/session#/$defs/page" },
    async handler({ query: { user, connection, ...page }, principal: { tenant } }) {
      const now = p.now();
      const at = connection === undefined ? undefined : (await connectionNamed(p, tenant, connection)).id;
      const found = await p.store.read(tenant.id).sessions({
        ...pageQuery(page),
        ...{ now, ...stillAlive(p, tenant, now) },
        ...(user !== undefined && { user }),
        ...(at !== undefined && { connection: at }),
      });
      const slugOf = await connectionSlugs(p, tenant);
      const view = ({ connection: id, ...row }: SessionRow) => ({
        ...{ address: null, browser: null, ...row },
        connection: slugOf(id),
      });
      return { status: 200, body: pageView(found, view) };
    },
  });
}

function endRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: { readonly session: string }; principal: TenantCaller }>({
    method: "DELETE",
    path: `${SESSIONS}/:session`,
    summary: "End a session, at once",
    tags: TAGS,
    auth: tenantAccess(deps, "write"),
    params: "admin/params#/$defs/session",
    responses: { 204: null },
    async handler({ params, principal: { tenant, context } }) {
      await endOneSession(deps.p, tenant, { id: params.session }, context);
      return { status: 204 };
    },
  });
}

function endAllRoute(deps: AdminDeps): Route {
  return adminRoute<{ query: { readonly user: UserId }; principal: TenantCaller }>({
    method: "DELETE",
    path: SESSIONS,
    summary: "End all sessions of a user, at once",
    tags: TAGS,
    auth: tenantAccess(deps, "write"),
    params: "admin/params#/$defs/tenant",
    query: "admin/query#/$defs/sessionsOfUser",
    responses: { 200: "admin/session#/$defs/ended" },
    async handler({ query: { user }, principal: { tenant, context } }) {
      const known = await deps.p.store.read(tenant.id).user(user);
      if (known === undefined) throw new Refusal("not_found", `no user ${quote(user)}`);
      return { status: 200, body: { ended: await endAllOf(deps.p, tenant, user, context) } };
    },
  });
}
