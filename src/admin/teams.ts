import type { Route } from "../http/route.js";
import type { TeamPolicy, Tenant } from "../model/connection.js";
import type { TeamId } from "../model/ids.js";
import type { Provisioning } from "../provisioning/deps.js";
import type { TeamPolicyRow } from "../provisioning/ports/access.js";
import { setTeamPolicy } from "../provisioning/team-policy.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { type PageInput, pageOf } from "./paging.js";
import { TENANT } from "./paths.js";

const TAGS = ["catalogue"];
const TEAMS = `${TENANT}/teams`;

export function teamRoutes(deps: AdminDeps): readonly Route[] {
  const { p } = deps;
  return [
    adminRoute<{ query: PageInput; principal: TenantCaller }>({
      method: "GET",
      path: TEAMS,
      summary: "List teams",
      tags: TAGS,
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/tenant",
      query: "admin/query#/$defs/page",
      responses: { 200: "admin/team#/$defs/page" },
      handler: async ({ query, principal: { tenant } }) => ({
        status: 200,
        body: pageOf(
          await teams(p, tenant),
          query,
          ({ name }) => name,
          (team) => team,
        ),
      }),
    }),
    adminRoute<{
      params: { readonly team: TeamId };
      body: { readonly policy: TeamPolicy | null };
      principal: TenantCaller;
    }>({
      method: "PATCH",
      path: `${TEAMS}/:team`,
      summary: "Say whether admins give by hand in a team, beside the identity provider",
      tags: TAGS,
      auth: tenantAccess(deps, "admin"),
      params: "admin/params#/$defs/team",
      body: { read: "json", bytes: deps.limits.adminBodyBytes, schema: "admin/team#/$defs/change" },
      responses: { 200: "admin/team#/$defs/changed" },
      async handler({ params, body, principal: { tenant, context } }) {
        const manual = await setTeamPolicy(p, tenant, params.team, body.policy, context);
        const team = (await teams(p, tenant)).find(({ id }) => id === params.team);
        return { status: 200, body: { team, manual } };
      },
    }),
  ];
}

async function teams(p: Provisioning, tenant: Tenant) {
  const reader = p.store.read(tenant.id);
  const [named, policies] = [await reader.teams(), await reader.teamPolicies()];
  const byId = new Map<TeamId, TeamPolicyRow>(policies.map((row) => [row.id, row]));
  return named.flatMap((team) => {
    const row = byId.get(team.id);
    if (row === undefined) return [];
    const { policy: ownPolicy, manualGrants } = row;
    return [{ ...team, policy: ownPolicy ?? tenant.teamPolicy, ownPolicy, manualGrants }];
  });
}
