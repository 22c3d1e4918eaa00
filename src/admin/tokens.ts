import type { Route } from "../http/route.js";
import type { TokenInfo } from "../provisioning/ports/connections.js";
import { createToken, revokeToken } from "../provisioning/tokens.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import { type ConnectionParams, connectionNamed } from "./connections.js";
import type { AdminDeps } from "./deps.js";
import { futureInstant } from "./instants.js";
import { type PageInput, pageOf } from "./paging.js";
import { CONNECTION, pathOf } from "./paths.js";

const TAGS = ["tokens"];
const TOKENS = `${CONNECTION}/tokens`;
const TOKEN = `${TOKENS}/:token`;

interface NewToken {
  readonly name: string;
  readonly expiresAt?: string;
  readonly serviceAccount?: string;
}

export function tokenRoutes(deps: AdminDeps): readonly Route[] {
  return [createRoute(deps), listRoute(deps), revokeRoute(deps)];
}

function createRoute(deps: AdminDeps): Route {
  const { p, limits } = deps;
  return adminRoute<{ params: ConnectionParams; body: NewToken; principal: TenantCaller }>({
    method: "POST",
    path: TOKENS,
    summary: "Make a SCIM token; the first one moves a never-set `sync` to `test`",
    tags: TAGS,
    auth: tenantAccess(deps, "admin"),
    params: "admin/params#/$defs/connection",
    body: { read: "json", bytes: limits.adminBodyBytes, schema: "admin/token#/$defs/new" },
    responses: { 201: "admin/token#/$defs/made" },
    async handler({ params, body, principal: { tenant, context } }) {
      const expires =
        body.expiresAt === undefined ? {} : { expiresAt: futureInstant("expiresAt", body.expiresAt, p.now()) };
      const made = await createToken(p, tenant, params.connection, { ...body, ...expires }, context);
      const location = pathOf(TOKEN, { tenant: tenant.slug, connection: params.connection, token: made.id });
      return { status: 201, headers: { location }, body: { ...made, name: body.name, ...expires } };
    },
  });
}

function listRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: ConnectionParams; query: PageInput; principal: TenantCaller }>({
    method: "GET",
    path: TOKENS,
    summary: "List a connection's SCIM tokens, without their secrets",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/connection",
    query: "admin/query#/$defs/page",
    responses: { 200: "admin/token#/$defs/page" },
    async handler({ params, query, principal: { tenant } }) {
      const connection = await connectionNamed(deps.p, tenant, params.connection);
      const tokens = await deps.p.store.read(tenant.id).tokens(connection.id);
      return {
        status: 200,
        body: pageOf(tokens, query, ({ id }) => id, shown),
      };
    },
  });
}

function shown({ serviceAccount, ...token }: TokenInfo) {
  if (serviceAccount === undefined) return token;
  const { id, userName } = serviceAccount;
  return { ...token, serviceAccount: { id, userName } };
}

function revokeRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: ConnectionParams & { readonly token: string }; principal: TenantCaller }>({
    method: "DELETE",
    path: TOKEN,
    summary: "Revoke a SCIM token, at once",
    tags: TAGS,
    auth: tenantAccess(deps, "admin"),
    params: "admin/params#/$defs/token",
    responses: { 204: null },
    async handler({ params, principal: { tenant, context } }) {
      await revokeToken(deps.p, tenant, params.connection, params.token, context);
      return { status: 204 };
    },
  });
}
