/** Why a person does not hold something: the account, the words that were asked with, what ended, or the nearest that there is. */
import { deactivationReason } from "../../engine/account.js";
import type { ExplainedRule } from "../../engine/explain/explain.js";
import type { Tenant } from "../../model/connection.js";
import type { Instant } from "../../model/ids.js";
import type { PersonState } from "../../model/person.js";
import { quote } from "../../model/quote.js";
import { didYouMean, suggest } from "../../model/suggest.js";
import { covers, type Target, targetLabel, teamOf } from "../../model/target.js";
import type { Provisioning } from "../deps.js";
import { activeMapping } from "../mapping/compiled-mappings.js";
import { knownRoles } from "../mapping/known-roles.js";
import type { TeamRow } from "../ports/access.js";
import { IS_FROZEN, waitsUnder } from "../preview/as-applied.js";
import { explanationOf } from "./explain-user.js";

export interface Denial {
  readonly code:
    | "deactivated"
    | "unknown_team"
    | "unknown_role"
    | "held"
    | "frozen"
    | "ended"
    | "not_held"
    | "near_miss";
  readonly reason: string;
  /** When what was held ended. */
  readonly endedAt?: Instant;
  /** The rule that is nearest to giving it, with the smallest change that would. */
  readonly nearest?: Pick<ExplainedRule, "rule" | "name" | "pointer" | "steps" | "proved" | "gives">;
}

/** At least one reason. `target` holds a present team name. */
export async function whyDenied(
  p: Provisioning,
  tenant: Tenant,
  user: PersonState,
  target: Target,
  teams: readonly TeamRow[],
): Promise<readonly Denial[]> {
  if (user.status === "deactivated") {
    return [{ code: "deactivated", reason: `the user is deactivated: ${deactivationReason(user.deactivatedBy)}` }];
  }
  const unknown = [...unknownTeam(target, teams), ...(await unknownRole(p, tenant, target))];
  if (unknown.some(({ code }) => code === "unknown_role")) return unknown;
  const { frozen, notGiven } = await explanationOf(p, tenant, user.id, {
    wanted: target,
    most: MOST_RULES,
    mostHeld: 0,
  });
  const [nearest] = notGiven;
  // A team that rules would make is there as soon as somebody gets into it.
  if (unknown.length > 0 && !nearest) return unknown;
  const missing = { code: "not_held", reason: `no grant gives ${quote(targetLabel(target))}` } as const;
  return [
    ...(unknown.length > 0 ? unknown : [missing]),
    ...(user.hold ? [{ code: "held", reason: waitsUnder(user.hold).text } as const] : []),
    ...(frozen ? [{ code: "frozen", reason: IS_FROZEN.text } as const] : []),
    ...(await lastEnded(p, tenant, user, target)),
    ...(nearest ? [nearMiss(nearest)] : []),
  ];
}

const MOST_RULES = 20;

function unknownTeam({ scope }: Target, teams: readonly TeamRow[]): readonly Denial[] {
  const name = teamOf(scope);
  if (name === undefined || teams.some((team) => team.name === name)) return [];
  const near = suggest(
    name,
    teams.map((team) => team.name),
  );
  return [{ code: "unknown_team", reason: `there is no team ${quote(name)}${didYouMean(near)}` }];
}

/** Role names are open: unknown is one that neither the catalogue, nor the mapping, nor anybody's grant of this person names. */
async function unknownRole(p: Provisioning, tenant: Tenant, { role }: Target): Promise<readonly Denial[]> {
  const reader = p.store.read(tenant.id);
  const mapping = await activeMapping(p, reader);
  const { names } = await knownRoles(reader, mapping);
  const isOpen = mapping.rules.some(({ give }) => give.roles === undefined) || mapping.scimRoles !== undefined;
  if (isOpen || names.has(role)) return [];
  const { items } = await reader.users({ role, limit: 1 });
  if (items.length > 0) return [];
  const hint = didYouMean(suggest(role, names));
  return [{ code: "unknown_role", reason: `nobody holds a role ${quote(role)}, and nothing gives it${hint}` }];
}

/** The last grant that gave it; a role in all teams gave it too. */
async function lastEnded(
  p: Provisioning,
  tenant: Tenant,
  user: PersonState,
  wanted: Target,
): Promise<readonly Denial[]> {
  const history = await p.store.read(tenant.id).grantHistory(user.id);
  const [last] = history
    .filter(({ target }) => covers(target, wanted))
    .flatMap(({ target, endedAt, endReason = "ended" }) =>
      endedAt === undefined ? [] : [{ target, endedAt, endReason }],
    )
    .sort((a, b) => (a.endedAt < b.endedAt ? 1 : -1));
  if (!last) return [];
  const { target, endedAt, endReason } = last;
  return [{ code: "ended", reason: `${quote(targetLabel(target))} was held until ${endedAt}: ${endReason}`, endedAt }];
}

function nearMiss({ rule, name, pointer, steps, proved, gives, sentence }: ExplainedRule): Denial {
  const nearest = {
    rule,
    name,
    pointer,
    steps,
    ...(proved === undefined ? {} : { proved }),
    ...(gives ? { gives } : {}),
  };
  return { code: "near_miss", reason: sentence, nearest };
}
