import type { Route } from "../http/route.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { refreshMetadata } from "../provisioning/metadata-refresh.js";
import type { MetadataState } from "../provisioning/ports/metadata.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import { type ConnectionParams, connectionNamed } from "./connections.js";
import type { AdminDeps } from "./deps.js";
import { CONNECTION } from "./paths.js";
import { watchedView } from "./watched-connection.js";

/** An admin need not wait for the worker to look at a provider's metadata, and confirms the keys that are new there. */
export function metadataRefreshRoute(deps: AdminDeps): Route {
  return adminRoute<{
    params: ConnectionParams;
    body: { readonly acceptKeys?: readonly string[] } | undefined;
    principal: TenantCaller;
  }>({
    method: "POST",
    path: `${CONNECTION}/refresh-metadata`,
    summary: "Look at a SAML provider's metadata now, and confirm new keys of it",
    tags: ["connections"],
    auth: tenantAccess(deps, "admin"),
    params: "admin/params#/$defs/connection",
    body: {
      read: "json",
      bytes: deps.limits.adminBodyBytes,
      optional: true,
      schema: "admin/connection#/$defs/refresh",
    },
    responses: { 200: "admin/connection" },
    async handler({ params, body, principal: { tenant, context } }) {
      const connection = await connectionNamed(deps.p, tenant, params.connection);
      if (connection.saml?.metadataUrl === undefined) {
        const what = `connection ${quote(connection.slug)} has no \`metadataUrl\``;
        throw new Refusal("bad_request", `${what}: change it with metadata, or with the address of it`);
      }
      const state = await refreshMetadata(deps.p, tenant.id, connection.id, context, body);
      if (state === undefined) throw new Refusal("conflict", "the connection was changed meanwhile: say it again");
      if (state.problem !== undefined) throw notRefreshed(state.problem);
      const refreshed = await connectionNamed(deps.p, tenant, connection.slug);
      return { status: 200, body: await watchedView(deps, tenant, refreshed) };
    },
  });
}

function notRefreshed({ code, message }: NonNullable<MetadataState["problem"]>): Refusal {
  const problems = [{ pointer: "/idp/metadataUrl", code, message }];
  return new Refusal("invalid_document", `the metadata was not refreshed: ${message}`, { problems });
}
