import { presentScope } from "../engine/offers.js";
import { evidenceText } from "../engine/reasons.js";
import { isMadeId, ruleNameOf } from "../engine/rule-text.js";
import type { Route } from "../http/route.js";
import type { Grant } from "../model/grant.js";
import { quote } from "../model/quote.js";
import { covers, targetLabel } from "../model/target.js";
import type { Provisioning } from "../provisioning/deps.js";
import { personNamed } from "../provisioning/explain/person-named.js";
import { whyDenied } from "../provisioning/explain/why-denied.js";
import { teamBook } from "../provisioning/judge.js";
import { activeMapping } from "../provisioning/mapping/compiled-mappings.js";
import type { TenantReader } from "../provisioning/ports/store.js";
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
        const { p } = deps;
        const reader = p.store.read(tenant.id);
        const user = await personNamed(reader, query.user);
        const teams = await reader.teams();
        const { scope, role } = targetOf(query);
        // A team may be asked for by a name that it had before.
        const target = { scope: presentScope(scope, teamBook(teams)), role };
        const open = user.grants.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > p.now());
        const because = user.status === "registered" ? open.filter((grant) => covers(grant.target, target)) : [];
        const slugOf = await connectionSlugs(p, tenant);
        if (because.length > 0) {
          const nameOf = await ruleNames(p, reader, because);
          const reasons = because.map((grant) => grantReason(grant, slugOf(grant.connection), nameOf));
          return { status: 200, body: { allowed: true, because: reasons } };
        }
        return { status: 200, body: { allowed: false, because: await whyDenied(p, tenant, user, target, teams) } };
      },
    }),
  ];
}

type NameOf = (rule: string) => string;

/** What people call the rules of these grants. An id that somebody wrote is its own name, so that nothing is read for it. */
async function ruleNames(p: Provisioning, reader: TenantReader, grants: readonly Grant[]): Promise<NameOf> {
  if (!grants.some(({ rule }) => rule !== undefined && isMadeId(rule))) return quote;
  const mapping = await activeMapping(p, reader);
  return (rule) => ruleNameOf(mapping, rule);
}

function grantReason(grant: Grant, connection: string | null, nameOf: NameOf) {
  const { id, target, origin, rule, since } = grant;
  return {
    code: "granted",
    reason: sentence(grant, connection, nameOf),
    grant: id,
    target,
    origin,
    ...(rule === undefined ? {} : { rule }),
    ...(connection === null ? {} : { connection }),
    since,
  };
}

function sentence(
  { target, origin, rule, by, reason, evidence }: Grant,
  connection: string | null,
  nameOf: NameOf,
): string {
  const what = quote(targetLabel(target));
  const where = connection === null ? "" : ` by what connection ${quote(connection)} says`;
  if (origin === "manual") return `${what} was given by ${by ?? "hand"}: ${reason ?? "without a reason"}`;
  if (origin === "scim_role") return `${evidenceText(evidence)} gives ${what}${where}`;
  return `${origin === "rule" ? "rule" : "the"} ${origin === "rule" ? nameOf(rule ?? "") : origin} gives ${what}${where}`;
}
