import type { Route } from "../http/route.js";
import type { Tenant } from "../model/connection.js";
import { Refusal } from "../model/problem.js";
import { createTenant, type TenantChange, type TenantInput, updateTenant } from "../provisioning/tenants.js";
import { adminRoute } from "./admin-route.js";
import { type Caller, operatorAccess, type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { type PageInput, pageQuery, pageView } from "./paging.js";
import { TENANT, TENANTS } from "./paths.js";

const TAGS = ["tenants"];

export function tenantRoutes(deps: AdminDeps): readonly Route[] {
  const { p, limits } = deps;
  return [
    adminRoute<{ body: TenantInput; principal: Caller }>({
      method: "POST",
      path: TENANTS,
      summary: "Make a tenant",
      tags: TAGS,
      auth: operatorAccess(deps),
      body: { read: "json", bytes: limits.adminBodyBytes, schema: "admin/tenant#/$defs/new" },
      responses: { 201: "admin/tenant" },
      async handler({ body, principal }) {
        const tenant = await createTenant(p, body, principal.context);
        return { status: 201, headers: { location: `${TENANTS}/${tenant.slug}` }, body: tenantView(tenant) };
      },
    }),
    adminRoute<{ query: PageInput; principal: Caller }>({
      method: "GET",
      path: TENANTS,
      summary: "List tenants",
      tags: TAGS,
      auth: operatorAccess(deps),
      query: "admin/query#/$defs/page",
      responses: { 200: "admin/tenant#/$defs/page" },
      async handler({ query }) {
        const page = await p.store.instance.listTenants(pageQuery(query));
        return { status: 200, body: pageView(page, tenantView) };
      },
    }),
    adminRoute<{ principal: TenantCaller }>({
      method: "GET",
      path: TENANT,
      summary: "Read a tenant",
      tags: TAGS,
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/tenant",
      responses: { 200: "admin/tenant" },
      handler: async ({ principal }) => ({ status: 200, body: tenantView(principal.tenant) }),
    }),
    changeRoute(deps),
  ];
}

/** What a tenant's own key may change; the rest is the operator's. */
const OWN_TO_CHANGE = new Set(["name", "teamPolicy", "sessionLimits"]);

function changeRoute(deps: AdminDeps): Route {
  return adminRoute<{ body: TenantChange; principal: TenantCaller }>({
    method: "PATCH",
    path: TENANT,
    summary: "Change a tenant",
    tags: TAGS,
    auth: tenantAccess(deps, "admin"),
    params: "admin/params#/$defs/tenant",
    body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/tenant#/$defs/change" },
    responses: { 200: "admin/tenant" },
    async handler({ body, principal }) {
      const { tenant, operator, context } = principal;
      const others = Object.keys(body).filter((key) => !OWN_TO_CHANGE.has(key));
      if (!operator && others.length > 0) {
        throw new Refusal("forbidden", `only the operator may change \`${others.join("`, `")}\``);
      }
      return { status: 200, body: tenantView(await updateTenant(deps.p, tenant, body, context)) };
    },
  });
}

function tenantView(tenant: Tenant) {
  const { slug, name, domains, seats, seatsUsed, scim, teamPolicy, activeVersion, createdAt } = tenant;
  const { idleMinutes = null, absoluteMinutes = null } = tenant.sessionLimits ?? {};
  return {
    ...{ slug, name, domains, seats, seatsUsed, scim, teamPolicy, mappingVersion: activeVersion, createdAt },
    sessionLimits: { idleMinutes, absoluteMinutes },
  };
}
