/** Finds patterns that stand for many group names at once, with what each captured text means. */
import type { RuleDocument } from "../../model/mapping.js";
import { pushTo } from "../../model/push-to.js";
import { type Target, teamOf } from "../../model/target.js";
import { compareText } from "../compare-text.js";
import { matchPattern, type ParsedPattern, parsePattern, type ValuesDocument } from "../pattern.js";
import { readings } from "./names.js";
import type { InferTable } from "./table.js";

/** A rule for many groups, and what it gives to each. */
export interface PatternRule {
  readonly document: RuleDocument;
  /** Group and target, as places in the table. */
  readonly pairs: ReadonlyMap<number, number>;
  /** So many of the groups are called as their teams are. */
  readonly alike: number;
}

interface Entry {
  readonly group: number;
  readonly team: string;
  readonly role: string;
}

type SoundPattern = Extract<ParsedPattern, { readonly ok: true }>;
type Meaning = ReadonlyMap<string, string>;

/** A pattern for fewer groups says no more than their names do. */
const FEWEST = 3;
/** What the schema lets a capture hold. */
const MOST_VALUES = 2000;
/** Conventions that more groups follow are looked at first, and no more than these. */
const MOST_PATTERNS = 200;

/** Patterns all of whose groups may have what they would give, by `fits`; those that read best first. */
export function patternRules(
  table: InferTable,
  fits: (group: number, target: number) => boolean,
): readonly PatternRule[] {
  const fitting = table.groups.map((_, group) => teamTargets(table, group, fits));
  const conventions = new Map<string, Entry[]>();
  table.groups.forEach((name, group) => {
    for (const { pattern, team, role = "" } of readings(name)) pushTo(conventions, pattern, { group, team, role });
  });
  const found = [...conventions].flatMap(([pattern, entries]) => {
    if (entries.length < FEWEST) return [];
    return pattern.includes("{role}")
      ? [fromEntries(table, fitting, pattern, entries)]
      : rolesIn(fitting, entries).map((role) => fromEntries(table, fitting, pattern, entries, role));
  });
  return found
    .filter((one) => one !== undefined)
    .sort(
      (a, b) =>
        b.alike - a.alike ||
        b.pairs.size - a.pairs.size ||
        fixedText(b) - fixedText(a) ||
        compareText(textOf(a), textOf(b)),
    )
    .slice(0, MOST_PATTERNS);
}

/** Of two patterns for the same groups, the one that says more. */
function fixedText({ document }: PatternRule): number {
  return (document.group_pattern as string).replace(/\{\w+\}/g, "").length;
}

function textOf({ document }: PatternRule): string {
  return `${document.group_pattern} ${document.role_name}`;
}

const NO_ROLES: ReadonlyMap<string, number> = new Map();

/** Team targets that fit the group: for each team, role by role, the target. */
type Fitting = ReadonlyMap<string, ReadonlyMap<string, number>>;

function teamTargets(table: InferTable, group: number, fits: (group: number, target: number) => boolean): Fitting {
  const found = new Map<string, Map<string, number>>();
  for (const target of (table.counts[group] as ReadonlyMap<number, number>).keys()) {
    const { scope, role } = table.targets[target] as Target;
    const team = teamOf(scope);
    if (team === undefined || !fits(group, target)) continue;
    const roles = found.get(team) ?? new Map<string, number>();
    found.set(team, roles.set(role, target));
  }
  return found;
}

function rolesIn(fitting: readonly Fitting[], entries: readonly Entry[]): readonly string[] {
  const roles = entries.flatMap(({ group }) =>
    [...(fitting[group] as Fitting).values()].flatMap((one) => [...one.keys()]),
  );
  // Beside a pattern, braces in a role would be captures.
  return [...new Set(roles)].filter((role) => !/[{}]/.test(role)).sort();
}

function fromEntries(
  table: InferTable,
  fitting: readonly Fitting[],
  pattern: string,
  entries: readonly Entry[],
  role?: string,
): PatternRule | undefined {
  const { teams, roles, targetOf } = electedMeanings(fitting, entries, role);
  const sound = withoutMisfits(entries, targetOf, teams, roles);
  if (sound.length < FEWEST) return undefined;
  const pairs = new Map(sound.map((entry) => [entry.group, targetOf(entry) as number]));
  const teamTexts = sound.map((entry) => entry.team);
  const roleTexts = sound.map((entry) => entry.role);
  const values = {
    team: valuesOf(teams, teamTexts),
    ...(role === undefined && { role: valuesOf(roles, roleTexts) }),
  };
  const document = { group_pattern: pattern, values, team_name: "{team}", role_name: role ?? "{role}" };
  const alike = teamTexts.filter((text) => isAlike(text, teams.get(text) as string)).length;
  const isShort = Object.values(values).every((one) => Object.keys(one).length <= MOST_VALUES);
  return isShort && isExact(table, document, pairs) ? { document, pairs, alike } : undefined;
}

