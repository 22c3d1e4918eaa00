import type { Route } from "../http/route.js";
import { lintMapping, type MappingLint } from "../provisioning/mapping/lint.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { MAPPING } from "./mapping.js";

const TAGS = ["mapping"];
const LINT = `${MAPPING}/lint`;
const DAYS = 90;
/** More findings are counted, not listed. */
const LISTED = 1000;

interface LintQuery {
  readonly days?: number;
}

export function mappingLintRoutes(deps: AdminDeps): readonly Route[] {
  const shared = {
    path: LINT,
    tags: TAGS,
    auth: tenantAccess(deps, "read"),
    params: "admin/params#/$defs/tenant",
    query: "admin/query#/$defs/lintMapping",
    responses: { 200: "admin/mapping-lint" },
  } as const;
  return [
    adminRoute<{ query: LintQuery; principal: TenantCaller }>({
      ...shared,
      method: "GET",
      summary: "Find dead, drifting and risky rules of the active mapping, beside what was really sent",
      async handler({ query: { days = DAYS }, principal: { tenant } }) {
        return { status: 200, body: lintView(await lintMapping(deps.p, tenant, undefined, { days })) };
      },
    }),
    adminRoute<{ query: LintQuery; body: string; principal: TenantCaller }>({
      ...shared,
      method: "POST",
      summary: "The same for a draft; nothing is changed",
      body: { read: "text", bytes: deps.limits.mappingBytes, schema: "mapping" },
      async handler({ query: { days = DAYS }, body, principal: { tenant } }) {
        return { status: 200, body: lintView(await lintMapping(deps.p, tenant, body, { days })) };
      },
    }),
  ];
}

function lintView({ version, days, findings, groups }: MappingLint) {
  const count = (severity: string) => findings.filter((one) => one.severity === severity).length;
  return {
    version,
    days,
    counts: { error: count("error"), warning: count("warning"), hint: count("hint") },
    findings: findings.slice(0, LISTED),
    groups,
  };
}
