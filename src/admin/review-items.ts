import type { Route } from "../http/route.js";
import type { UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { adoptByHand } from "../provisioning/adopt-by-hand.js";
import { type AcceptMany, acceptReviewItem, acceptReviewItems, closeReviewItem } from "../provisioning/review-items.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { type PageInput, pageQuery, pageView } from "./paging.js";
import { TENANT, USER } from "./paths.js";
import { userNamed, userView } from "./users.js";

const TAGS = ["users"];
const ITEMS = `${TENANT}/review-items`;

/** What waits for an admin to say who is who, and how they say it. */
export function reviewItemRoutes(deps: AdminDeps): readonly Route[] {
  const { p } = deps;
  return [
    adminRoute<{ query: PageInput; principal: TenantCaller }>({
      method: "GET",
      path: ITEMS,
      summary: "List what waits for an admin to say who is who",
      tags: TAGS,
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/tenant",
      query: "admin/query#/$defs/page",
      responses: { 200: "admin/review-item#/$defs/page" },
      async handler({ query, principal: { tenant } }) {
        const reader = p.store.read(tenant.id);
        const slugs = new Map((await reader.connections()).map(({ id, slug }) => [id, slug]));
        const page = await reader.reviewItems(pageQuery(query));
        const view = pageView(page, ({ connection, ...item }) => ({ ...item, connection: slugs.get(connection) }));
        return { status: 200, body: view };
      },
    }),
    adminRoute<{ params: { readonly item: string }; principal: TenantCaller }>({
      method: "DELETE",
      path: `${ITEMS}/:item`,
      summary: "Put away what was decided",
      tags: TAGS,
      auth: tenantAccess(deps, "write"),
      params: "admin/params#/$defs/reviewItem",
      responses: { 204: null },
      async handler({ params, principal: { tenant, context } }) {
        if (await closeReviewItem(p, tenant, params.item, context)) return { status: 204 };
        throw new Refusal("not_found", `nothing waits as \`${params.item}\``);
      },
    }),
    adminRoute<{ params: { readonly item: string }; principal: TenantCaller }>({
      method: "POST",
      path: `${ITEMS}/:item/accept`,
      summary: "Let a pushed person be signed in to by another subject",
      tags: TAGS,
      auth: tenantAccess(deps, "admin"),
      params: "admin/params#/$defs/reviewItem",
      responses: { 204: null },
      async handler({ params, principal: { tenant, context } }) {
        if (await acceptReviewItem(p, tenant, params.item, context)) return { status: 204 };
        throw new Refusal("not_found", `nothing waits as \`${params.item}\``);
      },
    }),
    adminRoute<{ body: AcceptMany; principal: TenantCaller }>({
      method: "POST",
      path: `${ITEMS}/accept`,
      summary: "Accept many items of a connection, 100 at a time",
      tags: TAGS,
      auth: tenantAccess(deps, "admin"),
      params: "admin/params#/$defs/tenant",
      body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/review-item#/$defs/acceptMany" },
      responses: { 200: "admin/review-item#/$defs/acceptedMany" },
      async handler({ body, principal: { tenant, context } }) {
        return { status: 200, body: await acceptReviewItems(p, tenant, body, context) };
      },
    }),
    adminRoute<{
      params: { readonly user: UserId };
      body: { readonly connection: string };
      principal: TenantCaller;
    }>({
      method: "POST",
      path: `${USER}/adoption`,
      summary: "Hand a person made by hand to a connection, which keeps them from then on",
      tags: TAGS,
      auth: tenantAccess(deps, "admin"),
      params: "admin/params#/$defs/user",
      body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/user#/$defs/adoption" },
      responses: { 200: "admin/user" },
      async handler({ params, body, principal: { tenant, context } }) {
        await adoptByHand(p, tenant, params.user, body.connection, context);
        return { status: 200, body: userView(await userNamed(p, tenant, params.user)) };
      },
    }),
  ];
}
