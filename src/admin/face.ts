/** The admin API owns what programs and the console ask of a tenant by JSON: who may call what, and how answers look. */
import type { ApiInfo } from "../http/openapi.js";
import { openApi } from "../http/openapi.js";
import { anybody, defineRoute, type Face, type Route } from "../http/route.js";
import type { JsonObject } from "../model/json.js";
import { checkRoutes } from "./access-check.js";
import { apiKeyRoutes } from "./api-keys.js";
import { assignmentRoutes } from "./assignments.js";
import { catalogueRoutes } from "./catalogue.js";
import { connectionKeyRoutes } from "./connection-keys.js";
import { connectionRoutes } from "./connections.js";
import type { AdminDeps } from "./deps.js";
import { domainRoutes } from "./domains.js";
import { erasureRoutes } from "./erasure.js";
import { explanationRoutes } from "./explanation.js";
import { grantRoutes } from "./grants.js";
import { groupPinRoutes } from "./group-pins.js";
import { groupRoutes } from "./groups.js";
import { journalRoutes } from "./journal.js";
import { mappingRoutes } from "./mapping.js";
import { mappingHistoryRoutes } from "./mapping-history.js";
import { mappingLintRoutes } from "./mapping-lint.js";
import { mappingTryRoutes } from "./mapping-try.js";
import { metadataRefreshRoute } from "./metadata-refresh.js";
import { PREFIX } from "./paths.js";
import { planRoutes } from "./previews.js";
import { renderAdminError } from "./refusals.js";
import { requestRoutes } from "./requests.js";
import { reviewItemRoutes } from "./review-items.js";
import { runRoutes } from "./runs.js";
import { serviceAccountRoutes } from "./service-accounts.js";
import { sessionRoutes } from "./sessions.js";
import { signInRoutes } from "./sign-ins.js";
import { syncRoutes } from "./sync.js";
import { teamRoutes } from "./teams.js";
import { tenantRoutes } from "./tenants.js";
import { tokenRoutes } from "./tokens.js";
import { userExampleRoutes } from "./user-example.js";
import { userRoutes } from "./users.js";

export interface AdminApi {
  readonly face: Face;
  /** For the root: `GET /openapi.json`. */
  readonly rootRoutes: readonly Route[];
}

/** `others`: what other faces serve, for the description of the whole service. */
export function createAdminApi(deps: AdminDeps, others: readonly Route[], version: string): AdminApi {
  const routes = adminRoutes(deps);
  let document: JsonObject | undefined;
  const describe = (path: string): Route =>
    defineRoute({
      method: "GET",
      path,
      summary: "This description of the service (OpenAPI 3.1)",
      tags: ["description"],
      auth: anybody,
      responses: { 200: null },
      async handler() {
        document ??= describeService(all, deps.publicUrl, version);
        return { status: 200, body: document };
      },
    });
  const root = describe("/openapi.json");
  const own = describe(`${PREFIX}/openapi.json`);
  // The one at the root stands for both.
  const all: readonly Route[] = [...routes, ...others, root];
  return { face: { prefix: PREFIX, routes: [...routes, own], renderError: renderAdminError }, rootRoutes: [root] };
}

function adminRoutes(deps: AdminDeps): readonly Route[] {
  return [
    ...tenantRoutes(deps),
    ...domainRoutes(deps),
    ...connectionRoutes(deps),
    ...connectionKeyRoutes(deps),
    metadataRefreshRoute(deps),
    ...syncRoutes(deps),
    ...tokenRoutes(deps),
    ...requestRoutes(deps),
    ...mappingRoutes(deps),
    ...mappingHistoryRoutes(deps),
    ...mappingLintRoutes(deps),
    ...mappingTryRoutes(deps),
    ...planRoutes(deps),
    ...userRoutes(deps),
    ...serviceAccountRoutes(deps),
    ...erasureRoutes(deps),
    ...reviewItemRoutes(deps),
    ...explanationRoutes(deps),
    ...userExampleRoutes(deps),
    ...grantRoutes(deps),
    ...groupRoutes(deps),
    ...groupPinRoutes(deps),
    ...assignmentRoutes(deps),
    ...checkRoutes(deps),
    ...runRoutes(deps),
    ...teamRoutes(deps),
    ...catalogueRoutes(deps),
    ...signInRoutes(deps),
    ...sessionRoutes(deps),
    ...apiKeyRoutes(deps),
    ...journalRoutes(deps),
  ];
}

function describeService(routes: readonly Route[], server: string, version: string): JsonObject {
  const info: ApiInfo = {
    title: "Rolecall",
    version,
    description: "Teams and roles from what identity providers say, and why.",
    server,
    problem: "admin/problem",
  };
  return openApi(routes, info);
}
