import type { Route } from "../http/route.js";
import type { Connection, ScimProfile, Tenant } from "../model/connection.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import type { Provisioning } from "../provisioning/deps.js";
import type { KeptRequest, KeptRequestQuery, Sighting, SightingKind } from "../provisioning/ports/requests.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { ConnectionParams } from "./connections.js";
import type { AdminDeps } from "./deps.js";
import { type PageInput, pageQuery, pageView } from "./paging.js";
import { CONNECTION } from "./paths.js";

const TAGS = ["SCIM requests"];

type RequestsQuery = PageInput & Omit<KeptRequestQuery, "after" | "limit">;

export function requestRoutes(deps: AdminDeps): readonly Route[] {
  return [listRoute(deps), readRoute(deps), dialectRoute(deps)];
}

/** Also one that has ended: why its client is refused stands in its log. Refusal `not_found`. */
async function connectionCalled(p: Provisioning, tenant: Tenant, slug: string): Promise<Connection> {
  const connection = await p.store.read(tenant.id).connectionBySlug(slug);
  if (connection === undefined) throw new Refusal("not_found", `no connection ${quote(slug)}`);
  return connection;
}

function listRoute({ p, ...deps }: AdminDeps): Route {
  return adminRoute<{ params: ConnectionParams; query: RequestsQuery; principal: TenantCaller }>({
    method: "GET",
    path: `${CONNECTION}/requests`,
    summary: "Read the log of a connection's SCIM requests, latest first, without their bodies",
    tags: TAGS,
    auth: tenantAccess({ p, ...deps }, "read"),
    params: "admin/params#/$defs/connection",
    query: "admin/query#/$defs/requests",
    responses: { 200: "admin/scim-request#/$defs/page" },
    async handler({ params, query, principal: { tenant } }) {
      const { cursor: _cursor, limit: _limit, ...filters } = query;
      const { id } = await connectionCalled(p, tenant, params.connection);
      const page = await p.store.read(tenant.id).keptRequests(id, { ...filters, ...pageQuery(query) });
      return { status: 200, body: pageView(page, lineView) };
    },
  });
}

function readRoute({ p, ...deps }: AdminDeps): Route {
  return adminRoute<{ params: ConnectionParams & { readonly request: string }; principal: TenantCaller }>({
    method: "GET",
    path: `${CONNECTION}/requests/:request`,
    summary: "Read one SCIM request of the log, with its body as far as it is kept",
    tags: TAGS,
    auth: tenantAccess({ p, ...deps }, "read"),
    params: "admin/params#/$defs/request",
    responses: { 200: "admin/scim-request" },
    async handler({ params, principal: { tenant } }) {
      const { id } = await connectionCalled(p, tenant, params.connection);
      const request = await p.store.read(tenant.id).keptRequest(id, params.request);
      if (request === undefined) throw new Refusal("not_found", `no request \`${params.request}\` in the log`);
      return { status: 200, body: requestView(request) };
    },
  });
}

function dialectRoute({ p, ...deps }: AdminDeps): Route {
  return adminRoute<{ params: ConnectionParams; principal: TenantCaller }>({
    method: "GET",
    path: `${CONNECTION}/dialect`,
    summary: "Read what the connection's SCIM client turned out to need",
    tags: TAGS,
    auth: tenantAccess({ p, ...deps }, "read"),
    params: "admin/params#/$defs/connection",
    responses: { 200: "admin/scim-request#/$defs/dialect" },
    async handler({ params, principal: { tenant } }) {
      const { id, profile } = await connectionCalled(p, tenant, params.connection);
      return { status: 200, body: dialectView(profile, await p.store.read(tenant.id).sightings(id)) };
    },
  });
}

function requestView(request: KeptRequest) {
  const {
    id,
    at,
    method,
    status,
    quirks,
    client,
    requestId,
    resource = null,
    token,
    alike,
    alikeUntil = null,
  } = request;
  const { detail } = request;
  const suggested = detail["suggestedProfile"] as ScimProfile | undefined;
  return {
    ...{ id, at, method, status, client, quirks, requestId, resource, alike, alikeUntil },
    ...detail,
    token: { id: token ?? null, state: detail["token"] ?? "live" },
    ...(suggested && { hint: hintOf(suggested) }),
  };
}

/** A line of the list: what came and what became of it. */
function lineView(request: KeptRequest) {
  const { query: _query, body: _body, failures: _failures, ...detail } = request.detail;
  return requestView({ ...request, detail });
}

const CALLED: Readonly<Record<string, string>> = { okta: "Okta", entra: "Entra" };

function hintOf(profile: ScimProfile): string {
  return `this looks like ${CALLED[profile] ?? profile}: set the connection's profile to \`${profile}\``;
}

/** The latest suggestion counts, unless it is followed already. */
function dialectView(profile: ScimProfile, sightings: readonly Sighting[]) {
  const of = (kind: SightingKind) => sightings.filter((seen) => seen.kind === kind);
  const view = ({ name, count, firstAt, lastAt }: Sighting) => ({ name, count, firstAt, lastAt });
  const outcome = (name: string) => {
    const { count = 0, lastAt = null } = of("outcome").find((seen) => seen.name === name) ?? {};
    return { count, lastAt };
  };
  const [latest] = of("profile").toSorted((a, b) => (a.lastAt < b.lastAt ? 1 : -1));
  const suggested = latest === undefined || latest.name === profile ? null : (latest.name as ScimProfile);
  return {
    profile,
    suggestedProfile: suggested,
    hint: suggested === null ? null : hintOf(suggested),
    answered: outcome("answered"),
    refused: outcome("refused"),
    clients: of("client").map(view),
    quirks: of("quirk").map(view),
  };
}
