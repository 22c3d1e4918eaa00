import { isSyncedGrant } from "../engine/diff.js";
import type { ExplainedAssignment } from "../engine/explain.js";
import type { Route } from "../http/route.js";
import type { Grant } from "../model/grant.js";
import { targetKey } from "../model/target.js";
import { explainUser } from "../provisioning/explain-user.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { USER } from "./paths.js";
import { type UserParams, userNamed } from "./users.js";

export function explanationRoutes(deps: AdminDeps): readonly Route[] {
  const { p } = deps;
  return [
    adminRoute<{ params: UserParams; principal: TenantCaller }>({
      method: "GET",
      path: `${USER}/explain`,
      summary: "Say why a user holds what they hold, and why not the rest",
      tags: ["users"],
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/user",
      responses: { 200: "admin/explanation" },
      async handler({ params, principal: { tenant } }) {
        const { id, userName } = await userNamed(p, tenant, params.user);
        const explanation = await explainUser(p, tenant, id);
        const [person] = await p.store.read(tenant.id).people([id]);
        const held = explanation.assignments.map((assignment) => withIds(assignment, person?.grants ?? []));
        return { status: 200, body: { user: { id, userName }, ...explanation, assignments: held } };
      },
    }),
  ];
}

/** What admins may take away has its id: by hand, and as a one-time default, a user holds a target once. */
function withIds(assignment: ExplainedAssignment, grants: readonly Grant[]) {
  const key = targetKey(assignment.target);
  const taken = grants.filter((grant) => !isSyncedGrant(grant) && targetKey(grant.target) === key);
  return {
    ...assignment,
    grants: assignment.grants.map((grant) => {
      const own = isSyncedGrant(grant) ? undefined : taken.find(({ origin }) => origin === grant.origin);
      return own === undefined ? grant : { id: own.id, ...grant };
    }),
  };
}
