import type { Route } from "../http/route.js";
import type { Tenant } from "../model/connection.js";
import type { UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import type { Provisioning } from "../provisioning/deps.js";
import { splitTargets } from "../provisioning/explain/me.js";
import { createLocalUser, updateLocalUser } from "../provisioning/local-users.js";
import type { UserQuery, UserRow } from "../provisioning/ports/access.js";
import type { LocalProfile } from "../provisioning/ports/documents.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { type PageInput, pageQuery, pageView } from "./paging.js";
import { pathOf, USER, USERS } from "./paths.js";

const TAGS = ["users"];
export interface UserParams {
  readonly user: UserId;
}

export function userRoutes(deps: AdminDeps): readonly Route[] {
  return [listRoute(deps), readRoute(deps), createRoute(deps), changeRoute(deps)];
}

export function userView({ status, synced, assignments, createdAt, ...who }: UserRow) {
  const active = status === "registered";
  return { ...who, active, status, synced, ...splitTargets(assignments), createdAt };
}

/** Refusal `not_found`. */
export async function userNamed(p: Provisioning, tenant: Tenant, id: UserId): Promise<UserRow> {
  const user = await p.store.read(tenant.id).user(id);
  if (user === undefined) throw new Refusal("not_found", `no user \`${id}\``);
  return user;
}

/** Of a user or of a service account. Refusal `not_found`. */
export async function accountNamed(
  p: Provisioning,
  tenant: Tenant,
  id: UserId,
): Promise<Pick<UserRow, "id" | "userName">> {
  const [account] = await p.store.read(tenant.id).people([id]);
  if (account === undefined || account.status === "pending") throw new Refusal("not_found", `no user \`${id}\``);
  return account;
}

function listRoute(deps: AdminDeps): Route {
  return adminRoute<{ query: PageInput & Omit<UserQuery, "after" | "limit">; principal: TenantCaller }>({
    method: "GET",
    path: USERS,
    summary: "List users",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/tenant",
    query: "admin/query#/$defs/users",
    responses: { 200: "admin/user#/$defs/page" },
    async handler({ query, principal: { tenant } }) {
      const { cursor: _cursor, limit: _limit, ...filters } = query;
      const page = await deps.p.store.read(tenant.id).users({ ...filters, ...pageQuery(query) });
      return { status: 200, body: pageView(page, userView) };
    },
  });
}

function readRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: UserParams; principal: TenantCaller }>({
    method: "GET",
    path: USER,
    summary: "Read a user",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/user",
    responses: { 200: "admin/user" },
    async handler({ params, principal: { tenant } }) {
      return { status: 200, body: userView(await userNamed(deps.p, tenant, params.user)) };
    },
  });
}

function createRoute(deps: AdminDeps): Route {
  return adminRoute<{ body: LocalProfile & { readonly userName: string }; principal: TenantCaller }>({
    method: "POST",
    path: USERS,
    summary: "Register a person by hand",
    tags: TAGS,
    auth: tenantAccess(deps, "write"),
    params: "admin/params#/$defs/tenant",
    body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/user#/$defs/new" },
    responses: { 201: "admin/user" },
    async handler({ body, principal: { tenant, context } }) {
      const id = await createLocalUser(deps.p, tenant, body, context);
      const location = pathOf(USER, { tenant: tenant.slug, user: id });
      return { status: 201, headers: { location }, body: userView(await userNamed(deps.p, tenant, id)) };
    },
  });
}

function changeRoute(deps: AdminDeps): Route {
  return adminRoute<{
    params: UserParams;
    body: LocalProfile & { readonly active?: boolean };
    principal: TenantCaller;
  }>({
    method: "PATCH",
    path: USER,
    summary:
      "Change or reactivate a person whom no identity provider keeps in sync, or deactivate one whom none calls active",
    tags: TAGS,
    auth: tenantAccess(deps, "write"),
    params: "admin/params#/$defs/user",
    body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/user#/$defs/change" },
    responses: { 200: "admin/user" },
    async handler({ params, body, principal: { tenant, context } }) {
      const { active, ...profile } = body;
      const change = {
        ...(active !== undefined && { active }),
        ...(Object.keys(profile).length > 0 && { profile }),
      };
      await updateLocalUser(deps.p, tenant, params.user, change, context);
      return { status: 200, body: userView(await userNamed(deps.p, tenant, params.user)) };
    },
  });
}
