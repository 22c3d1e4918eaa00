import { X509Certificate } from "node:crypto";
import type { Route } from "../http/route.js";
import type { Instant } from "../model/ids.js";
import { activateKey, deleteKey, keysOf, makeNextKey } from "../provisioning/connection-keys.js";
import type { ConnectionKey, KeyUse } from "../provisioning/ports/connection-keys.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import { type ConnectionParams, connectionNamed } from "./connections.js";
import type { AdminDeps } from "./deps.js";
import { CONNECTION, pathOf } from "./paths.js";

const TAGS = ["connections"];
const KEYS = `${CONNECTION}/keys`;
const KEY = `${KEYS}/:key`;

type KeyParams = ConnectionParams & { readonly key: string };

export function connectionKeyRoutes(deps: AdminDeps): readonly Route[] {
  return [listRoute(deps), makeRoute(deps), activateRoute(deps), deleteRoute(deps)];
}

function listRoute({ p, ...deps }: AdminDeps): Route {
  return adminRoute<{ params: ConnectionParams; principal: TenantCaller }>({
    method: "GET",
    path: KEYS,
    summary: "List a connection's own keys: what it signs with and what is encrypted for it, without private halves",
    tags: TAGS,
    auth: tenantAccess({ p, ...deps }, "read"),
    params: "admin/params#/$defs/connection",
    responses: { 200: "admin/connection-key#/$defs/list" },
    async handler({ params, principal: { tenant } }) {
      const connection = await connectionNamed(p, tenant, params.connection);
      const keys = await keysOf(p, tenant, connection);
      return { status: 200, body: { items: keys.map((key) => keyView(key, p.now())) } };
    },
  });
}

function makeRoute(deps: AdminDeps): Route {
  const { p, limits } = deps;
  return adminRoute<{ params: ConnectionParams; body: { readonly use: KeyUse }; principal: TenantCaller }>({
    method: "POST",
    path: KEYS,
    summary: "Make the next key of a connection: it is published, and used once it is activated",
    tags: TAGS,
    auth: tenantAccess(deps, "admin"),
    params: "admin/params#/$defs/connection",
    body: { read: "json", bytes: limits.adminBodyBytes, schema: "admin/connection-key#/$defs/new" },
    responses: { 201: "admin/connection-key" },
    async handler({ params, body, principal: { tenant, context } }) {
      const connection = await connectionNamed(p, tenant, params.connection);
      const key = await makeNextKey(p, tenant, connection, body.use, context);
      const location = pathOf(KEY, { tenant: tenant.slug, connection: connection.slug, key: key.id });
      return { status: 201, headers: { location }, body: keyView(key, p.now()) };
    },
  });
}

function activateRoute(deps: AdminDeps): Route {
  const { p } = deps;
  return adminRoute<{ params: KeyParams; principal: TenantCaller }>({
    method: "POST",
    path: `${KEY}/activate`,
    summary: "Use this key from now on; the one before retires, and what is encrypted for it is still read",
    tags: TAGS,
    auth: tenantAccess(deps, "admin"),
    params: "admin/params#/$defs/connectionKey",
    responses: { 200: "admin/connection-key" },
    async handler({ params, principal: { tenant, context } }) {
      const connection = await connectionNamed(p, tenant, params.connection);
      return { status: 200, body: keyView(await activateKey(p, tenant, connection, params.key, context), p.now()) };
    },
  });
}

function deleteRoute(deps: AdminDeps): Route {
  const { p } = deps;
  return adminRoute<{ params: KeyParams; principal: TenantCaller }>({
    method: "DELETE",
    path: KEY,
    summary: "Delete a key that is not in use, for good",
    tags: TAGS,
    auth: tenantAccess(deps, "admin"),
    params: "admin/params#/$defs/connectionKey",
    responses: { 204: null },
    async handler({ params, principal: { tenant, context } }) {
      const connection = await connectionNamed(p, tenant, params.connection);
      await deleteKey(p, tenant, connection, params.key, context);
      return { status: 204 };
    },
  });
}

/** What an admin compares with what the identity provider shows, and gives it where it takes no metadata. */
function keyView({ certificate, activatedAt, retiringSince, ...key }: ConnectionKey, now: Instant) {
  const read = new X509Certificate(Buffer.from(certificate, "base64"));
  const notAfter = new Date(read.validTo).toISOString();
  return {
    ...key,
    fingerprint: read.fingerprint256,
    certificate: read.toString(),
    notAfter,
    expired: notAfter < now,
    activatedAt: activatedAt ?? null,
    retiringSince: retiringSince ?? null,
  };
}
