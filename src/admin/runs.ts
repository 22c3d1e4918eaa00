import type { Route } from "../http/route.js";
import type { RunId } from "../model/ids.js";
import type { RunStatus } from "../model/plan.js";
import { discardRun, previewRun, releaseRun, waitForRun } from "../provisioning/runs/held-runs.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { notAvailable } from "./not-available.js";
import { type PageInput, pageQuery, pageView } from "./paging.js";
import { RUN, RUNS } from "./paths.js";
import { previewView } from "./previews.js";
import { oneRunView, runViews, startedRun } from "./run-view.js";

const TAGS = ["runs"];
interface RunParams {
  readonly run: RunId;
}

export function runRoutes(deps: AdminDeps): readonly Route[] {
  return [
    listRoute(deps),
    readRoute(deps),
    previewRoute(deps),
    releaseRoute(deps),
    discardRoute(deps),
    undoRoute(deps),
  ];
}

function listRoute(deps: AdminDeps): Route {
  return adminRoute<{ query: PageInput & { readonly status?: RunStatus }; principal: TenantCaller }>({
    method: "GET",
    path: RUNS,
    summary: "List runs, latest first",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/tenant",
    query: "admin/query#/$defs/runs",
    responses: { 200: "admin/run#/$defs/page" },
    async handler({ query, principal: { tenant } }) {
      const { status } = query;
      const page = await deps.p.store.read(tenant.id).runs({ ...pageQuery(query), ...(status && { status }) });
      const items = await runViews(deps.p, tenant, page.items);
      return { status: 200, body: pageView({ ...page, items }, (view) => view) };
    },
  });
}

function readRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: RunParams; query: { readonly wait?: number }; principal: TenantCaller }>({
    method: "GET",
    path: RUN,
    summary: "Read a run; with `wait`, once it is over or held, or the seconds have passed",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/run",
    query: "admin/query#/$defs/run",
    responses: { 200: "admin/run" },
    async handler({ params, query, principal: { tenant } }) {
      const run = await waitForRun(deps.p, tenant, params.run, query.wait ?? 0);
      return { status: 200, body: await oneRunView(deps.p, tenant, run) };
    },
  });
}

function previewRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: RunParams; query: { readonly limit?: number }; principal: TenantCaller }>({
    method: "GET",
    path: `${RUN}/preview`,
    summary: "See what releasing a held run would do now",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/run",
    query: "admin/query#/$defs/previewRun",
    responses: { 200: "admin/preview" },
    async handler({ params, query, principal: { tenant } }) {
      return { status: 200, body: await previewView(await previewRun(deps.p, tenant, params.run), query.limit) };
    },
  });
}

function releaseRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: RunParams; body: { readonly digest: string }; principal: TenantCaller }>({
    method: "POST",
    path: `${RUN}/release`,
    summary: "Let a held run go, as its preview showed it",
    tags: TAGS,
    auth: tenantAccess(deps, "write"),
    params: "admin/params#/$defs/run",
    body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/run#/$defs/release" },
    responses: { 202: "admin/run#/$defs/started" },
    async handler({ params: { run }, body, principal: { tenant, context } }) {
      await releaseRun(deps.p, tenant, run, body.digest, context);
      return { status: 202, body: { run: await startedRun(deps.p, tenant, run) } };
    },
  });
}

function discardRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: RunParams; principal: TenantCaller }>({
    method: "POST",
    path: `${RUN}/discard`,
    summary: "Keep everybody in a held run as they are, until they would lose something else, too",
    tags: TAGS,
    auth: tenantAccess(deps, "write"),
    params: "admin/params#/$defs/run",
    responses: { 200: "admin/run" },
    async handler({ params, principal: { tenant, context } }) {
      await discardRun(deps.p, tenant, params.run, context);
      const run = await waitForRun(deps.p, tenant, params.run, 0);
      return { status: 200, body: await oneRunView(deps.p, tenant, run) };
    },
  });
}

function undoRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: RunParams; principal: TenantCaller }>({
    method: "POST",
    path: `${RUN}/undo`,
    summary: "Not available in this version: refused by name",
    tags: TAGS,
    auth: tenantAccess(deps, "write"),
    params: "admin/params#/$defs/run",
    responses: {},
    async handler({ params, principal: { tenant } }) {
      await waitForRun(deps.p, tenant, params.run, 0);
      throw notAvailable("", "undoing a run");
    },
  });
}
