import type { Route } from "../http/route.js";
import type { JsonObject } from "../model/json.js";
import { type TryInput, tryPerson } from "../provisioning/preview/try-person.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { MAPPING } from "./mapping.js";
import { changeView } from "./previews.js";

type TryBody = Omit<TryInput, "document"> & { readonly document?: JsonObject };

export function mappingTryRoutes(deps: AdminDeps): readonly Route[] {
  return [
    adminRoute<{ body: TryBody; principal: TenantCaller }>({
      method: "POST",
      path: `${MAPPING}/try`,
      summary: "Try one person: what they would hold by other facts or by a draft, and why; nothing is changed",
      tags: ["mapping"],
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/tenant",
      body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/try#/$defs/request" },
      responses: { 200: "admin/try" },
      async handler({ body: { document, ...input }, principal: { tenant } }) {
        const draft = document === undefined ? {} : { document: JSON.stringify(document) };
        const { changes, ...tried } = await tryPerson(deps.p, tenant, { ...input, ...draft });
        return { status: 200, body: { ...tried, changes: changes.map(changeView) } };
      },
    }),
  ];
}
