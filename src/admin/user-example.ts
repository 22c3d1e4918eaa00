import type { Route } from "../http/route.js";
import { exampleOfUser } from "../provisioning/mapping/example-of-user.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { USER } from "./paths.js";
import { type UserParams, userNamed } from "./users.js";

export function userExampleRoutes(deps: AdminDeps): readonly Route[] {
  return [
    adminRoute<{ params: UserParams; principal: TenantCaller }>({
      method: "GET",
      path: `${USER}/example`,
      summary: "Turn a user into examples of the active mapping, one per connection, with personal data reduced",
      tags: ["users"],
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/user",
      responses: { 200: "admin/user-example" },
      async handler({ params, principal: { tenant } }) {
        const { id } = await userNamed(deps.p, tenant, params.user);
        return { status: 200, body: await exampleOfUser(deps.p, tenant, id) };
      },
    }),
  ];
}
