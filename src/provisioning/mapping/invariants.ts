import type { CompiledMapping } from "../../engine/compile/compile.js";
import { invariantJobs, judgeInvariants } from "../../engine/examples/examples.js";
import type { Decision } from "../../model/evaluation.js";
import type { ExpressionJob } from "../../model/expression.js";
import type { TenantId, UserId } from "../../model/ids.js";
import type { Problem } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import type { ExpressionPort } from "../deps.js";
import type { Gathered } from "../gather.js";
import { resultsOf } from "./expression-results.js";

/** The invariants that real people would break, each once, with one of those people and how many more there are. */
export interface InvariantTally {
  readonly broken: Map<string, { readonly problem: Problem; people: number }>;
}

/** Holds what a mapping would give a page of people against its invariants; expressions of the whole page at once. */
export async function tallyInvariants(
  expressions: ExpressionPort,
  tenant: TenantId,
  mapping: CompiledMapping,
  people: readonly Gathered[],
  decisions: ReadonlyMap<UserId, Decision>,
  tally: InvariantTally,
): Promise<void> {
  if (mapping.invariants.length === 0) return;
  const checks = people.flatMap(({ state, links }) => {
    const desired = (decisions.get(state.id)?.desired ?? []).filter((grant) => !grant.stale);
    return links.map((link) => ({
      who: quote(state.userName),
      link,
      given: desired.filter((grant) => grant.connection === link.connection.id).map((grant) => grant.target),
    }));
  });
  const jobs = new Map<string, ExpressionJob>();
  for (const { link, given } of checks)
    for (const [key, job] of invariantJobs(mapping, link, given)) jobs.set(key, job);
  const results = await resultsOf(expressions, tenant, jobs);
  for (const { who, link, given } of checks) {
    for (const problem of judgeInvariants(mapping, link, given, results, who)) count(tally, problem);
  }
}

function count({ broken }: InvariantTally, problem: Problem): void {
  const before = broken.get(problem.pointer);
  if (before) before.people += 1;
  else broken.set(problem.pointer, { problem, people: 1 });
}

/** One problem for each invariant that somebody would break, with how many people that are. */
export function invariantProblems({ broken }: InvariantTally): readonly Problem[] {
  return [...broken.values()].map(({ problem, people }) =>
    people === 1 ? problem : { ...problem, message: `${problem.message}, and ${people - 1} more people` },
  );
}
