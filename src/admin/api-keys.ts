import type { Route } from "../http/route.js";
import { createApiKey, revokeApiKey } from "../provisioning/tokens.js";
import { adminRoute } from "./admin-route.js";
import { type KeyScope, type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { type PageInput, pageOf } from "./paging.js";
import { pathOf, TENANT } from "./paths.js";

const TAGS = ["api-keys"];
const API_KEYS = `${TENANT}/api-keys`;
const API_KEY = `${API_KEYS}/:key`;

interface NewApiKey {
  readonly name: string;
  readonly scopes: readonly KeyScope[];
}

export function apiKeyRoutes(deps: AdminDeps): readonly Route[] {
  const { p } = deps;
  return [
    createRoute(deps),
    adminRoute<{ query: PageInput; principal: TenantCaller }>({
      method: "GET",
      path: API_KEYS,
      summary: "List the tenant's API keys, without their secrets",
      tags: TAGS,
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/tenant",
      query: "admin/query#/$defs/page",
      responses: { 200: "admin/api-key#/$defs/page" },
      async handler({ query, principal: { tenant } }) {
        const keys = await p.store.read(tenant.id).apiKeys();
        return {
          status: 200,
          body: pageOf(
            keys,
            query,
            ({ id }) => id,
            (key) => key,
          ),
        };
      },
    }),
    adminRoute<{ params: { readonly key: string }; principal: TenantCaller }>({
      method: "DELETE",
      path: API_KEY,
      summary: "Revoke an API key, at once",
      tags: TAGS,
      auth: tenantAccess(deps, "admin"),
      params: "admin/params#/$defs/apiKey",
      responses: { 204: null },
      async handler({ params, principal: { tenant, context } }) {
        await revokeApiKey(p, tenant, params.key, context);
        return { status: 204 };
      },
    }),
  ];
}

function createRoute(deps: AdminDeps): Route {
  return adminRoute<{ body: NewApiKey; principal: TenantCaller }>({
    method: "POST",
    path: API_KEYS,
    summary: "Make an API key of the tenant",
    tags: TAGS,
    auth: tenantAccess(deps, "admin"),
    params: "admin/params#/$defs/tenant",
    body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/api-key#/$defs/new" },
    responses: { 201: "admin/api-key#/$defs/made" },
    async handler({ body: { name, scopes }, principal: { tenant, context } }) {
      const { id, key } = await createApiKey(deps.p, tenant, { name, scopes }, context);
      const location = pathOf(API_KEY, { tenant: tenant.slug, key: id });
      return { status: 201, headers: { location }, body: { id, key, name, scopes } };
    },
  });
}