interface Meanings {
  readonly teams: Meaning;
  readonly roles: Meaning;
  /** What a group gets by these, as a place in the table; `undefined` where nothing of it fits. */
  readonly targetOf: (entry: Entry) => number | undefined;
}

/** What the texts of these groups mean: teams first, then roles in them. `role`: the one that the whole pattern gives. */
function electedMeanings(fitting: readonly Fitting[], entries: readonly Entry[], role: string | undefined): Meanings {
  const fittingOf = ({ group }: Entry) => fitting[group] as Fitting;
  const teamsOf = (entry: Entry) =>
    [...fittingOf(entry)].flatMap(([team, roles]) => (role === undefined || roles.has(role) ? [team] : []));
  const teams = elected(entries, ({ team }) => team, teamsOf);
  const rolesOf = (entry: Entry) => {
    const team = teams.get(entry.team);
    return (team === undefined ? undefined : fittingOf(entry).get(team)) ?? NO_ROLES;
  };
  const namesOf = (entry: Entry) => [...rolesOf(entry).keys()];
  const roles = role === undefined ? elected(entries, (entry) => entry.role, namesOf) : new Map([["", role]]);
  return { teams, roles, targetOf: (entry) => rolesOf(entry).get(roles.get(entry.role) as string) };
}

/** What each text most often means: where it is spelt alike, that above all. */
function elected(
  entries: readonly Entry[],
  textOfEntry: (entry: Entry) => string,
  meanings: (entry: Entry) => readonly string[],
): Meaning {
  const votes = new Map<string, Map<string, number>>();
  for (const entry of entries) {
    const text = textOfEntry(entry);
    const mine = votes.get(text) ?? new Map<string, number>();
    votes.set(text, mine);
    for (const meaning of meanings(entry)) mine.set(meaning, (mine.get(meaning) ?? 0) + 1);
  }
  const best = (text: string, mine: ReadonlyMap<string, number>) =>
    [...mine].sort(
      ([a, more], [b, less]) => Number(isAlike(text, b)) - Number(isAlike(text, a)) || less - more || compareText(a, b),
    )[0]?.[0];
  return new Map(
    [...votes].flatMap(([text, mine]) => {
      const meaning = best(text, mine);
      return meaning === undefined ? [] : [[text, meaning] as const];
    }),
  );
}

function isAlike(a: string, b: string): boolean {
  const bare = (text: string) => text.toLowerCase().replace(/[-_. :/]+/g, "");
  return bare(a) === bare(b);
}

/**
 * The entries that are left when texts go until all groups that the pattern would match fit. Of a misfit's two texts the one
 * goes that fewer groups need.
 */
function withoutMisfits(
  entries: readonly Entry[],
  targetOf: (entry: Entry) => number | undefined,
  teams: Meaning,
  roles: Meaning,
): readonly Entry[] {
  let left = entries.filter((entry) => teams.has(entry.team) && roles.has(entry.role));
  for (;;) {
    const misfits = left.filter((entry) => targetOf(entry) === undefined);
    if (misfits.length === 0) return left;
    const good = left.filter((entry) => targetOf(entry) !== undefined);
    const byTeam = tally(good.map(({ team }) => team));
    const byRole = tally(good.map(({ role }) => role));
    // A text that no good entry has is on neither side of the comparison: the team goes then.
    const isTeamRarer = ({ team, role }: Entry) => !((byTeam.get(team) as number) > (byRole.get(role) as number));
    const teamsOut = new Set(misfits.filter(isTeamRarer).map(({ team }) => team));
    const rolesOut = new Set(misfits.filter((one) => !isTeamRarer(one)).map(({ role }) => role));
    left = left.filter(({ team, role }) => !teamsOut.has(team) && !rolesOut.has(role));
  }
}

function tally(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

function valuesOf(meaning: Meaning, texts: readonly string[]): Readonly<Record<string, string | true>> {
  return Object.fromEntries(
    [...new Set(texts)].sort().map((text) => [text, meaning.get(text) === text ? true : (meaning.get(text) as string)]),
  );
}

/** The pattern as evaluation reads it gives these groups this and no other group anything. */
function isExact(table: InferTable, document: RuleDocument, pairs: ReadonlyMap<number, number>): boolean {
  // Captures that list their values stand beside each other and beside text: no such pattern is refused.
  const parsed = parsePattern(document.group_pattern as string, document.values as ValuesDocument, "") as SoundPattern;
  return table.groups.every((name, group) => {
    const captured = matchPattern(parsed.pattern, name);
    const wanted = pairs.get(group);
    if (captured === undefined || wanted === undefined) return captured === wanted;
    const { scope, role } = table.targets[wanted] as Target;
    return teamOf(scope) === captured["team"] && role === (captured["role"] ?? document.role_name);
  });
}
