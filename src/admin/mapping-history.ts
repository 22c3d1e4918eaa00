import type { Route } from "../http/route.js";
import {
  createVersionSummaries,
  diffVersions,
  previewVersion,
  type VersionSummary,
  versionNamed,
} from "../provisioning/mapping/mapping-history.js";
import type { MappingVersion } from "../provisioning/ports/mappings.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { MAPPING, withDocument } from "./mapping.js";
import { type PageInput, pageQuery, pageView } from "./paging.js";
import { previewView } from "./previews.js";

const TAGS = ["mapping"];
const VERSIONS = `${MAPPING}/versions`;
const VERSION = `${VERSIONS}/:version`;
const SUMMARIES_REMEMBERED = 2_000;

interface VersionParams {
  readonly version: number;
}

export function mappingHistoryRoutes(deps: AdminDeps): readonly Route[] {
  return [listRoute(deps), readRoute(deps), diffRoute(deps), previewRoute(deps)];
}

function listRoute(deps: AdminDeps): Route {
  const summaries = createVersionSummaries(deps.p, SUMMARIES_REMEMBERED);
  return adminRoute<{ query: PageInput; principal: TenantCaller }>({
    method: "GET",
    path: VERSIONS,
    summary: "List the mapping's versions, latest first, with what each of them changed",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/tenant",
    query: "admin/query#/$defs/page",
    responses: { 200: "admin/mapping#/$defs/versions" },
    async handler({ query, principal: { tenant } }) {
      const page = await deps.p.store.read(tenant.id).mappingVersions(pageQuery(query));
      const said = await summaries.of(tenant, page.items);
      const items = page.items.map((version, index) => ({ version, summary: said[index] as VersionSummary }));
      const view = ({ version, summary }: (typeof items)[number]) => ({
        ...versionView(version, tenant.activeVersion),
        ...summary,
      });
      return { status: 200, body: pageView({ ...page, items }, view) };
    },
  });
}

function readRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: VersionParams; principal: TenantCaller }>({
    method: "GET",
    path: VERSION,
    summary: "Read a version of the mapping",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/version",
    responses: { 200: "admin/mapping#/$defs/versionDetail" },
    async handler({ params, principal: { tenant } }) {
      const version = await versionNamed(deps.p, tenant, params.version);
      const body = withDocument(versionView(version, tenant.activeVersion), version.text);
      return { status: 200, headers: { "content-type": "application/json" }, body };
    },
  });
}

function diffRoute(deps: AdminDeps): Route {
  return adminRoute<{ params: VersionParams; query: { readonly against?: number }; principal: TenantCaller }>({
    method: "GET",
    path: `${VERSION}/diff`,
    summary: "See what a version changed in the one before it, or in any other",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/version",
    query: "admin/query#/$defs/diff",
    responses: { 200: "admin/mapping-diff" },
    async handler({ params: { version }, query: { against = version - 1 }, principal: { tenant } }) {
      return { status: 200, body: { version, against, ...(await diffVersions(deps.p, tenant, version, against)) } };
    },
  });
}

function previewRoute(deps: AdminDeps): Route {
  return adminRoute<{
    params: VersionParams;
    query: { readonly includeFrozen?: boolean; readonly limit?: number };
    principal: TenantCaller;
  }>({
    method: "POST",
    path: `${VERSION}/preview`,
    summary: "See what bringing a version back would change, for everybody; nothing is changed",
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/version",
    query: "admin/query#/$defs/previewMapping",
    responses: { 200: "admin/preview" },
    async handler({ params, query: { limit, ...options }, principal: { tenant } }) {
      const preview = await previewVersion(deps.p, tenant, params.version, options);
      const { problems, warnings } = preview;
      return { status: 200, body: { ...(await previewView(preview, limit)), problems, warnings } };
    },
  });
}

function versionView(stored: MappingVersion, active: number) {
  const { version, author, note = null, restores = null, createdAt } = stored;
  return { version, active: version === active, author, note, restores, createdAt };
}
