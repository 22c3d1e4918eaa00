/** Finds which rules a person's groups and app roles speak to, by look-ups; never by walking the rules. */
import type { Match } from "../model/evaluation.js";
import type { GroupFact, GroupFacts } from "../model/facts.js";
import type { Evidence } from "../model/grant.js";
import type { Instant } from "../model/ids.js";
import type { Target } from "../model/target.js";
import { compareText } from "./compare-text.js";
import type { RuleTable, TableEntry, TableRule } from "./compile/rule-table.js";
import { targetOf } from "./give.js";
import type { PatternIndex } from "./pattern-index.js";

/** A match whose target is still to be computed, where the rule has `grants`. */
export type Found = Omit<Match, "target"> & { readonly target: Target | undefined };

/** One way in which a rule's matchers hold, its expressions aside: for one group, one app role, or without either. */
export interface Hit {
  readonly owner: TableRule;
  readonly match: Found;
  /** The matched group, for expressions that read it. */
  readonly group: GroupFact | undefined;
  /** It holds by a name that the group took over from a deleted one, which nobody has confirmed. */
  readonly waits?: string;
}

/**
 * The groups that some rule names, out of all that a person has: one look-up per name and id, however many rules there
 * are. What comes of them is worked out by `groupHits`.
 */
export function namedGroups({ byName, byId }: RuleTable, groups: GroupFacts): readonly GroupFact[] {
  const named: GroupFact[] = [];
  const seeksIds = byId.size > 0;
  for (const member of groups.members) {
    if (hasAny(byName, member.names) || (seeksIds && hasAny(byId, member.ids))) named.push(member);
  }
  return named;
}

function hasAny(keys: ReadonlyMap<string, unknown>, texts: readonly string[]): boolean {
  for (const text of texts) if (keys.has(text)) return true;
  return false;
}

/** Every way in which a group matcher holds, each group once per rule, sorted by rule and then by group. */
export function groupHits(table: RuleTable, groups: GroupFacts, named: readonly GroupFact[]): Hit[] {
  const hits: Hit[] = [];
  for (const member of named) {
    const before = hits.length;
    // What an id proves waits for nobody, so that it counts before a name that does.
    if (member.waiting === undefined) addNameHits(hits, before, table, member);
    for (const id of member.ids) addLiteralHits(hits, before, table.byId.get(id), member);
    if (member.waiting !== undefined) addNameHits(hits, before, table, member);
  }
  if (table.patterns) addPatternHits(hits, table.patterns, groups);
  return hits.length > 1 ? hits.sort(byRuleThenGroup) : hits;
}

function addNameHits(hits: Hit[], before: number, { byName }: RuleTable, member: GroupFact): void {
  for (const name of member.names) addLiteralHits(hits, before, byName.get(name), member, member.waiting);
}

function addLiteralHits(
  hits: Hit[],
  before: number,
  entries: readonly TableEntry[] | undefined,
  member: GroupFact,
  waits?: string,
): void {
  for (const entry of entries ?? NO_ENTRIES) {
    if (isFound(hits, before, entry.owner)) continue;
    hits.push(groupHit(entry.owner, entry.owner.rule.give.literal, member, labelOf(member, entry), waits));
  }
}

const NO_ENTRIES: readonly never[] = [];

function addPatternHits(hits: Hit[], patterns: PatternIndex<TableRule>, groups: GroupFacts): void {
  for (const member of groups.members) {
    const before = hits.length;
    for (const name of member.names) {
      for (const { owner, captured } of patterns.hits(name)) {
        const { give } = owner.rule;
        const target = targetOf(give, captured);
        if ((target || give.grants) && hasKey(owner, member) && !isFound(hits, before, owner)) {
          hits.push(groupHit(owner, target, member, shownName(member), member.waiting));
        }
      }
    }
  }
}

function labelOf(member: GroupFact, { key, label }: TableEntry): string {
  return label !== undefined && member.names[0] === key ? label : shownName(member);
}

/** The name that rules know a group by, and beside it what it is called now. */
export function shownName({ names: [known], presentName }: GroupFact): string {
  if (presentName === undefined || known === undefined) return (known ?? presentName) as string;
  return `${known} (now ${presentName})`;
}

/** A group has several names and ids; the hits since `before` are those of the group at hand. */
function isFound(hits: readonly Hit[], before: number, owner: TableRule): boolean {
  for (let at = before; at < hits.length; at++) if (hits[at]?.owner === owner) return true;
  return false;
}

/** The literal half of a rule that has a pattern too: both must hold for the same group. */
function hasKey({ keys }: TableRule, member: GroupFact): boolean {
  if (!keys) return true;
  return member.names.some((name) => keys.names.has(name)) || member.ids.some((id) => keys.ids.has(id));
}

/** Every way in which an app-role matcher without groups holds, sorted by rule and then by role. */
export function appRoleHits(table: RuleTable, roles: readonly string[], staleSince: Instant | undefined): Hit[] {
  const hits = roles.flatMap((role) =>
    (table.byAppRole.get(role) ?? []).map((owner) => ({
      owner,
      match: {
        target: owner.rule.give.literal,
        evidence: [roleEvidence(role, staleSince)],
        stale: staleSince !== undefined,
      },
      group: undefined,
    })),
  );
  return hits.sort(byRuleThenGroup);
}

/** That the person has an app role. */
export function roleEvidence(role: string, staleSince: Instant | undefined): Evidence {
  return { kind: "app_role", label: role, ...(staleSince === undefined ? {} : { staleSince }) };
}

function groupHit(
  owner: TableRule,
  target: Target | undefined,
  group: GroupFact,
  label: string,
  waits: string | undefined,
): Hit {
  const { source, since, staleSince } = group;
  const evidence: Evidence =
    staleSince === undefined
      ? { kind: "group", label, source, since }
      : { kind: "group", label, source, since, staleSince };
  const hit = { owner, match: { target, evidence: [evidence], stale: staleSince !== undefined }, group };
  return waits === undefined ? hit : { ...hit, waits };
}

// INVARIANT: the order in which a source lists groups never matters; evidence is sorted by what it says.
function byRuleThenGroup(a: Hit, b: Hit): number {
  return a.owner.rule.index - b.owner.rule.index || compareText(keyOf(a), keyOf(b));
}

function keyOf({ match: { evidence }, group }: Hit): string {
  return [...evidence.map((one) => one.label), ...(group?.ids ?? [])].join("\u0000");
}
