/** Decide owns the answer for one person over all links: the account, the grants that ought to be open, and what stays. */
import type { Decision, LinkEvaluation, Lock, Open } from "../model/evaluation.js";
import { type DesiredGrant, type GrantKey, grantKey } from "../model/grant.js";
import { isCurrent, type PersonLink } from "../model/person.js";
import { type DecidedPerson, type DecisionDoor, decideAccount, type Matching, matchingOf } from "./account.js";
import { type CompiledMapping, isExpired } from "./compile/compiled-mapping.js";
import { appliesAt } from "./compile/rule-table.js";
import { settle } from "./conflict.js";
import { collectOffers, couldGiveIn, presentTarget, type ResolveTeam } from "./offers.js";
import { assignRoles, scimRoleStands } from "./scim-roles.js";

/** What deciding asks of the tenant beside mapping and person. */
export interface DecideOptions {
  /** Present team names by names and aliases. */
  readonly resolveTeam: ResolveTeam;
}

/**
 * Decides for one person. `evaluations` has one entry per link, in the order of `person.links`. Links that SCIM calls
 * inactive give nothing. The answer does not depend on what the person holds; `diff` compares.
 */
export function decide(
  mapping: CompiledMapping,
  person: DecidedPerson,
  evaluations: readonly LinkEvaluation[],
  door: DecisionDoor,
  options: DecideOptions,
): Decision {
  const current = person.links.filter(isCurrent);
  const counted = evaluations.filter((_, index) => isCurrent(person.links[index] as PersonLink));
  const assigned = assignRoles(mapping, current, options.resolveTeam);
  const matching = withAssigned(matchingOf(counted), assigned.grants);
  const account = decideAccount(mapping, person, current, matching, door);
  const { byKind, offers, rejected } = collectOffers(mapping, counted, options.resolveTeam);
  const desired: DesiredGrant[] = [];
  const locks: Lock[] = [];
  for (const [kind, offered] of byKind) {
    const settled = settle(mapping.conflicts[kind], mapping.roleOrder, offered.offers, offered.opens);
    desired.push(...settled.desired);
    locks.push(...settled.locks);
  }
  desired.push(...assigned.grants);
  const isNew = account.status === "registered" && !person.everRegistered;
  desired.push(...defaults(mapping, current, matching, isNew, options.resolveTeam));
  locks.push(...fallbackLocks(mapping, matching, counted));
  if (account.settling) locks.push({ rule: FALLBACK, open: account.settling, covers: () => false });
  // Spelled out: spreading into an object of this size costs more than all the rest together.
  return {
    status: account.status,
    statusReason: account.statusReason,
    statusConnection: account.statusConnection,
    deactivatedBy: account.deactivatedBy,
    verdict: account.verdict,
    desired: person.links.length > 1 ? distinct(desired) : desired,
    locks,
    offered: offers,
    rejected,
    unassigned: assigned.unassigned,
    frozen: current.length > 0 && current.every(isFrozen),
    stands: (grant) => stands(grant, mapping, person.links, options.resolveTeam),
    evaluations,
  };
}

/** Whoever SCIM gives a role to is somebody whom the mapping speaks of; one that is only kept proves nothing new. */
function withAssigned(matching: Matching, assigned: readonly DesiredGrant[]): Matching {
  if (assigned.length === 0 || matching === "matched") return matching;
  return assigned.some(({ stale }) => !stale) ? "matched" : "undecided";
}

/** INVARIANT: no lock outlives its rule; what a rule gave goes when the rule goes, expires, or no longer gives there. */
function stands(
  grant: GrantKey,
  mapping: CompiledMapping,
  links: readonly PersonLink[],
  resolveTeam: ResolveTeam,
): boolean {
  if (grant.origin === "scim_role") return scimRoleStands(mapping, grant, links, resolveTeam);
  const { rule: id, connection, target } = grant;
  if (id === FALLBACK) return true;
  const rule = mapping.ruleById.get(String(id));
  if (!rule?.enabled || !couldGiveIn(rule, target.scope, resolveTeam)) return false;
  if (links.some(({ at }) => isExpired(rule, at))) return false;
  const link = links.find((one) => one.connection.id === connection);
  return !link || appliesAt(rule, link.connection.slug, link.connection.mayGrantOwner);
}

function isFrozen({ scim, connection }: PersonLink): boolean {
  return scim === undefined && connection.jit === "first_sign_in" && connection.protocol !== "local";
}

/** The one-time defaults of a new account, or the fallback that `no_match: default` keeps while nothing matches. */
function defaults(
  mapping: CompiledMapping,
  current: readonly PersonLink[],
  matching: Matching,
  isNew: boolean,
  resolveTeam: ResolveTeam,
): readonly DesiredGrant[] {
  const isFallback = mapping.noMatch === "default";
  const given = isFallback ? matching === "unmatched" && current.length > 0 : isNew;
  if (!given || current.some(({ connection }) => connection.unruled)) return [];
  return mapping.defaults.flatMap(({ rule, target }) => {
    const present = presentTarget(target, mapping, resolveTeam);
    if (!present) return [];
    return [{ target: present, origin: "default", rule: isFallback ? FALLBACK : rule, evidence: [], stale: false }];
  });
}

const FALLBACK = "no_match";
const STALE: Open = { reason: "stale", detail: "the facts that a rule matched by" };

/** While it is open whether a rule matches, the fallback neither comes nor goes. */
function fallbackLocks(
  mapping: CompiledMapping,
  matching: Matching,
  evaluations: readonly LinkEvaluation[],
): readonly Lock[] {
  if (mapping.noMatch !== "default" || matching !== "undecided") return [];
  const opens = evaluations.flatMap(({ notable }) => notable.flatMap((one) => ("open" in one ? [one.open] : [])));
  const open = opens.find((one) => one !== undefined) ?? STALE;
  return [{ rule: FALLBACK, open, covers: (_target, rule) => rule === FALLBACK }];
}

/** Two links of one connection can give the same grant; a fresh one counts before a stale one. */
function distinct(desired: readonly DesiredGrant[]): readonly DesiredGrant[] {
  const byKey = new Map<string, DesiredGrant>();
  for (const grant of desired) {
    const before = byKey.get(grantKey(grant));
    if (!before || before.stale) byKey.set(grantKey(grant), grant);
  }
  return [...byKey.values()];
}
