/** Invariants are held against everything that a mapping would give: to real people, to those of examples, and to newcomers. */
import type { CompiledMapping } from "../../engine/compile/compile.js";
import { expressionJobs } from "../../engine/evaluate.js";
import { newcomers } from "../../engine/examples/examples.js";
import {
  type InvariantCheck,
  invariantChecks,
  invariantJobs,
  judgeInvariants,
} from "../../engine/examples/invariants.js";
import { judgeAgain, judgePerson } from "../../engine/judge.js";
import type { Decision } from "../../model/evaluation.js";
import type { ExpressionJob, ExpressionResult } from "../../model/expression.js";
import { isCurrent, type PersonLink } from "../../model/person.js";
import type { Problem } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import { targetKey } from "../../model/target.js";
import type { ExpressionPort } from "../deps.js";
import { othersFirst } from "../judge.js";
import { resultsOf } from "./expression-results.js";

/** The invariants that people would break, each once, with one of those people and how many more there are. */
export interface InvariantTally {
  readonly broken: Map<string, { readonly problem: Problem; people: number }>;
}

/** Somebody, as messages call them, and what the mapping makes of them. */
export interface GivenPerson {
  readonly who: string;
  readonly links: readonly PersonLink[];
  readonly decision: Pick<Decision, "desired">;
}

/** Where conditions are run, and what came of those that ran before: people with the same facts share it. */
export interface InvariantAsking {
  readonly expressions: ExpressionPort;
  readonly tenant: number;
  readonly mapping: CompiledMapping;
  readonly remembered: Map<string, ExpressionResult>;
}

/** People whose invariants are put together without letting others be served. */
const SLICE = 10;

/** For each of these people the invariants that what they are given breaks, each once; expressions of all at once. */
export async function brokenInvariants(
  asking: InvariantAsking,
  people: readonly GivenPerson[],
): Promise<readonly (readonly Problem[])[]> {
  const { expressions, tenant, mapping, remembered } = asking;
  if (mapping.invariants.length === 0) return people.map(() => []);
  const checked: { readonly who: string; readonly checks: readonly InvariantCheck[] }[] = [];
  const jobs = new Map<string, ExpressionJob>();
  for (const [index, person] of people.entries()) {
    if (index > 0 && index % SLICE === 0) await othersFirst();
    const checks = checksOf(mapping, person);
    checked.push({ who: person.who, checks });
    for (const [key, job] of invariantJobs(checks)) jobs.set(key, job);
  }
  const results = await resultsOf(expressions, tenant, jobs, remembered);
  return checked.map(({ who, checks }) => judgeInvariants(checks, results, who));
}

/** A rule's grant is judged by the facts that gave it; a default, which none gave, by those of every connection. */
function checksOf(mapping: CompiledMapping, { links, decision }: GivenPerson): readonly InvariantCheck[] {
  const desired = decision.desired.filter((grant) => !grant.stale);
  return links.flatMap((link) => {
    const given = desired.filter(({ connection }) =>
      connection === undefined ? isCurrent(link) : connection === link.connection.id,
    );
    const targets = new Map(given.map(({ target }) => [targetKey(target), target]));
    return invariantChecks(mapping, link, [...targets.values()]);
  });
}

/** Holds what a mapping would give these people against its invariants. */
export async function tallyInvariants(
  asking: InvariantAsking,
  people: readonly GivenPerson[],
  tally: InvariantTally,
): Promise<void> {
  for (const problems of await brokenInvariants(asking, people)) for (const one of problems) count(tally, one);
}

/** Counts one person who breaks an invariant. */
export function count({ broken }: InvariantTally, problem: Problem): void {
  const before = broken.get(problem.pointer);
  if (before) before.people += 1;
  else broken.set(problem.pointer, { problem, people: 1 });
}

/** One problem for each invariant that somebody would break, with how many people that are. */
export function invariantProblems({ broken }: InvariantTally): readonly Problem[] {
  return [...broken.values()].map(({ problem, people }) => {
    if (people === 1) return problem;
    const more = people === 2 ? "1 more person" : `${people - 1} more people`;
    return { ...problem, message: `${problem.message}, and ${more}` };
  });
}

const STRANGER = { status: "pending", everRegistered: false } as const;

/** What a mapping gives somebody known by one link at their first registration, in whatever teams there are. */
export function decisionWhenNew(mapping: CompiledMapping, link: PersonLink, decision: Decision): Decision {
  const person = { mapping, links: [link], state: STRANGER, door: "sign_in", resolveTeam: sameTeam } as const;
  const asNew = givesOnce(mapping) ? judgeAgain(person, decision.evaluations) : decision;
  return asNew.status === "registered" ? asNew : decision;
}

function givesOnce({ defaults, noMatch }: CompiledMapping): boolean {
  return defaults.length > 0 && noMatch !== "default";
}

function sameTeam(name: string): { readonly name: string } {
  return { name };
}

/**
 * Newcomers and what defaults give them, though nobody is new at the moment. Where nobody gets in of whom no rule speaks, it is
 * somebody of whom nothing is known.
 */
export async function defaultedNewcomers(asking: InvariantAsking): Promise<readonly GivenPerson[]> {
  const { expressions, tenant, mapping, remembered } = asking;
  if (mapping.defaults.length === 0) return [];
  const made = newcomers(mapping);
  const jobs = expressionJobs(
    mapping,
    made.map(({ plain }) => plain),
  );
  const results = await resultsOf(expressions, tenant, jobs, remembered);
  const defaults = mapping.defaults.map(({ rule, target }) => {
    return { target, rule, origin: "default", evidence: [], stale: false } as const;
  });
  return made.map(({ plain, unknown }) => {
    const who = `somebody new by ${quote(plain.connection.slug)}`;
    const person = { mapping, links: [plain], state: STRANGER, door: "sign_in", resolveTeam: sameTeam } as const;
    const decision = judgePerson(person, results);
    if (decision.status === "registered") return { who, links: [plain], decision };
    return { who, links: [unknown], decision: { desired: defaults } };
  });
}
