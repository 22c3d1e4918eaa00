/** Previews: plans shown in pages, privileged changes first. The first page comes with the preview, the others by its id. */
import { createHash } from "node:crypto";
import type { Route } from "../http/route.js";
import type { PlanLine } from "../model/plan.js";
import { Refusal } from "../model/problem.js";
import { teamScope } from "../model/target.js";
import type { PlanRow } from "../provisioning/ports/mappings.js";
import type { Page, PageQuery } from "../provisioning/ports/store.js";
import type { Preview } from "../provisioning/preview/population.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { encodeCursor, type PageInput, pageQuery } from "./paging.js";
import { TENANT } from "./paths.js";

const TAGS = ["previews"];

/** The answer to a request for a preview. */
export async function previewView({ id, digest, summary, lines }: Preview, limit?: number) {
  return {
    id,
    digest,
    summary,
    ...changesOf(await lines(pageQuery(limit === undefined ? {} : { limit })), listMark(id, {})),
  };
}

/** A line of a plan without what only provisioning reads: people without an account are shown without an id. */
export function changeView(line: PlanLine) {
  const { change, target = null, reason, privileged, held } = line;
  const { id, userName, pending } = line.user;
  return { user: { id: pending ? null : id, userName }, change, target, reason, privileged, ...(held && { held }) };
}

function changesOf({ items, next }: Page<PlanRow>, mark: string) {
  return { changes: items.map(changeView), next: next === undefined ? null : encodeCursor(`${mark}:${next}`) };
}

/** Tells the list of one plan and its filters from any other: a place in one is none in another. */
function listMark(plan: string, { change, team, role, user }: PlanInput): string {
  const list = JSON.stringify([plan, change, team, role, user]);
  return createHash("sha256").update(list).digest("base64url").slice(0, 12);
}

/** Where the page begins. Refusal `bad_request` for the cursor of another list. */
function pageAfter(mark: string, query: PlanInput): PageQuery {
  const { after, ...page } = pageQuery(query);
  if (after === undefined) return page;
  if (after.startsWith(`${mark}:`)) return { ...page, after: after.slice(mark.length + 1) };
  throw new Refusal("bad_request", "`cursor` is of another plan, or of other filters: begin anew without it");
}

interface PlanInput extends PageInput {
  readonly change?: PlanLine["change"];
  readonly team?: string;
  readonly role?: string;
  readonly user?: string;
}

export function planRoutes(deps: AdminDeps): readonly Route[] {
  return [
    adminRoute<{ params: { readonly plan: string }; query: PlanInput; principal: TenantCaller }>({
      method: "GET",
      path: `${TENANT}/plans/:plan`,
      summary: "Read changes of a preview, by its id: the further ones, or some of them",
      tags: TAGS,
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/plan",
      query: "admin/query#/$defs/plan",
      responses: { 200: "admin/preview" },
      async handler({ params, query, principal: { tenant } }) {
        const reader = deps.p.store.read(tenant.id);
        const plan = await reader.planById(params.plan);
        if (plan === undefined) throw new Refusal("not_found", `no plan \`${params.plan}\`: plans are kept for a day`);
        const { id, digest, summary } = plan;
        const { team, change, role, user } = query;
        const where = { change, role, user, scope: team === undefined ? undefined : teamScope(team) };
        const mark = listMark(id, query);
        const page = changesOf(await reader.planLines(id, { ...pageAfter(mark, query), where }), mark);
        return { status: 200, body: { id, digest, summary, ...page } };
      },
    }),
  ];
}
