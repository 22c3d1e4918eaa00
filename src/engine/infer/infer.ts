/**
 * Infer owns the way in from somewhere else: from who holds what today, the smallest mapping that gives just that.
 * INVARIANT: by the mapping nobody has anything that they do not hold today, unless it is listed as a gain.
 */

import type { MappingDocument, RuleDocument } from "../../model/mapping.js";
import { pushTo } from "../../model/push-to.js";
import { quote } from "../../model/quote.js";
import { type ScopeKind, scopeKind, type Target, teamOf } from "../../model/target.js";
import { compileMapping } from "../compile/compile.js";
import { ruleId } from "../compile/rule-id.js";
import { exampleOf } from "../examples/made-example.js";
import { looksPrivileged } from "../lint/privileged-name.js";
import { type RoleOrder, roleOrder } from "../role-order.js";
import { coverTarget } from "./cover.js";
import { exceptionsOf, type Holding, holding, type InferException } from "./exceptions.js";
import { Given } from "./given.js";
import { type PatternRule, patternRules } from "./patterns.js";
import { orderedRoles } from "./roles.js";
import { type CurrentPerson, type InferTable, inferTable } from "./table.js";

export type { Holding, InferException } from "./exceptions.js";
export type { CurrentPerson } from "./table.js";

export interface InferOptions {
  /** Fewer holders in a group are no reason for a rule. */
  readonly leastPeople: number;
  /** As many people may gain each target; they are listed. */
  readonly allowedGains: number;
  /** Roles from lowest to highest; others rank below, in an order that is guessed from their names. */
  readonly roleOrder: readonly string[];
}

export interface Inference {
  readonly document: MappingDocument;
  readonly exceptions: readonly InferException[];
  readonly gains: readonly Holding[];
}

/** Everybody, for one rule, has to be more people than these: what a few share may be chance. */
const FEWEST_EVERYONE = 10;
/** What the schema takes. */
const MOST_NAMES = 500;
const MOST_EXAMPLES = 1000;

/**
 * Infers a mapping. People are told apart by their places in the list. All roles add up, unless the highest role in a team
 * leaves fewer rules and exceptions.
 */
export function inferMapping(people: readonly CurrentPerson[], options: InferOptions): Inference {
  const roles = people.flatMap(({ holds }) => holds.filter(inTeam).map(({ role }) => role));
  const names = orderedRoles(
    roles,
    options.roleOrder.filter((role) => roles.includes(role)),
  );
  const order = roleOrder(names);
  const all = attempt(people, options, order, false);
  if (names.length < 2) return finished(all, names);
  const highest = attempt(people, options, order, true);
  return finished(isSmaller(highest, all) ? highest : all, names);
}

/** Rules and exceptions together; of as many, those with fewer exceptions. */
function isSmaller(one: Attempt, other: Attempt): boolean {
  const difference = sizeOf(one) - sizeOf(other);
  return difference < 0 || (difference === 0 && one.exceptions.length < other.exceptions.length);
}

function sizeOf({ rules, exceptions }: Attempt): number {
  return rules.length + exceptions.length;
}

function inTeam({ scope }: Target): boolean {
  return teamOf(scope) !== undefined;
}

interface Attempt extends Omit<Inference, "document"> {
  readonly rules: readonly RuleDocument[];
  /** Only the highest role in a team counts. */
  readonly byHighest: boolean;
}

function attempt(
  people: readonly CurrentPerson[],
  options: InferOptions,
  order: RoleOrder,
  byHighest: boolean,
): Attempt {
  const table = inferTable(people, byHighest ? order : undefined);
  const given = new Given(table, options.allowedGains);
  // From the highest role down: who has a higher role by a rule may stand in a group for a lower one.
  const targets = table.targets
    .map((_, target) => target)
    .sort((a, b) => order.compare((table.targets[b] as Target).role, (table.targets[a] as Target).role));
  const rules = [...patterns(table, given, order, targets)];
  for (const target of targets) rules.push(...literalRules(table, given, target, options.leastPeople));
  return {
    rules,
    byHighest,
    exceptions: targets.flatMap((target) => exceptionsOf(table, given, target, options.leastPeople)),
    gains: targets.flatMap((target) => given.gained(target).map((person) => holding(table, person, target))),
  };
}

/** People who hold a target, and no higher role that a group may give them, and are in a group all of whose members may have it. */
interface Explained {
  readonly people: ReadonlySet<number>;
  readonly groups: ReadonlySet<number>;
}

function explainedBy(table: InferTable, targets: readonly number[]): ReadonlyMap<number, Explained> {
  const found = new Map<number, Explained>();
  for (const target of targets) {
    const isHigher = (person: number) =>
      [...(table.above[target] as ReadonlySet<number>)].some((higher) => found.get(higher)?.people.has(person));
    const holds = (person: number) => (table.holds[person] as readonly number[]).includes(target);
    const groups = (table.groupsWith[target] as readonly number[]).filter((group) =>
      (table.members[group] as readonly number[]).every((person) => holds(person) || isHigher(person)),
    );
    const members = groups.flatMap((group) => table.members[group] as readonly number[]);
    const gets = members.filter((person) => holds(person) && !isHigher(person));
    found.set(target, { people: new Set(gets), groups: new Set(groups) });
  }
  return found;
}

