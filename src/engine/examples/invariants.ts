/** Holds what people are given against a mapping's invariants: conditions that nothing given may meet. */

import type { ExpressionJob, ExpressionResult } from "../../model/expression.js";
import type { PersonLink } from "../../model/person.js";
import type { Problem } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import { type Target, targetLabel } from "../../model/target.js";
import type { CompiledMapping } from "../compile/compiled-mapping.js";
import { problem } from "../compile/problems.js";
import { type Reads, readFacts } from "../fact-reads.js";

/** One invariant and one thing that a person is given. */
export interface InvariantCheck {
  readonly invariant: CompiledMapping["invariants"][number];
  readonly target: Target;
  readonly reads: Reads;
}

/** What is to be checked of what a person is given by the facts of one link. */
export function invariantChecks(
  mapping: CompiledMapping,
  link: PersonLink,
  given: readonly Target[],
): readonly InvariantCheck[] {
  const table = mapping.tables(link.connection);
  return mapping.invariants.flatMap((invariant) =>
    given.map((target) => ({
      invariant,
      target,
      reads: readFacts(invariant.never, { facts: link.facts, table, target }),
    })),
  );
}

/** The conditions to run, by the keys that `judgeInvariants` looks the results up by. */
export function invariantJobs(checks: readonly InvariantCheck[]): ReadonlyMap<string, ExpressionJob> {
  const jobs = new Map<string, ExpressionJob>();
  for (const { reads } of checks) if (reads.ok) jobs.set(reads.key, reads.job);
  return jobs;
}

/**
 * The invariants that what a person is given breaks, each once, by name. One that fails or yields no boolean is reported
 * too; one that yields nothing is not broken, and one that reads an unknown fact proves nothing and passes. `who` names
 * the person in the messages.
 */
export function judgeInvariants(
  checks: readonly InvariantCheck[],
  results: ReadonlyMap<string, ExpressionResult>,
  who: string = "somebody",
): readonly Problem[] {
  const broken = new Map<string, Problem>();
  for (const { invariant, target, reads } of checks) {
    if (broken.has(invariant.pointer)) continue;
    const name = `invariant ${quote(invariant.name)}`;
    const pointer = `${invariant.pointer}/never`;
    if (!reads.ok) {
      if (reads.refused === undefined) continue;
      const message = `${name} cannot be judged: ${reads.refused}`;
      broken.set(invariant.pointer, problem(pointer, "invariant_failed", message));
      continue;
    }
    const result = results.get(reads.key);
    if (result?.ok && (result.value === null || typeof result.value === "boolean")) {
      if (result.value !== true) continue;
      const message = `${name} is broken: ${who} would be given ${quote(targetLabel(target))}`;
      broken.set(invariant.pointer, problem(pointer, "invariant_broken", message));
    } else {
      const why = result?.ok === false ? result.message : "it yielded neither true nor false";
      broken.set(invariant.pointer, problem(pointer, "invariant_failed", `${name} cannot be judged: ${why}`));
    }
  }
  return [...broken.values()];
}
