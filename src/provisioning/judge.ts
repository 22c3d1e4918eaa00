import type { CompiledMapping } from "../engine/compile.js";
import { decide } from "../engine/decide.js";
import { evaluate, expressionJobs } from "../engine/evaluate.js";
import type { Decision } from "../model/evaluation.js";
import type { ExpressionResult } from "../model/expression.js";
import type { TenantId, UserId } from "../model/ids.js";
import type { ExpressionPort } from "./deps.js";
import { resultsOf } from "./expression-results.js";
import type { Gathered } from "./gather.js";
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
 * Evaluates people against a mapping: expressions for the whole batch at once, then every person. Writes nothing.
 * `remembered`: results of earlier batches, which are not asked for again; it takes up those of this one.
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
  const jobs = expressionJobs(
    mapping,
    people.flatMap((person) => person.links),
  );
  const results = await resultsOf(expressions, tenant, jobs, remembered);
  const decisions = new Map<UserId, Decision>();
  for (const [index, { state, links }] of people.entries()) {
    if (index > 0 && index % SLICE === 0) await othersFirst();
    const evaluations = links.map((link) => evaluate(mapping, link, results));
    const person = {
      status: state.status,
      everRegistered: state.everRegistered,
      ...(state.deactivatedBy === undefined ? {} : { deactivatedBy: state.deactivatedBy }),
      links,
    };
    decisions.set(state.id, decide(mapping, person, evaluations, door, { resolveTeam: (name) => teams.get(name) }));
  }
  return decisions;
}
