/** Groups for: by which groups a rule would match, or give what is asked for; those that exist before names that are made up. */
import type { PersonLink } from "../../model/person.js";
import { covers, type Target, teamOf } from "../../model/target.js";
import type { CompiledRule, GroupMatcher } from "../compile/compiled-mapping.js";
import { groupDirectory } from "../directory-groups.js";
import { targetOf } from "../give.js";
import { matchPattern, type Pattern, sampleNames } from "../pattern.js";
import { capturedFor } from "./captured-for.js";
import type { FactChange } from "./fact-changes.js";

type GroupChange = Extract<FactChange, { readonly kind: "group" }>;
type GroupRule = CompiledRule & { readonly groups: GroupMatcher };

/** Most groups that are told of. */
const MOST_GROUPS = 5;
/** So many of a directory's groups are looked through for one rule. */
const MOST_LOOKED_AT = 5_000;

/**
 * Groups of which each would do for the rule's group matchers, the first of very many; with `wanted`, only those by which a
 * pattern's captures fill in that target. A rule that computes its targets is taken to give anything by any of its groups.
 */
export function groupsFor(rule: GroupRule, link: PersonLink, wanted?: Target): readonly GroupChange[] {
  const { any, label, pattern } = rule.groups;
  const existing = pattern && any?.by !== "name" ? existingGroups(rule, pattern, link, wanted) : [];
  if (existing.length > 0) return existing;
  return namesFor(rule, wanted)
    .slice(0, MOST_GROUPS)
    .map((name) => {
      if (any?.by !== "id") return joining(name);
      return pattern ? joining(name, any.of[0]) : joining(label || name, name);
    });
}

/** Names of groups that would do, as far as the rule itself tells: no directory is looked through. */
export function namesFor(rule: GroupRule, wanted?: Target): readonly string[] {
  const { any, pattern } = rule.groups;
  if (!pattern) return any?.of as readonly string[];
  const names = any?.by === "name" ? any.of : samplesFor(rule, pattern, wanted);
  return names.filter((name) => fits(rule, pattern, name, wanted));
}

function samplesFor({ give }: GroupRule, pattern: Pattern, wanted: Target | undefined): readonly string[] {
  if (!wanted || give.grants) return sampleNames(pattern);
  const inAll = give.kinds.includes("all_teams") && teamOf(wanted.scope) !== undefined;
  const captured = capturedFor(give, pattern.captures, inAll ? { ...wanted, scope: "all_teams" } : wanted);
  return captured ? sampleNames(pattern, captured) : [];
}

/** A name that waits for an admin's word gives nothing privileged: it is not told of. */
function existingGroups(
  rule: GroupRule,
  pattern: Pattern,
  { connection: { directoryGroups, settleSeconds } }: PersonLink,
  wanted: Target | undefined,
): readonly GroupChange[] {
  const directory = groupDirectory(directoryGroups, settleSeconds);
  const ids = rule.groups.any?.of;
  const found: GroupChange[] = [];
  for (const group of directoryGroups.slice(0, MOST_LOOKED_AT)) {
    const own = directory.namesOf(group);
    const name = own.names.find((one) => fits(rule, pattern, one, wanted));
    const id = ids?.find((one) => own.ids.includes(one));
    if (name === undefined || group.deleted || own.waiting !== undefined || (ids && id === undefined)) continue;
    found.push(joining(name, id));
    if (found.length === MOST_GROUPS) break;
  }
  return found;
}

function joining(name: string, id?: string): GroupChange {
  return { kind: "group", name, ...(id === undefined ? {} : { id }), member: true };
}

function fits({ give }: GroupRule, pattern: Pattern, name: string, wanted: Target | undefined): boolean {
  const captured = matchPattern(pattern, name);
  if (!captured) return false;
  if (give.grants) return true;
  const target = targetOf(give, captured);
  return target !== undefined && (!wanted || covers(target, wanted));
}
