import type { Route } from "../http/route.js";
import { Refusal } from "../model/problem.js";
import type { MappingVersion } from "../provisioning/ports/mappings.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { MAPPING, withDocument } from "./mapping.js";
import { type PageInput, pageQuery, pageView } from "./paging.js";

const TAGS = ["mapping"];
const VERSIONS = `${MAPPING}/versions`;

export function mappingHistoryRoutes(deps: AdminDeps): readonly Route[] {
  const { p } = deps;
  return [
    adminRoute<{ query: PageInput; principal: TenantCaller }>({
      method: "GET",
      path: VERSIONS,
      summary: "List the mapping's versions, latest first",
      tags: TAGS,
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/tenant",
      query: "admin/query#/$defs/page",
      responses: { 200: "admin/mapping#/$defs/versions" },
      async handler({ query, principal: { tenant } }) {
        const page = await p.store.read(tenant.id).mappingVersions(pageQuery(query));
        return { status: 200, body: pageView(page, (version) => versionView(version, tenant.activeVersion)) };
      },
    }),
    adminRoute<{ params: { readonly version: number }; principal: TenantCaller }>({
      method: "GET",
      path: `${VERSIONS}/:version`,
      summary: "Read a version of the mapping",
      tags: TAGS,
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/version",
      responses: { 200: "admin/mapping#/$defs/versionDetail" },
      async handler({ params, principal: { tenant } }) {
        const version = await p.store.read(tenant.id).mappingVersion(params.version);
        if (version === undefined) throw new Refusal("not_found", `no mapping version ${params.version}`);
        const body = withDocument(versionView(version, tenant.activeVersion), version.text);
        return { status: 200, headers: { "content-type": "application/json" }, body };
      },
    }),
  ];
}

function versionView(stored: MappingVersion, active: number) {
  const { version, author, note = null, restores = null, createdAt } = stored;
  return { version, active: version === active, author, note, restores, createdAt };
}
