import type { Route } from "../http/route.js";
import { listPins } from "../provisioning/group-pins.js";
import { changePins, type PinCommand, previewPins } from "../provisioning/pin-orders.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { type PageInput, pageOf } from "./paging.js";
import { TENANT } from "./paths.js";
import { previewView } from "./previews.js";
import { startedRun } from "./run-view.js";

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
    ...orderRoutes(deps, "confirm", "confirm a group that took its name over from a deleted one"),
    ...orderRoutes(deps, "move", "make a name of the mapping mean another group"),
    ...orderRoutes(deps, "accept", "let a renamed group go by its present name"),
  ];
}

type OrderBody = Omit<PinCommand, "kind"> & { readonly digest?: string };

function orderRoutes(deps: AdminDeps, kind: PinCommand["kind"], what: string): readonly Route[] {
  const path = `${PINS}/${kind}`;
  const shared = {
    method: "POST",
    tags: TAGS,
    params: "admin/params#/$defs/tenant",
    body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: `admin/group-pin#/$defs/${kind}` },
  } as const;
  return [
    adminRoute<{ query: { readonly limit?: number }; body: OrderBody; principal: TenantCaller }>({
      ...shared,
      path: `${path}/preview`,
      summary: `See who would gain and lose: ${what}`,
      auth: tenantAccess(deps, "read"),
      query: "admin/query#/$defs/previewRun",
      responses: { 200: "admin/preview" },
      async handler({ query, body: { digest: _digest, ...body }, principal: { tenant } }) {
        const preview = await previewPins(deps.p, tenant, { kind, ...body } as PinCommand);
        return { status: 200, body: await previewView(preview, query.limit) };
      },
    }),
    adminRoute<{ body: OrderBody; principal: TenantCaller }>({
      ...shared,
      path,
      summary: what.charAt(0).toUpperCase() + what.slice(1),
      auth: tenantAccess(deps, "write"),
      responses: { 202: "admin/run#/$defs/started", 204: null },
      async handler({ body: { digest, ...body }, principal: { tenant, context } }) {
        const { run } = await changePins(deps.p, tenant, { kind, ...body } as PinCommand, digest, context);
        return run === undefined
          ? { status: 204 }
          : { status: 202, body: { run: await startedRun(deps.p, tenant, run) } };
      },
    }),
  ];
}
