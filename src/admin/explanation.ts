import { isSyncedGrant } from "../engine/diff.js";
import type { ExplainOptions } from "../engine/explain/explain.js";
import type { Route } from "../http/route.js";
import type { Grant } from "../model/grant.js";
import { type Target, targetKey, teamScope } from "../model/target.js";
import { explainPast } from "../provisioning/explain/explain-past.js";
import { type AuthoredAssignment, explainUser } from "../provisioning/explain/explain-user.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import type { AdminDeps } from "./deps.js";
import { targetOf } from "./grants.js";
import { pastMoment } from "./instants.js";
import { USER } from "./paths.js";
import { accountNamed, type UserParams } from "./users.js";

interface ExplainQuery {
  readonly at?: string;
  readonly limit?: number;
  readonly scope?: string;
  readonly team?: string;
  readonly role?: string;
}

export function explanationRoutes(deps: AdminDeps): readonly Route[] {
  const { p } = deps;
  return [
    adminRoute<{ params: UserParams; query: ExplainQuery; principal: TenantCaller }>({
      method: "GET",
      path: `${USER}/explain`,
      summary:
        "Say why a user holds what they hold, and why not the rest; or why they held what they held at an earlier time",
      tags: ["users"],
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/user",
      query: "admin/query#/$defs/explain",
      responses: { 200: "admin/explanation#/$defs/answer" },
      async handler({ params, query, principal: { tenant } }) {
        const { id, userName } = await accountNamed(p, tenant, params.user);
        if (query.at !== undefined) {
          const past = await explainPast(p, tenant, id, pastMoment("at", query.at, p.now()), wantedIn(query));
          return { status: 200, body: { user: { id, userName }, ...past } };
        }
        const explanation = await explainUser(p, tenant, id, explainOptions(query));
        const reader = p.store.read(tenant.id);
        const [person] = await reader.people([id]);
        const slugs = new Map((await reader.connections()).map((one) => [one.id, one.slug]));
        const links = (await reader.linkOrigins(id)).map((link) => ({
          ...link,
          connection: slugs.get(link.connection) ?? link.connection,
        }));
        const taken = (person?.grants ?? []).filter((grant) => !isSyncedGrant(grant));
        const held = explanation.assignments.map((assignment) => withIds(assignment, taken));
        return { status: 200, body: { user: { id, userName }, ...explanation, links, assignments: held } };
      },
    }),
  ];
}

function explainOptions(query: ExplainQuery): ExplainOptions {
  const wanted = wantedIn(query);
  return { ...(query.limit === undefined ? {} : { most: query.limit }), ...(wanted && { wanted }) };
}

function wantedIn({ role, scope, team }: ExplainQuery): Target | undefined {
  const place = team === undefined ? scope : teamScope(team);
  return role === undefined || place === undefined ? undefined : targetOf({ scope: place, role });
}

/** What admins may take away has its id: by hand, and as a one-time default, a user holds a target once. */
function withIds(assignment: AuthoredAssignment, byHand: readonly Grant[]) {
  const key = targetKey(assignment.target);
  const taken = byHand.filter((grant) => targetKey(grant.target) === key);
  return {
    ...assignment,
    grants: assignment.grants.map((grant) => {
      const own = isSyncedGrant(grant) ? undefined : taken.find(({ origin }) => origin === grant.origin);
      return own === undefined ? grant : { id: own.id, ...grant };
    }),
  };
}
