import type { DecisionDoor } from "../engine/account.js";
import type { CompiledMapping } from "../engine/compile/compile.js";
import { nextJobs } from "../engine/evaluate.js";
import { judgePerson } from "../engine/judge.js";
import type { ResolveTeam } from "../engine/offers.js";
import type { Decision } from "../model/evaluation.js";
import type { ExpressionResult } from "../model/expression.js";
import type { TenantId, UserId } from "../model/ids.js";
import type { PersonLink } from "../model/person.js";
import type { ExpressionPort } from "./deps.js";
import type { Gathered } from "./gather.js";
import { resultsOf } from "./mapping/expression-results.js";
import type { TeamRow } from "./ports/access.js";

/** Finds teams by name and by alias: a rename leaves an alias, so that rules go on meaning the team. */
export function teamBook(teams: readonly TeamRow[]): ResolveTeam {
  const known = books.get(teams);
  if (known !== undefined) return known;
  const book = new Map<string, { readonly name: string }>();
  for (const team of teams) for (const alias of team.aliases) book.set(alias, { name: team.name });
  for (const team of teams) book.set(team.name, { name: team.name });
  const resolve: ResolveTeam = (name) => book.get(name);
  books.set(teams, resolve);
  return resolve;
}

// Kept with the list itself, which stays the same one while no team changes.
const books = new WeakMap<readonly TeamRow[], ResolveTeam>();

/** People who are judged without letting others be served. */
const SLICE = 100;

/** Lets whoever waits be served between the steps of something that keeps the process busy. */
export function othersFirst(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Results of all expressions by which these links are judged: nothing is asked that counts for nothing any more. */
export async function answersFor(
  expressions: ExpressionPort,
  tenant: TenantId,
  mapping: CompiledMapping,
  links: readonly PersonLink[],
  remembered?: Map<string, ExpressionResult>,
): Promise<ReadonlyMap<string, ExpressionResult>> {
  const first = nextJobs(mapping, links);
  const results = await resultsOf(expressions, tenant, first.jobs, remembered);
  if (first.pending.length === 0) return results;
  const all = new Map(results);
  for (let { pending } = first; pending.length > 0; ) {
    await othersFirst();
    const next = nextJobs(mapping, pending, all);
    for (const [key, result] of await resultsOf(expressions, tenant, next.jobs, remembered)) all.set(key, result);
    pending = next.pending;
  }
  return all;
}

/**
 * Evaluates people against a mapping and decides on each, as seen through one door. Writes nothing. `remembered`: results of
 * earlier batches, which are not asked for again; it takes up those of this one.
 */
export async function judge(
  expressions: ExpressionPort,
  tenant: TenantId,
  mapping: CompiledMapping,
  people: readonly Gathered[],
  resolveTeam: ResolveTeam,
  door: DecisionDoor,
  remembered?: Map<string, ExpressionResult>,
): Promise<ReadonlyMap<UserId, Decision>> {
  const links = people.flatMap((person) => person.links);
  const results = await answersFor(expressions, tenant, mapping, links, remembered);
  const decisions = new Map<UserId, Decision>();
  for (const [index, { state, links }] of people.entries()) {
    if (index > 0 && index % SLICE === 0) await othersFirst();
    decisions.set(state.id, judgePerson({ mapping, links, state, door, resolveTeam }, results));
  }
  return decisions;
}
