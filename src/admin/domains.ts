import type { Route } from "../http/route.js";
import { claimDomain, domainNamed, recordOf, removeDomain, verifyDomain } from "../provisioning/domains.js";
import type { TenantDomain } from "../provisioning/ports/domains.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { type PageInput, pageOf } from "./paging.js";
import { pathOf, TENANT } from "./paths.js";

const TAGS = ["domains"];
const DOMAINS = `${TENANT}/domains`;
const DOMAIN = `${DOMAINS}/:domain`;

type DomainParams = { readonly domain: string };

/** How a tenant proves which e-mail domains are its own. */
export function domainRoutes(deps: AdminDeps): readonly Route[] {
  return [listRoute(deps), claimRoute(deps), readRoute(deps), verifyRoute(deps), removeRoute(deps)];
}

function listRoute(deps: AdminDeps): Route {
  return adminRoute<{ query: PageInput; principal: TenantCaller }>({
    method: "GET",
    path: DOMAINS,
    summary: "List the tenant's e-mail domains, proved or not",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/tenant",
    query: "admin/query#/$defs/page",
    responses: { 200: "admin/domain#/$defs/page" },
    async handler({ query, principal: { tenant } }) {
      const domains = await deps.p.store.read(tenant.id).tenantDomains();
      return { status: 200, body: pageOf(domains, query, ({ domain }) => domain, domainView) };
    },
  });
}

function claimRoute(deps: AdminDeps): Route {
  return adminRoute<{ body: { readonly domain: string }; principal: TenantCaller }>({
    method: "POST",
    path: DOMAINS,
    summary: "Say that a domain is the tenant's; the answer says which DNS record proves it",
    tags: TAGS,
    auth: tenantAccess(deps, "admin"),
    params: "admin/params#/$defs/tenant",
    body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/domain#/$defs/new" },
    responses: { 201: "admin/domain" },
    async handler({ body, principal: { tenant, context } }) {
      const made = await claimDomain(deps.p, tenant, body.domain, context);
      const location = pathOf(DOMAIN, { tenant: tenant.slug, domain: made.domain });
      return { status: 201, headers: { location }, body: domainView(made) };
    },
  });
}

function readRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: DomainParams; principal: TenantCaller }>({
    method: "GET",
    path: DOMAIN,
    summary: "Read a domain, with the record that proves it",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/domain",
    responses: { 200: "admin/domain" },
    async handler({ params, principal: { tenant } }) {
      return { status: 200, body: domainView(await domainNamed(deps.p.store.read(tenant.id), params.domain)) };
    },
  });
}

function verifyRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: DomainParams; principal: TenantCaller }>({
    method: "POST",
    path: `${DOMAIN}/verify`,
    summary: "Look for a domain's record in the DNS now",
    tags: TAGS,
    auth: tenantAccess(deps, "admin"),
    params: "admin/params#/$defs/domain",
    responses: { 200: "admin/domain" },
    async handler({ params, principal: { tenant, context } }) {
      return { status: 200, body: domainView(await verifyDomain(deps.p, tenant, params.domain, context)) };
    },
  });
}

function removeRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: DomainParams; principal: TenantCaller }>({
    method: "DELETE",
    path: DOMAIN,
    summary: "Give a domain up; accounts stay as they are",
    tags: TAGS,
    auth: tenantAccess(deps, "admin"),
    params: "admin/params#/$defs/domain",
    responses: { 204: null },
    async handler({ params, principal: { tenant, operator, context } }) {
      await removeDomain(deps.p, tenant, params.domain, { operator, context });
      return { status: 204 };
    },
  });
}

function domainView({ domain, held, lapsedAt, claim }: TenantDomain) {
  const proved = claim?.provedAt === undefined ? "operator" : "dns";
  const gone = lapsedAt === undefined ? "proved" : "lapsed";
  return {
    domain,
    state: held ? gone : "pending",
    provedBy: held ? proved : null,
    record: claim ? { type: "TXT", ...recordOf({ domain, held, claim }) } : null,
    createdAt: claim?.createdAt ?? null,
    provedAt: claim?.provedAt ?? null,
    checkedAt: claim?.checkedAt ?? null,
    missingSince: claim?.missingSince ?? null,
    lapsedAt: lapsedAt ?? null,
    problem: claim?.problem ?? null,
  };
}
