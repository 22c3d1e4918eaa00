/** Judge puts the pure stages together for one person: every link evaluated, and what that comes to. */
import type { Decision, LinkEvaluation } from "../model/evaluation.js";
import type { ExpressionJob, ExpressionResult } from "../model/expression.js";
import type { PersonLink } from "../model/person.js";
import type { DecidedPerson, DecisionDoor } from "./account.js";
import type { CompiledMapping } from "./compile/compiled-mapping.js";
import { decide } from "./decide.js";
import { evaluate, expressionJobs } from "./evaluate.js";
import type { ResolveTeam } from "./offers.js";

/** What a person is judged by. */
export interface JudgedPerson {
  readonly mapping: CompiledMapping;
  readonly links: readonly PersonLink[];
  readonly state: Omit<DecidedPerson, "links">;
  readonly door: DecisionDoor;
  readonly resolveTeam: ResolveTeam;
}

/** Somebody registered who is known by this link alone, where no team is there yet: what a mapping by itself makes of facts. */
export function someoneBy(mapping: CompiledMapping, link: PersonLink): JudgedPerson {
  const state = { status: "registered", everRegistered: true } as const;
  return { mapping, links: [link], state, door: "sync", resolveTeam: () => undefined };
}

/** The expressions that must run before the person is judged, by the keys that `judgePerson` looks their results up by. */
export function jobsOf({ mapping, links }: JudgedPerson): ReadonlyMap<string, ExpressionJob> {
  return expressionJobs(mapping, links);
}

/** Evaluates the links, in their order, and decides. A result that is missing counts as a failure of its expression. */
export function judgePerson(person: JudgedPerson, results: ReadonlyMap<string, ExpressionResult>): Decision {
  const { mapping, links } = person;
  return judgeAgain(
    person,
    links.map((link) => evaluate(mapping, link, results)),
  );
}

/** Decides again by the evaluations of the same links and mapping, as through another door. */
export function judgeAgain(
  { mapping, links, state, door, resolveTeam }: JudgedPerson,
  evaluations: readonly LinkEvaluation[],
): Decision {
  const { status, everRegistered, deactivatedBy } = state;
  const person = { status, everRegistered, deactivatedBy, links };
  return decide(mapping, person, evaluations, door, { resolveTeam });
}
