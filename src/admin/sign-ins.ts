import type { Route } from "../http/route.js";
import { Refusal } from "../model/problem.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import { connectionSlugs } from "./connection-slugs.js";
import type { AdminDeps } from "./deps.js";
import { TENANT } from "./paths.js";

export function signInRoutes(deps: AdminDeps): readonly Route[] {
  return [
    adminRoute<{ params: { readonly reference: string }; principal: TenantCaller }>({
      method: "GET",
      path: `${TENANT}/sign-ins/:reference`,
      summary: "Look a sign-in up by the reference that the person was shown",
      tags: ["sign-ins"],
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/signIn",
      responses: { 200: "admin/sign-in" },
      async handler({ params, principal: { tenant } }) {
        const trace = await deps.p.store.read(tenant.id).signInTrace(params.reference);
        if (trace === undefined) throw new Refusal("not_found", `no sign-in \`${params.reference}\``);
        const { reference, connection, at, outcome, user = null, detail } = trace;
        const slugOf = await connectionSlugs(deps.p, tenant);
        return { status: 200, body: { reference, connection: slugOf(connection), at, outcome, user, detail } };
      },
    }),
  ];
}
