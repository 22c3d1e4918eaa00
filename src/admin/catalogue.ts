import type { Route } from "../http/route.js";
import type { Tenant } from "../model/connection.js";
import type { Provisioning } from "../provisioning/deps.js";
import { activeMapping } from "../provisioning/mapping/compiled-mappings.js";
import { knownRoles } from "../provisioning/mapping/known-roles.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { type PageInput, pageOf } from "./paging.js";
import { TENANT } from "./paths.js";

const TAGS = ["catalogue"];

export function catalogueRoutes(deps: AdminDeps): readonly Route[] {
  const { p } = deps;
  return [
    adminRoute<{ query: PageInput; principal: TenantCaller }>({
      method: "GET",
      path: `${TENANT}/roles`,
      summary: "List the roles that the catalogue or the active mapping names",
      tags: TAGS,
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/tenant",
      query: "admin/query#/$defs/page",
      responses: { 200: "admin/role#/$defs/page" },
      handler: async ({ query, principal: { tenant } }) => ({
        status: 200,
        body: pageOf(
          await roles(p, tenant),
          query,
          ({ name }) => name,
          (role) => role,
        ),
      }),
    }),
  ];
}

async function roles(p: Provisioning, tenant: Tenant) {
  const reader = p.store.read(tenant.id);
  const { names, privileged } = await knownRoles(reader, await activeMapping(p, reader));
  return [...names].map((name) => ({ name, privileged: privileged.has(name) }));
}
