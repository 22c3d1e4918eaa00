import type { Route } from "../http/route.js";
import { acceptRename, confirmPin, listPins, movePin } from "../provisioning/group-pins.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { type PageInput, pageOf } from "./paging.js";
import { TENANT } from "./paths.js";

const TAGS = ["groups"];
const PINS = `${TENANT}/group-pins`;

export function groupPinRoutes(deps: AdminDeps): readonly Route[] {
  const { p } = deps;
  return [
    adminRoute<{ query: PageInput; principal: TenantCaller }>({
      method: "GET",
      path: PINS,
      summary: "List the names of the mapping with the groups that they mean, and who else is called so",
      tags: TAGS,
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/tenant",
      query: "admin/query#/$defs/page",
      responses: { 200: "admin/group-pin#/$defs/page" },
      handler: async ({ query, principal: { tenant } }) => ({
        status: 200,
        body: pageOf(
          await listPins(p, tenant),
          query,
          ({ connection, name }) => `${connection} ${name}`,
          (pin) => pin,
        ),
      }),
    }),
    order(deps, "confirm", "Confirm a group that took its name over from a deleted one", confirmPin),
    order(deps, "move", "Make a name of the mapping mean another group", movePin),
    order(deps, "accept", "Let a renamed group go by its present name", acceptRename),
  ];
}

function order<Body>(
  deps: AdminDeps,
  name: "confirm" | "move" | "accept",
  summary: string,
  carryOut: (
    p: AdminDeps["p"],
    tenant: TenantCaller["tenant"],
    body: Body,
    context: TenantCaller["context"],
  ) => Promise<void>,
): Route {
  return adminRoute<{ body: Body; principal: TenantCaller }>({
    method: "POST",
    path: `${PINS}/${name}`,
    summary,
    tags: TAGS,
    auth: tenantAccess(deps, "write"),
    params: "admin/params#/$defs/tenant",
    body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: `admin/group-pin#/$defs/${name}` },
    responses: { 204: null },
    async handler({ body, principal: { tenant, context } }) {
      await carryOut(deps.p, tenant, body, context);
      return { status: 204 };
    },
  });
}
