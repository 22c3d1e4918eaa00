import type { CompiledMapping } from "../../engine/compile/compile.js";
import { expressionJobs } from "../../engine/evaluate.js";
import { exampleDifference } from "../../engine/examples/example-failure.js";
import { exampleLink, invariantJobs, judgeExample, judgeInvariants } from "../../engine/examples/examples.js";
import { judgePerson, someoneBy } from "../../engine/judge.js";
import type { Decision } from "../../model/evaluation.js";
import type { ExpressionJob } from "../../model/expression.js";
import type { MappingDocument } from "../../model/mapping.js";
import type { PersonLink } from "../../model/person.js";
import type { Problem } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import type { Target } from "../../model/target.js";
import type { ExpressionPort } from "../deps.js";
import { resultsOf } from "./expression-results.js";

/** What a mapping makes of somebody who is registered and known by one link alone. */
export interface Tried {
  readonly link: PersonLink;
  readonly decision: Decision;
  /** What fresh facts give. */
  readonly given: readonly Target[];
  /** Invariants that this breaks. */
  readonly broken: readonly Problem[];
}

/** Tries a mapping on people one by one, their expressions all at once. `names`: what messages call them. */
export async function tryAlone(
  expressions: ExpressionPort,
  tenant: number,
  mapping: CompiledMapping,
  links: readonly PersonLink[],
  names: readonly string[] = [],
): Promise<readonly Tried[]> {
  const results = await resultsOf(expressions, tenant, expressionJobs(mapping, links));
  const decided = links.map((link) => {
    const decision = judgePerson(someoneBy(mapping, link), results);
    return { link, decision, given: decision.desired.filter((grant) => !grant.stale).map((grant) => grant.target) };
  });
  const jobs = new Map<string, ExpressionJob>();
  for (const { link, given } of decided)
    for (const [key, job] of invariantJobs(mapping, link, given)) jobs.set(key, job);
  const invariants = await resultsOf(expressions, tenant, jobs);
  return decided.map((one, index) => ({
    ...one,
    broken: judgeInvariants(mapping, one.link, one.given, invariants, names[index]),
  }));
}

/** Runs a document's examples and invariants over themselves; a failing one blocks a save, by name. */
export async function checkExamples(
  expressions: ExpressionPort,
  tenant: number,
  document: MappingDocument,
  mapping: CompiledMapping,
): Promise<readonly Problem[]> {
  const examples = document.examples ?? [];
  const links = examples.map((example) => exampleLink(example, mapping));
  const names = examples.map(({ name }) => `the person of example ${quote(name)}`);
  const tried = await tryAlone(expressions, tenant, mapping, links, names);
  return examples.flatMap((example, index) => {
    const { link, decision, given, broken } = tried[index] as Tried;
    const failed = judgeExample(example, index, given).map((problem) => {
      return {
        ...problem,
        difference: exampleDifference(mapping, mapping.examples[index]?.expect ?? [], link, decision),
      };
    });
    return [...failed, ...broken];
  });
}
