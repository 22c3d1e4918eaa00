/** The rules that a link's facts may match, before expressions are asked. */
import type { Open } from "../model/evaluation.js";
import type { GroupFact } from "../model/facts.js";
import type { Evidence } from "../model/grant.js";
import type { PersonLink } from "../model/person.js";
import { isPrivileged, type Target } from "../model/target.js";
import { isExpired } from "./compile/compiled-mapping.js";
import type { RuleTable, TableRule } from "./compile/rule-table.js";
import type { FactPath } from "./expression/facts.js";
import { appRoleHits, groupHits, type Hit, namedGroups, roleEvidence } from "./match.js";

/** A rule that a link matches, or may match, before any expression is asked. */
export interface Candidate {
  readonly owner: TableRule;
  readonly hits: readonly Hit[];
  /** Why there may be more hits than these. */
  readonly more?: Open;
  /** Why the hits themselves are not certain. */
  readonly doubt?: Open;
}

const EVERYONE: readonly Evidence[] = [{ kind: "everyone", label: "everyone" }];

/** In document order. Rules whose matchers are known not to hold are left out. */
export function candidates(
  table: RuleTable,
  link: PersonLink,
  named: readonly GroupFact[] = namedGroups(table, link.facts.groups),
): readonly Candidate[] {
  const found = groupCandidates(table, link, named);
  if (table.appRoleRules.length > 0) found.push(...appRoleCandidates(table, link));
  for (const owner of table.otherRules) found.push({ owner, hits: [unkeyedHit(owner)] });
  const current = table.expires ? found.filter(({ owner }) => !isExpired(owner.rule, link.at)) : found;
  const sound = table.hasAmbiguous ? current.map(doubtAmbiguous) : current;
  const waiting = link.facts.groups.members.find((member) => member.waiting !== undefined)?.waiting;
  const judged = waiting === undefined ? sound : sound.map((one) => withoutUnconfirmed(one, link, waiting));
  return judged.length > 1 ? judged.sort(byIndex) : judged;
}

const AMBIGUOUS: Open = { reason: "ambiguous_connection", detail: "several connections may grant `owner`" };

function doubtAmbiguous(candidate: Candidate): Candidate {
  return candidate.owner.rule.ambiguous ? { ...candidate, doubt: AMBIGUOUS } : candidate;
}

/**
 * Nothing privileged comes of a name that a group took over from a deleted one, nor of an expression that reads such names,
 * until an admin has confirmed the group. INVARIANT: nothing is taken by it either. A target that is still to be computed
 * counts as privileged.
 */
function withoutUnconfirmed(candidate: Candidate, { connection }: PersonLink, waiting: string): Candidate {
  const { owner, hits, doubt } = candidate;
  const { when, give } = owner.rule;
  const reads = (path: FactPath) => [when, give.grants].some((expression) => expression?.reads.includes(path));
  const readsNames = reads("groups");
  const readsName = reads("group.name");
  const roles = connection.privilegedRoles ?? NO_ROLES;
  const held = hits.filter(
    ({ waits, group, match: { target } }) =>
      (waits !== undefined || readsNames || (readsName && group?.waiting !== undefined)) &&
      (target === undefined || isPrivileged(target, roles)),
  );
  const [first] = held;
  if (doubt || !first) return candidate;
  const open: Open = { reason: "unconfirmed_group", detail: first.group?.waiting ?? waiting };
  if (held.length === hits.length) return { ...candidate, doubt: open };
  const more = give.grants ? open : { ...open, could: held.map(({ match }) => match.target as Target) };
  return { more, ...candidate, hits: hits.filter((hit) => !held.includes(hit)) };
}

const NO_ROLES: ReadonlySet<string> = new Set();

/** The rule's other matchers alone, no group or app role being looked at. */
export function unkeyedHit(owner: TableRule): Hit {
  const { give, when } = owner.rule;
  const match = { target: give.literal, evidence: when ? [] : EVERYONE, stale: false };
  return { owner, match, group: undefined };
}

function byIndex(a: Candidate, b: Candidate): number {
  return a.owner.rule.index - b.owner.rule.index;
}

function groupCandidates(table: RuleTable, link: PersonLink, named: readonly GroupFact[]): Candidate[] {
  const { groups } = link.facts;
  const byRule = together(groupHits(table, groups, named));
  if (groups.unlisted === "not_member")
    return table.hasJoint ? byRule.flatMap((one) => withAppRoles(one, link)) : byRule;
  const more: Open = { reason: groups.unlisted, detail: "groups" };
  const hitsOf = new Map(byRule.map((one) => [one.owner, one.hits]));
  return table.groupRules.flatMap((owner) => {
    const hits = hitsOf.get(owner) ?? [];
    const open = !isAnswered(owner, groups.answered);
    return hits.length > 0 || open ? withAppRoles({ owner, hits, ...(open ? { more } : {}) }, link) : [];
  });
}

/** Hits are sorted by rule: each run of equal rules becomes one candidate. */
function together(hits: readonly Hit[]): Candidate[] {
  const found: Candidate[] = [];
  for (let start = 0; start < hits.length; ) {
    const { owner } = hits[start] as Hit;
    let end = start + 1;
    while (hits[end]?.owner === owner) end += 1;
    found.push({ owner, hits: hits.slice(start, end) });
    start = end;
  }
  return found;
}

/** Absence is known for each group that the rule names, although groups as a whole are not. */
function isAnswered({ keys }: TableRule, answered: ReadonlySet<string>): boolean {
  if (!keys) return false;
  return [...keys.names.keys(), ...keys.ids.keys()].every((key) => answered.has(key));
}

/** Joins the app roles that a rule asks for beside its groups: none when they are known to be missing. */
function withAppRoles(candidate: Candidate, { facts }: PersonLink): readonly Candidate[] {
  const wanted = candidate.owner.rule.appRoles;
  if (!wanted) return [candidate];
  const held = facts.appRoles;
  if (!held.known) return [{ ...candidate, doubt: { reason: held.reason, detail: "app_roles" } }];
  const role = wanted.filter((one) => held.value.includes(one)).sort()[0];
  if (role === undefined) return [];
  const evidence = roleEvidence(role, held.staleSince);
  const hits = candidate.hits.map(({ match, ...hit }) => {
    const stale = match.stale || held.staleSince !== undefined;
    return { ...hit, match: { target: match.target, evidence: [...match.evidence, evidence], stale } };
  });
  return [{ ...candidate, hits }];
}

function appRoleCandidates(table: RuleTable, { facts }: PersonLink): readonly Candidate[] {
  const held = facts.appRoles;
  if (held.known) return together(appRoleHits(table, held.value, held.staleSince));
  const doubt: Open = { reason: held.reason, detail: "app_roles" };
  return table.appRoleRules.map((owner) => ({ owner, hits: [unkeyedHit(owner)], doubt }));
}
