import type { Route } from "../http/route.js";
import type { Connection, OnDisable, Tenant } from "../model/connection.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { createConnection, deleteConnection, ownerWarnings, updateConnection } from "../provisioning/connections.js";
import type { Provisioning } from "../provisioning/deps.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import {
  type ConnectionChangeBody,
  connectionInput,
  connectionPatch,
  legacyWarnings,
  type NewConnectionBody,
} from "./connection-input.js";
import { connectionView } from "./connection-view.js";
import type { AdminDeps } from "./deps.js";
import { type PageInput, pageOf } from "./paging.js";
import { CONNECTION, CONNECTIONS, pathOf } from "./paths.js";
import { startedRun } from "./run-view.js";
import { watchedView } from "./watched-connection.js";

const TAGS = ["connections"];
export interface ConnectionParams {
  readonly tenant: string;
  readonly connection: string;
}

export function connectionRoutes(deps: AdminDeps): readonly Route[] {
  return [createRoute(deps), listRoute(deps), readRoute(deps), changeRoute(deps), deleteRoute(deps)];
}

/** Refusal `not_found`, also for a connection that has ended. */
export async function connectionNamed(p: Provisioning, tenant: Tenant, slug: string): Promise<Connection> {
  const connection = await p.store.read(tenant.id).connectionBySlug(slug);
  if (connection === undefined || connection.disabledAt !== undefined) {
    throw new Refusal("not_found", `no connection ${quote(slug)}`);
  }
  return connection;
}

function createRoute(deps: AdminDeps): Route {
  return adminRoute<{ body: NewConnectionBody; principal: TenantCaller }>({
    method: "POST",
    path: CONNECTIONS,
    summary: "Make a connection",
    tags: TAGS,
    auth: tenantAccess(deps, "admin"),
    params: "admin/params#/$defs/tenant",
    body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/connection#/$defs/new" },
    responses: { 201: "admin/connection" },
    async handler({ body, principal: { tenant, context } }) {
      const connection = await createConnection(deps.p, tenant, await connectionInput(deps, body), context);
      const location = pathOf(CONNECTION, { tenant: tenant.slug, connection: connection.slug });
      const view = connectionView(deps, tenant, connection);
      return { status: 201, headers: { location }, body: { ...view, ...(await warningsOf(deps, tenant, body)) } };
    },
  });
}

function listRoute(deps: AdminDeps): Route {
  return adminRoute<{ query: PageInput; principal: TenantCaller }>({
    method: "GET",
    path: CONNECTIONS,
    summary: "List connections",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/tenant",
    query: "admin/query#/$defs/page",
    responses: { 200: "admin/connection#/$defs/page" },
    async handler({ query, principal: { tenant } }) {
      const all = await deps.p.store.read(tenant.id).connections();
      const live = all.filter((connection) => connection.disabledAt === undefined);
      const view = (connection: Connection) => connectionView(deps, tenant, connection);
      return { status: 200, body: pageOf(live, query, ({ slug }) => slug, view) };
    },
  });
}

function readRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: ConnectionParams; principal: TenantCaller }>({
    method: "GET",
    path: CONNECTION,
    summary: "Read a connection",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/connection",
    responses: { 200: "admin/connection" },
    async handler({ params, principal: { tenant } }) {
      const connection = await connectionNamed(deps.p, tenant, params.connection);
      return { status: 200, body: await watchedView(deps, tenant, connection) };
    },
  });
}

function changeRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: ConnectionParams; body: ConnectionChangeBody; principal: TenantCaller }>({
    method: "PATCH",
    path: CONNECTION,
    summary: "Change a connection",
    tags: TAGS,
    auth: tenantAccess(deps, "admin"),
    params: "admin/params#/$defs/connection",
    body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/connection#/$defs/change" },
    responses: { 200: "admin/connection" },
    async handler({ params, body, principal: { tenant, context } }) {
      const before = await connectionNamed(deps.p, tenant, params.connection);
      const secret = await deps.p.store.read(tenant.id).connectionSecret(before.id);
      const patch = await connectionPatch(deps, before, body, secret !== undefined);
      const { connection, run } = await updateConnection(deps.p, tenant, before.slug, patch, context);
      const view = { ...connectionView(deps, tenant, connection), ...(await warningsOf(deps, tenant, body)) };
      return { status: 200, body: run === undefined ? view : { ...view, run: await startedRun(deps.p, tenant, run) } };
    },
  });
}

/** Whoever says which connection may make owners hears what that does to the rules for them; so with weak encryption. */
async function warningsOf({ p }: AdminDeps, tenant: Tenant, body: NewConnectionBody | ConnectionChangeBody) {
  const legacy = legacyWarnings(body);
  if (body.mayGrantOwner === undefined) return legacy.length === 0 ? {} : { warnings: legacy };
  return { warnings: [...(await ownerWarnings(p, tenant)), ...legacy] };
}

interface Disable {
  readonly onDisable?: OnDisable;
  readonly digest?: string;
}

function deleteRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: ConnectionParams; query: Disable; body: Disable | undefined; principal: TenantCaller }>({
    method: "DELETE",
    path: CONNECTION,
    summary: "End a connection; what becomes of its people is said in the query or in a body",
    tags: TAGS,
    auth: tenantAccess(deps, "admin"),
    params: "admin/params#/$defs/connection",
    query: "admin/query#/$defs/disable",
    body: {
      read: "json",
      bytes: deps.limits.adminBodyBytes,
      optional: true,
      schema: "admin/connection#/$defs/disable",
    },
    responses: { 202: "admin/run#/$defs/ended" },
    async handler({ params, query, body, principal: { tenant, context } }) {
      const { run } = await deleteConnection(deps.p, tenant, params.connection, { ...query, ...body }, context);
      return { status: 202, body: { run: run === undefined ? null : await startedRun(deps.p, tenant, run) } };
    },
  });
}
