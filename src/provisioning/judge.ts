import type { CompiledMapping } from "../engine/compile/compile.js";
import { decide } from "../engine/decide.js";
import { evaluate, expressionJobs } from "../engine/evaluate.js";
import type { Decision, LinkEvaluation } from "../model/evaluation.js";
import type { ExpressionResult } from "../model/expression.js";
import type { TenantId, UserId } from "../model/ids.js";
import type { ExpressionPort } from "./deps.js";
import type { Gathered } from "./gather.js";
import { resultsOf } from "./mapping/expression-results.js";
import type { TeamRow } from "./ports/access.js";

/** Present team names by name and by alias: a rename leaves an alias, so that rules go on meaning the team. */
export type TeamBook = ReadonlyMap<string, { readonly name: string }>;

export function teamBook(teams: readonly TeamRow[]): TeamBook {
  const book = new Map<string, { readonly name: string }>();
  for (const team of teams) for (const alias of team.aliases) book.set(alias, { name: team.name });
  for (const team of teams) book.set(team.name, { name: team.name });
  return book;
}

/** People who are judged without letting others be served. */
const SLICE = 100;

/** Lets whoever waits be served between the steps of something that keeps the process busy. */
export function othersFirst(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export type DecisionDoor = "sign_in" | "sync";

/**
 * Evaluates people against a mapping and decides on each, as seen through one door. Writes nothing. `remembered`: results of
 * earlier batches, which are not asked for again; it takes up those of this one.
 */
export async function judge(
  expressions: ExpressionPort,
  tenant: TenantId,
  mapping: CompiledMapping,
  people: readonly Gathered[],
  teams: TeamBook,
  door: DecisionDoor,
  remembered?: Map<string, ExpressionResult>,
): Promise<ReadonlyMap<UserId, Decision>> {
  const results = await resultsFor(expressions, tenant, mapping, people, remembered);
  const decisions = new Map<UserId, Decision>();
  for (const [index, person] of people.entries()) {
    if (index > 0 && index % SLICE === 0) await othersFirst();
    const evaluations = person.links.map((link) => evaluate(mapping, link, results));
    decisions.set(person.state.id, decideOn(mapping, person, evaluations, teams, door));
  }
  return decisions;
}

/** Evaluates one person's links, in their order, for whoever decides on them as seen through more than one door. */
export async function evaluateOne(
  expressions: ExpressionPort,
  tenant: TenantId,
  mapping: CompiledMapping,
  person: Gathered,
): Promise<readonly LinkEvaluation[]> {
  const results = await resultsFor(expressions, tenant, mapping, [person]);
  return person.links.map((link) => evaluate(mapping, link, results));
}

function resultsFor(
  expressions: ExpressionPort,
  tenant: TenantId,
  mapping: CompiledMapping,
  people: readonly Gathered[],
  remembered?: Map<string, ExpressionResult>,
) {
  const jobs = expressionJobs(
    mapping,
    people.flatMap((person) => person.links),
  );
  return resultsOf(expressions, tenant, jobs, remembered);
}

/** What the evaluation of a person's links comes to, as seen through one door. */
export function decideOn(
  mapping: CompiledMapping,
  { state, links }: Gathered,
  evaluations: readonly LinkEvaluation[],
  teams: TeamBook,
  door: DecisionDoor,
): Decision {
  const { status, everRegistered, deactivatedBy } = state;
  const person = { status, everRegistered, ...(deactivatedBy === undefined ? {} : { deactivatedBy }), links };
  return decide(mapping, person, evaluations, door, { resolveTeam: (name) => teams.get(name) });
}
