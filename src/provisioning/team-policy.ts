/** Team policies: where admins give by hand beside the identity provider, and where it alone gives. */
import type { Connection, TeamPolicy, Tenant } from "../model/connection.js";
import type { TeamId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { scopeKind } from "../model/target.js";
import { auditEntry, type Context, type Provisioning } from "./deps.js";
import type { ManualGrantRow } from "./ports/access.js";
import type { TenantReader } from "./ports/store.js";

const LISTED = 100;

/** Teams that a refusal names. */
const NAMED = 10;

/**
 * Sets a team's own policy; `null` goes back to the tenant's. Takes nothing from anybody: answers with what was given there by
 * hand before, in all teams too, the first hundred. Refusal `not_found`.
 */
export async function setTeamPolicy(
  p: Provisioning,
  tenant: Tenant,
  id: TeamId,
  policy: TeamPolicy | null,
  context: Context,
): Promise<readonly ManualGrantRow[]> {
  return p.store.write(tenant.id, async (tx) => {
    const [before] = await tx.teamPolicies(id);
    if (!before) throw new Refusal("not_found", `no team \`${id}\``);
    await tx.setTeamPolicy(id, policy);
    if (before.policy !== policy) {
      const detail = { team: before.name, policy, before: before.policy };
      await tx.appendAudit([auditEntry(context, p.now(), "team.updated", detail)]);
    }
    return tx.manualGrantsIn(id, LISTED);
  });
}

/**
 * Refuses what is given by hand where identity providers alone give: in a team, and in `all_teams` where that is so in any
 * of them. `team`: of a `team:` scope. Where no provider keeps people up to date, nobody else could give: then admins may.
 * Refusal `read_only`.
 */
export async function refuseByPolicy(tx: TenantReader, scope: string, team: TeamId | undefined): Promise<void> {
  const where = await leftToProviders(tx, scope, team);
  if (where === undefined) return;
  const providers = (await tx.connections()).filter(keepsUpToDate).map(({ slug }) => `\`${slug}\``);
  if (providers.length === 0) return;
  throw new Refusal(
    "read_only",
    `${where} left to the identity provider (${providers.join(", ")}): change its groups or the mapping, or the policy`,
  );
}

async function leftToProviders(tx: TenantReader, scope: string, team: TeamId | undefined): Promise<string | undefined> {
  const kind = scopeKind(scope);
  if (kind !== "team" && kind !== "all_teams") return undefined;
  const { teamPolicy } = await tx.tenantNow();
  if (kind === "all_teams" && teamPolicy === "idp_only") return "all teams are";
  const teams = kind === "team" && team === undefined ? [] : await tx.teamPolicies(team);
  const left = teams.filter(({ policy }) => (policy ?? teamPolicy) === "idp_only").map(({ name }) => `\`${name}\``);
  if (left.length > 1) return `teams ${left.slice(0, NAMED).join(", ")}${left.length > NAMED ? " and others" : ""} are`;
  return left.length === 1 ? `team ${left[0]} is` : undefined;
}

/** What Tines calls enhanced syncing, or SCIM: a sign-in that counts once is no upkeep. */
function keepsUpToDate({ protocol, jit, sync, disabledAt }: Connection): boolean {
  if (protocol === "local" || disabledAt !== undefined) return false;
  return sync === "live" || (protocol !== "scim" && jit === "every_sign_in");
}
