import type { Route } from "../http/route.js";
import { eraseUser } from "../provisioning/erasure/erase-user.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { USER } from "./paths.js";

export function erasureRoutes(deps: AdminDeps): readonly Route[] {
  return [
    adminRoute<{ params: { readonly user: string }; body: { readonly reason: string }; principal: TenantCaller }>({
      method: "POST",
      path: `${USER}/erase`,
      summary: "Remove a person's personal data for good, who is not registered",
      tags: ["users"],
      auth: tenantAccess(deps, "admin"),
      params: "admin/params#/$defs/calledUser",
      body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/user#/$defs/erase" },
      responses: { 200: "admin/user#/$defs/erased" },
      async handler({ params, body, principal: { tenant, context } }) {
        const { user, ...erased } = await eraseUser(deps.p, tenant, params.user, body.reason, context);
        return { status: 200, body: { id: user, ...erased } };
      },
    }),
  ];
}
