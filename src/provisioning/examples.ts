import type { CompiledMapping } from "../engine/compile.js";
import { decide } from "../engine/decide.js";
import { evaluate, expressionJobs } from "../engine/evaluate.js";
import { exampleLink, invariantJobs, judgeExample, judgeInvariants } from "../engine/examples.js";
import type { MappingDocument } from "../model/mapping.js";
import type { Problem } from "../model/problem.js";
import type { ExpressionPort } from "./deps.js";
import { resultsOf } from "./expression-results.js";

/** Runs a document's examples and invariants over themselves; a failing one blocks a save, by name. */
export async function checkExamples(
  expressions: ExpressionPort,
  tenant: number,
  document: MappingDocument,
  mapping: CompiledMapping,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const links = (document.examples ?? []).map((example) => exampleLink(example, mapping));
  const results = await resultsOf(expressions, tenant, expressionJobs(mapping, links));
  for (const [index, example] of (document.examples ?? []).entries()) {
    const link = links[index];
    if (!link) continue;
    const person = { status: "registered", everRegistered: true, links: [link] } as const;
    const decision = decide(mapping, person, [evaluate(mapping, link, results)], "sync", {
      resolveTeam: () => undefined,
    });
    const given = decision.desired.filter((grant) => !grant.stale).map((grant) => grant.target);
    problems.push(...judgeExample(example, index, given));
    const jobs = invariantJobs(mapping, link, given);
    problems.push(...judgeInvariants(mapping, link, given, await resultsOf(expressions, tenant, jobs)));
  }
  return problems;
}
