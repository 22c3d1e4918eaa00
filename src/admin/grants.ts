import { roleName } from "../engine/role-name.js";
import type { Route } from "../http/route.js";
import type { GrantId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { OWNER, type ScopeKind, scopeKind, type Target, teamScope } from "../model/target.js";
import { addManualGrant, removeManualGrant } from "../provisioning/manual-grants.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { futureInstant } from "./instants.js";
import { pathOf, USER } from "./paths.js";
import type { UserParams } from "./users.js";

const TAGS = ["users"];
const GRANTS = `${USER}/grants`;
const GRANT = `${GRANTS}/:grant`;

export interface TargetInput {
  readonly scope?: string;
  readonly team?: string;
  readonly role: string;
}

/** Where somebody may be called an owner: the tenant's are reserved, those of a resource are the application's. */
const OWNED: ReadonlySet<ScopeKind | undefined> = new Set(["tenant", "resource"]);

/** `team` is short for its scope; the schema has seen to it that exactly one of them is there. */
export function targetOf({ scope, team, role }: TargetInput): Target {
  const target = { scope: scope ?? teamScope(team ?? ""), role: roleName(role) };
  if (target.role === OWNER.role && !OWNED.has(scopeKind(target.scope))) {
    throw new Refusal("bad_request", `\`${OWNER.role}\` is held in the scope \`${OWNER.scope}\` or of a resource`);
  }
  return target;
}

export function grantRoutes(deps: AdminDeps): readonly Route[] {
  const { p } = deps;
  return [
    createRoute(deps),
    adminRoute<{ params: UserParams & { readonly grant: GrantId }; principal: TenantCaller }>({
      method: "DELETE",
      path: GRANT,
      summary: "Take away what was given by hand, or once as the default",
      tags: TAGS,
      auth: tenantAccess(deps, "write"),
      params: "admin/params#/$defs/grant",
      responses: { 204: null },
      async handler({ params, principal: { tenant, context } }) {
        await removeManualGrant(p, tenant, params.user, params.grant, context);
        return { status: 204 };
      },
    }),
  ];
}

function createRoute(deps: AdminDeps): Route {
  const { p } = deps;
  return adminRoute<{
    params: UserParams;
    body: TargetInput & { readonly reason: string; readonly expiresAt?: string };
    principal: TenantCaller;
  }>({
    method: "POST",
    path: GRANTS,
    summary: "Give a user something by hand, with a reason and, where wanted, an end",
    tags: TAGS,
    auth: tenantAccess(deps, "write"),
    params: "admin/params#/$defs/user",
    body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/grant#/$defs/new" },
    responses: { 201: "admin/grant" },
    async handler({ params: { user }, body, principal: { tenant, context } }) {
      const target = targetOf(body);
      const { reason } = body;
      const end =
        body.expiresAt === undefined ? {} : { expiresAt: futureInstant("expiresAt", body.expiresAt, p.now()) };
      const id = await addManualGrant(p, tenant, user, { target, reason, ...end }, context);
      const location = pathOf(GRANT, { tenant: tenant.slug, user, grant: id });
      return { status: 201, headers: { location }, body: { id, user, target, origin: "manual", reason, ...end } };
    },
  });
}