/** Patterns that save more rules than they are, those that read best first. */
function patterns(
  table: InferTable,
  given: Given,
  order: RoleOrder,
  targets: readonly number[],
): readonly RuleDocument[] {
  const explained = explainedBy(table, targets);
  const open = new Map([...explained].map(([target, { people }]) => [target, new Set(people)]));
  const candidates = patternRules(table, (group, target) => explained.get(target)?.groups.has(group) === true);
  return candidates.flatMap((candidate) => {
    const isOpen = (target: number) => (open.get(target) as ReadonlySet<number>).size > 0;
    if (new Set([...candidate.pairs.values()].filter(isOpen)).size < 2) return [];
    const effect = effectOf(table, order, candidate);
    const isSound = [...effect].every(([target, people]) => people.every((one) => !given.isGain(one, target)));
    const closes = [...effect].filter(([target, people]) => closesAll(open.get(target) as ReadonlySet<number>, people));
    if (!isSound || closes.length < 2) return [];
    for (const [target, people] of effect) {
      given.give(people, target);
      for (const person of people) open.get(target)?.delete(person);
    }
    return [candidate.document];
  });
}

function closesAll(open: ReadonlySet<number>, people: readonly number[]): boolean {
  const here = new Set(people);
  return open.size > 0 && [...open].every((person) => here.has(person));
}

/** What a pattern gives to whom: in each team the highest role of the groups that match. */
function effectOf(table: InferTable, order: RoleOrder, { pairs }: PatternRule): ReadonlyMap<number, readonly number[]> {
  const best = new Map<number, Map<string, number>>();
  for (const [group, target] of pairs) {
    const { scope, role } = table.targets[target] as Target;
    for (const person of table.members[group] as readonly number[]) {
      const mine = best.get(person) ?? new Map<string, number>();
      best.set(person, mine);
      const known = mine.get(scope);
      if (known === undefined || order.compare(role, (table.targets[known] as Target).role) > 0)
        mine.set(scope, target);
    }
  }
  const effect = new Map<number, number[]>();
  for (const [person, mine] of best) {
    for (const target of mine.values()) pushTo(effect, target, person);
  }
  return effect;
}

function literalRules(table: InferTable, given: Given, target: number, least: number): readonly RuleDocument[] {
  if (given.missing(target).length === 0) return [];
  const what = table.targets[target] as Target;
  if (isForEveryone(table, target)) {
    given.give(table.holders[target] as readonly number[], target);
    return [{ everyone: true, ...giving(what) }];
  }
  const names = coverTarget(table, given, target, least).map((group) => table.groups[group] as string);
  const rules: RuleDocument[] = [];
  for (let from = 0; from < names.length; from += MOST_NAMES) {
    const some = names.slice(from, from + MOST_NAMES);
    rules.push({ group_name: some.length === 1 ? (some[0] as string) : some, ...giving(what) });
  }
  return rules;
}

/** A group for everybody says it better, and nobody is given a privilege for merely being there. */
function isForEveryone({ people, targets, holders, members }: InferTable, target: number): boolean {
  const { scope, role } = targets[target] as Target;
  if (people.length < FEWEST_EVERYONE || holders[target]?.length !== people.length) return false;
  if (scope === "tenant" || looksPrivileged(role)) return false;
  return members.every((list) => list.length < people.length);
}

function giving({ scope, role }: Target): Pick<RuleDocument, "team_name" | "scope" | "role_name"> {
  const team = teamOf(scope);
  return team === undefined ? { scope, role_name: role } : { team_name: team, role_name: role };
}

const KINDS: readonly ScopeKind[] = ["tenant", "all_teams", "resource"];

function finished({ rules, byHighest, exceptions, gains }: Attempt, roles: readonly string[]): Inference {
  const needsOrder = byHighest || rules.some(({ role_name }) => role_name === "{role}");
  const elsewhere = Object.fromEntries(KINDS.map((kind) => [kind, "all"]));
  const bare: MappingDocument = {
    version: 1,
    ...(needsOrder ? { role_order: roles } : {}),
    conflicts: byHighest ? { team: "highest", ...elsewhere } : "all",
    mappings: toldApart(rules),
  };
  return { document: withExamples(bare), exceptions, gains };
}

/** Rules that ask for the same and give in the same place need ids of their own. */
function toldApart(rules: readonly RuleDocument[]): readonly RuleDocument[] {
  const seen = new Set<string>();
  return rules.map((rule, index) => {
    const id = ruleId(rule);
    if (seen.has(id)) return { id: `inferred-${index + 1}`, ...rule };
    seen.add(id);
    return rule;
  });
}

function withExamples(document: MappingDocument): MappingDocument {
  const compiled = compileMapping(document, {
    version: 1,
    connections: [{ slug: "example", protocol: "oidc", mayGrantOwner: true }],
  });
  // Targets that no mapping can give are the caller's to refuse; whoever checks the document is told.
  if (!compiled.ok) return document;
  const { mapping } = compiled;
  const examples = mapping.rules.slice(0, MOST_EXAMPLES).map((rule) => exampleOf(mapping, rule));
  return { ...document, examples: examples.filter((one) => one !== undefined) };
}

/** What can be wrong with a target of today: it has to be one that a mapping can give. */
export function targetProblem({ scope, role }: Target): string | undefined {
  const kind = scopeKind(scope);
  if (kind === undefined)
    return `${quote(scope)} is no scope: write \`tenant\`, \`all_teams\`, \`team:<name>\` or \`resource:<kind>:<name>\``;
  if (role === "owner" && kind !== "tenant")
    return "`owner` exists in the scope `tenant` only: give the role another name";
  return undefined;
}
