/** The tenant's mapping: read, previewed, saved and brought back. Documents are kept, and answered, exactly as they were sent. */
import type { Answer, HttpRequest } from "../http/exchange.js";
import type { BodyRule, Route } from "../http/route.js";
import type { Tenant } from "../model/connection.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import type { Context } from "../provisioning/deps.js";
import {
  activateVersion,
  previewMapping,
  type SavedMapping,
  type SaveOptions,
  saveMapping,
} from "../provisioning/mapping/mappings.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import { connectionSlugs } from "./connection-slugs.js";
import type { AdminDeps } from "./deps.js";
import { TENANT } from "./paths.js";
import { previewView } from "./previews.js";
import { startedRun } from "./run-view.js";

const TAGS = ["mapping"];
export const MAPPING = `${TENANT}/mapping`;

interface SaveQuery {
  readonly digest?: string;
  readonly includeFrozen?: boolean;
  readonly note?: string;
}

export function mappingRoutes(deps: AdminDeps): readonly Route[] {
  return [
    readRoute(deps),
    saveRoute(deps, "PUT", "Save the mapping and make it active"),
    saveRoute(deps, "POST", "Save the mapping and make it active, as PUT does"),
    previewRoute(deps),
    activateRoute(deps),
  ];
}

/** A document inside an answer: its text as it was sent, which parsing and writing again would change. */
export function withDocument(view: object, text: string): string {
  return `${JSON.stringify(view).slice(0, -1)},"document":${text}}`;
}

function documentBody({ limits }: AdminDeps): BodyRule {
  return { read: "text", bytes: limits.mappingBytes, schema: "mapping" };
}

function readRoute(deps: AdminDeps): Route {
  return adminRoute<{ principal: TenantCaller }>({
    method: "GET",
    path: MAPPING,
    summary: "Read the active mapping; its version is the ETag",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/tenant",
    responses: { 200: "admin/mapping" },
    async handler({ principal: { tenant } }) {
      const { version, text } = (await deps.p.store.read(tenant.id).activeMapping()) ?? { version: 0, text: "{}" };
      return {
        status: 200,
        headers: { ...etag(version), "content-type": "application/json" },
        body: withDocument({ version }, text),
      };
    },
  });
}

function saveRoute(deps: AdminDeps, method: "PUT" | "POST", summary: string): Route {
  return adminRoute<{ query: SaveQuery; body: string; principal: TenantCaller }>({
    method,
    path: MAPPING,
    summary,
    tags: TAGS,
    auth: tenantAccess(deps, "write"),
    params: "admin/params#/$defs/tenant",
    query: "admin/query#/$defs/saveMapping",
    body: documentBody(deps),
    responses: { 200: "admin/mapping#/$defs/saved" },
    async handler({ request, query, body, principal: { tenant, context } }) {
      const options = { ...query, ...expectedVersion(request) };
      return savedAnswer(deps, tenant, await saveMapping(deps.p, tenant, body, options, mappingContext(context)));
    },
  });
}

function previewRoute(deps: AdminDeps): Route {
  return adminRoute<{
    query: { readonly includeFrozen?: boolean; readonly limit?: number };
    body: string;
    principal: TenantCaller;
  }>({
    method: "POST",
    path: `${MAPPING}/preview`,
    summary: "See what a mapping would change, for everybody; nothing is changed",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/tenant",
    query: "admin/query#/$defs/previewMapping",
    body: documentBody(deps),
    responses: { 200: "admin/preview" },
    async handler({ query: { limit, ...options }, body, principal: { tenant } }) {
      const preview = await previewMapping(deps.p, tenant, body, options);
      const { problems, warnings } = preview;
      return { status: 200, body: { ...(await previewView(preview, limit)), problems, warnings } };
    },
  });
}

interface Activation extends SaveQuery {
  readonly expectedVersion?: number;
}

function activateRoute(deps: AdminDeps): Route {
  return adminRoute<{
    params: { readonly version: number };
    query: SaveQuery;
    body: Activation | undefined;
    principal: TenantCaller;
  }>({
    method: "POST",
    path: `${MAPPING}/versions/:version/activate`,
    summary: "Bring an earlier version back, as a new version",
    tags: TAGS,
    auth: tenantAccess(deps, "write"),
    params: "admin/params#/$defs/version",
    query: "admin/query#/$defs/saveMapping",
    body: {
      read: "json",
      bytes: deps.limits.adminBodyBytes,
      optional: true,
      schema: "admin/mapping#/$defs/activate",
    },
    responses: { 200: "admin/mapping#/$defs/saved" },
    async handler({ request, params, query, body, principal: { tenant, context } }) {
      const options = { ...query, ...body, ...expectedVersion(request) };
      return savedAnswer(deps, tenant, await activate(deps, tenant, params.version, options, context));
    },
  });
}

function activate(deps: AdminDeps, tenant: Tenant, version: number, options: SaveOptions, context: Context) {
  return activateVersion(deps.p, tenant, version, options, mappingContext(context));
}

/** The audit tells apart what came by the mapping from what an admin did to one person. */
function mappingContext(context: Context): Context {
  return { ...context, door: "mapping" };
}

async function savedAnswer(deps: AdminDeps, tenant: Tenant, saved: SavedMapping): Promise<Answer> {
  const { version, digest, summary } = saved;
  const slugOf = await connectionSlugs(deps.p, tenant);
  const beyondBrake = saved.beyondBrake.map(({ connection, ...beyond }) => ({
    connection: slugOf(connection),
    ...beyond,
  }));
  const run = await startedRun(deps.p, tenant, saved.run);
  return { status: 200, headers: etag(version), body: { version, digest, summary, beyondBrake, run } };
}

function etag(version: number): { readonly etag: string } {
  return { etag: `"${version}"` };
}

/** `If-Match` with a version's ETag; `*` stands for any. */
function expectedVersion(request: HttpRequest): { readonly expectedVersion?: number } {
  const header = request.header("if-match")?.trim();
  if (header === undefined || header === "*") return {};
  const version = /^(?:W\/)?"(\d{1,9})"$/.exec(header)?.[1];
  if (version !== undefined) return { expectedVersion: Number(version) };
  throw new Refusal("bad_request", `\`If-Match\` must be the ETag of a version, such as \`"3"\`, is ${quote(header)}`);
}
