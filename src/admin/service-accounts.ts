import type { Route } from "../http/route.js";
import type { UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { splitTargets } from "../provisioning/explain/me.js";
import { personNamed } from "../provisioning/explain/person-named.js";
import type { ServiceAccountRow } from "../provisioning/ports/service-accounts.js";
import {
  createServiceAccount,
  type NewServiceAccount,
  removeServiceAccount,
  type ServiceAccountChange,
  updateServiceAccount,
} from "../provisioning/service-accounts.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import { connectionSlugs } from "./connection-slugs.js";
import type { AdminDeps } from "./deps.js";
import { type TargetInput, targetOf } from "./grants.js";
import { futureInstant } from "./instants.js";
import { type PageInput, pageQuery, pageView } from "./paging.js";
import { pathOf, SERVICE_ACCOUNT, SERVICE_ACCOUNTS } from "./paths.js";

const TAGS = ["service-accounts"];

interface AccountParams {
  readonly account: UserId;
}

interface NewAccount extends Omit<NewServiceAccount, "roles"> {
  readonly roles?: readonly TargetInput[];
}

interface AccountQuery extends PageInput {
  readonly name?: string;
  readonly owner?: string;
  readonly status?: "registered" | "deactivated";
}

export function serviceAccountRoutes(deps: AdminDeps): readonly Route[] {
  return [listRoute(deps), createRoute(deps), readRoute(deps), changeRoute(deps), removeRoute(deps)];
}

function accountView(row: ServiceAccountRow, slug: string | null) {
  const { id, userName: name, displayName, description = null, owner = null, expiresAt = null } = row;
  const { status, synced, assignments, assignmentsLeftOut, createdAt } = row;
  return {
    ...{ id, name, displayName, description, owner, ownerInactive: owner?.active === false, expiresAt },
    ...{ active: status === "registered", status, synced, connection: slug },
    ...{ ...splitTargets(assignments), assignmentsLeftOut, createdAt },
  };
}

async function accountAnswer({ p }: AdminDeps, { tenant }: TenantCaller, id: UserId) {
  const row = await p.store.read(tenant.id).serviceAccount(id);
  if (row === undefined) throw new Refusal("not_found", `no service account \`${id}\``);
  return accountView(row, (await connectionSlugs(p, tenant))(row.connection));
}

function listRoute(deps: AdminDeps): Route {
  return adminRoute<{ query: AccountQuery; principal: TenantCaller }>({
    method: "GET",
    path: SERVICE_ACCOUNTS,
    summary: "List service accounts",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/tenant",
    query: "admin/query#/$defs/serviceAccounts",
    responses: { 200: "admin/service-account#/$defs/page" },
    async handler({ query: { cursor, limit, owner, ...filters }, principal: { tenant } }) {
      const reader = deps.p.store.read(tenant.id);
      const page = { ...(cursor !== undefined && { cursor }), ...(limit !== undefined && { limit }) };
      const owned = owner === undefined ? {} : { owner: (await personNamed(reader, owner)).id };
      const slugOf = await connectionSlugs(deps.p, tenant);
      const rows = await reader.serviceAccounts({ ...filters, ...owned, ...pageQuery(page) });
      return { status: 200, body: pageView(rows, (row) => accountView(row, slugOf(row.connection))) };
    },
  });
}

function createRoute(deps: AdminDeps): Route {
  return adminRoute<{ body: NewAccount; principal: TenantCaller }>({
    method: "POST",
    path: SERVICE_ACCOUNTS,
    summary: "Make a service account by hand",
    tags: TAGS,
    auth: tenantAccess(deps, "write"),
    params: "admin/params#/$defs/tenant",
    body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/service-account#/$defs/new" },
    responses: { 201: "admin/service-account" },
    async handler({ body: { roles = [], expiresAt, ...body }, principal }) {
      const { p } = deps;
      const { tenant, context } = principal;
      const ends = expiresAt === undefined ? {} : { expiresAt: futureInstant("expiresAt", expiresAt, p.now()) };
      const id = await createServiceAccount(p, tenant, { ...body, ...ends, roles: roles.map(targetOf) }, context);
      const location = pathOf(SERVICE_ACCOUNT, { tenant: tenant.slug, account: id });
      return { status: 201, headers: { location }, body: await accountAnswer(deps, principal, id) };
    },
  });
}

function readRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: AccountParams; principal: TenantCaller }>({
    method: "GET",
    path: SERVICE_ACCOUNT,
    summary: "Read a service account",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/serviceAccount",
    responses: { 200: "admin/service-account" },
    async handler({ params, principal }) {
      return { status: 200, body: await accountAnswer(deps, principal, params.account) };
    },
  });
}

function changeRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: AccountParams; body: ServiceAccountChange; principal: TenantCaller }>({
    method: "PATCH",
    path: SERVICE_ACCOUNT,
    summary: "Change, deactivate or reactivate a service account that no identity provider keeps in sync",
    tags: TAGS,
    auth: tenantAccess(deps, "write"),
    params: "admin/params#/$defs/serviceAccount",
    body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/service-account#/$defs/change" },
    responses: { 200: "admin/service-account" },
    async handler({ params: { account }, body, principal }) {
      const { p } = deps;
      const { expiresAt } = body;
      const ends = typeof expiresAt === "string" && { expiresAt: futureInstant("expiresAt", expiresAt, p.now()) };
      await updateServiceAccount(p, principal.tenant, account, { ...body, ...ends }, principal.context);
      return { status: 200, body: await accountAnswer(deps, principal, account) };
    },
  });
}

function removeRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: AccountParams; principal: TenantCaller }>({
    method: "DELETE",
    path: SERVICE_ACCOUNT,
    summary: "End a service account that no identity provider keeps in sync; what it held stays in the history",
    tags: TAGS,
    auth: tenantAccess(deps, "write"),
    params: "admin/params#/$defs/serviceAccount",
    responses: { 204: null },
    async handler({ params, principal: { tenant, context } }) {
      await removeServiceAccount(deps.p, tenant, params.account, context);
      return { status: 204 };
    },
  });
}
