import { evidenceText } from "../engine/reasons.js";
import type { Route } from "../http/route.js";
import type { Tenant } from "../model/connection.js";
import type { Grant } from "../model/grant.js";
import type { UserId } from "../model/ids.js";
import type { PersonState } from "../model/person.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { type Target, targetLabel, teamOf } from "../model/target.js";
import type { Provisioning } from "../provisioning/deps.js";
import { adminRoute } from "./admin-route.js";
import { type TenantCaller, tenantAccess } from "./callers.js";
import { connectionSlugs } from "./connection-slugs.js";
import type { AdminDeps } from "./deps.js";
import { targetOf } from "./grants.js";
import { TENANT } from "./paths.js";

interface CheckQuery {
  readonly user: string;
  readonly scope?: string;
  readonly team?: string;
  readonly role: string;
}

export function checkRoutes(deps: AdminDeps): readonly Route[] {
  return [
    adminRoute<{ query: CheckQuery; principal: TenantCaller }>({
      method: "GET",
      path: `${TENANT}/check`,
      summary: "Say whether a user holds a role in a scope, and because of what",
      tags: ["users"],
      auth: tenantAccess(deps, "read"),
      params: "admin/params#/$defs/tenant",
      query: "admin/query#/$defs/check",
      responses: { 200: "admin/check" },
      async handler({ query, principal: { tenant } }) {
        const target = targetOf(query);
        const person = await personNamed(deps.p, tenant, query.user);
        const slugOf = await connectionSlugs(deps.p, tenant);
        const because = person.status === "registered" ? person.grants.filter((grant) => gives(grant, target)) : [];
        const allowed = because.length > 0;
        const reasons = allowed
          ? because.map((grant) => grantReason(grant, slugOf(grant.connection)))
          : [{ reason: refusalReason(person, target) }];
        return { status: 200, body: { allowed, because: reasons } };
      },
    }),
  ];
}

/** A role in all teams is a role in each of them. Roles include nothing of one another: their names are open. */
function gives({ target }: Grant, wanted: Target): boolean {
  if (target.role !== wanted.role) return false;
  return target.scope === wanted.scope || (target.scope === "all_teams" && teamOf(wanted.scope) !== undefined);
}

/** By id, else by userName. Refusals: `not_found`, `conflict` when several people have that userName. */
async function personNamed(p: Provisioning, tenant: Tenant, name: string): Promise<PersonState> {
  const reader = p.store.read(tenant.id);
  const byId = await reader.user(name as UserId);
  const { items } = byId === undefined ? await reader.users({ userName: name, limit: 2 }) : { items: [byId] };
  const [user, another] = items;
  if (another !== undefined) throw new Refusal("conflict", `several users are called ${quote(name)}: give an id`);
  const [person] = user === undefined ? [] : await reader.people([user.id]);
  if (person === undefined) throw new Refusal("not_found", `no user ${quote(name)}`);
  return person;
}

function grantReason(grant: Grant, connection: string | null) {
  const { id, target, origin, rule, since } = grant;
  return {
    reason: sentence(grant, connection),
    grant: id,
    target,
    origin,
    ...(rule === undefined ? {} : { rule }),
    ...(connection === null ? {} : { connection }),
    since,
  };
}

function sentence({ target, origin, rule, by, reason, evidence }: Grant, connection: string | null): string {
  const what = quote(targetLabel(target));
  const where = connection === null ? "" : ` by what connection ${quote(connection)} says`;
  if (origin === "manual") return `${what} was given by ${by ?? "hand"}: ${reason ?? "without a reason"}`;
  if (origin === "scim_role") return `${evidenceText(evidence)} gives ${what}${where}`;
  return `${origin === "rule" ? "rule" : "the"} ${origin === "rule" ? quote(rule ?? "") : origin} gives ${what}${where}`;
}

function refusalReason({ status }: PersonState, target: Target): string {
  return status === "registered" ? `no grant gives ${quote(targetLabel(target))}` : "the user is deactivated";
}
