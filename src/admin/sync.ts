import type { Route } from "../http/route.js";
import type { OnDisable } from "../model/connection.js";
import { expectChange } from "../provisioning/expect.js";
import { goLive, previewSync } from "../provisioning/sync-mode.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import { type ConnectionParams, connectionNamed } from "./connections.js";
import type { AdminDeps } from "./deps.js";
import { futureInstant } from "./instants.js";
import { notAvailable } from "./not-available.js";
import { CONNECTION } from "./paths.js";
import { previewView } from "./previews.js";
import { startedRun } from "./run-view.js";

const TAGS = ["connections"];

export function syncRoutes(deps: AdminDeps): readonly Route[] {
  return [previewRoute(deps), goLiveRoute(deps), expectRoute(deps)];
}

interface PreviewQuery {
  readonly to: "live" | "off";
  readonly onDisable?: OnDisable;
  readonly limit?: number;
}

function previewRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: ConnectionParams; query: PreviewQuery; principal: TenantCaller }>({
    method: "GET",
    path: `${CONNECTION}/preview`,
    summary: "See what going live, or switching sync off, would do now",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/connection",
    query: "admin/query#/$defs/previewSync",
    responses: { 200: "admin/preview" },
    async handler({ params, query: { limit, ...change }, principal: { tenant } }) {
      const { slug } = await connectionNamed(deps.p, tenant, params.connection);
      return { status: 200, body: await previewView(await previewSync(deps.p, tenant, slug, change), limit) };
    },
  });
}

function goLiveRoute(deps: AdminDeps): Route {
  return adminRoute<{
    params: ConnectionParams;
    body: { readonly digest?: string; readonly welcomeMail?: boolean };
    principal: TenantCaller;
  }>({
    method: "POST",
    path: `${CONNECTION}/go-live`,
    summary: "Let what SCIM pushed change access, as its preview showed it",
    tags: TAGS,
    auth: tenantAccess(deps, "admin"),
    params: "admin/params#/$defs/connection",
    body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/sync#/$defs/goLive" },
    responses: { 202: "admin/run#/$defs/started" },
    async handler({ params, body: { digest, welcomeMail }, principal: { tenant, context } }) {
      if (welcomeMail === true) throw notAvailable("/welcomeMail", "a welcome mail");
      const { slug } = await connectionNamed(deps.p, tenant, params.connection);
      const { run } = await goLive(deps.p, tenant, slug, digest, context);
      return { status: 202, body: { run: await startedRun(deps.p, tenant, run) } };
    },
  });
}

function expectRoute(deps: AdminDeps): Route {
  return adminRoute<{
    params: ConnectionParams;
    body: { readonly max: number; readonly until: string };
    principal: TenantCaller;
  }>({
    method: "POST",
    path: `${CONNECTION}/expect`,
    summary: "Announce a planned change to the brake",
    tags: TAGS,
    auth: tenantAccess(deps, "admin"),
    params: "admin/params#/$defs/connection",
    body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/sync#/$defs/expect" },
    responses: { 200: "admin/sync#/$defs/expected" },
    async handler({ params, body: { max, until }, principal: { tenant, context } }) {
      const expected = { max, until: futureInstant("until", until, deps.p.now()) };
      await expectChange(deps.p, tenant, params.connection, expected, context);
      return { status: 200, body: expected };
    },
  });
}
