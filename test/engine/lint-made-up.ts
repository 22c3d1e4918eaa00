/** Lints documents in tests: alone, and beside groups and surroundings that are made up. */
import { expect } from "chai";
import { compileMapping, type MappingContext } from "../../src/engine/compile/compile.js";
import { evaluate, expressionJobs } from "../../src/engine/evaluate.js";
import { exampleLink, judgeExample } from "../../src/engine/examples/examples.js";
import { invariantChecks, invariantJobs, judgeInvariants } from "../../src/engine/examples/invariants.js";
import { jobsOf, judgePerson, someoneBy } from "../../src/engine/judge.js";
import type { LintFinding, PatchOperation } from "../../src/engine/lint/finding.js";
import { lintDocument } from "../../src/engine/lint/lint.js";
import type { ReachOptions } from "../../src/engine/lint/pattern-reach.js";
import { type SaidFacts, saidBook } from "../../src/engine/lint/said.js";
import { type SeenGroup, seenGroups } from "../../src/engine/lint/seen.js";
import { inPlace, type Surroundings, surroundingFindings } from "../../src/engine/lint/surroundings.js";
import { lintView } from "../../src/engine/lint/view.js";
import type { Json } from "../../src/model/json.js";
import type { MappingDocument } from "../../src/model/mapping.js";
import { CONTEXT, NOW, resultsOf } from "./made-up.js";

export interface LintWorld {
  readonly context?: Partial<MappingContext>;
  readonly groups?: readonly SeenGroup[];
  readonly said?: readonly SaidFacts[];
  readonly seen?: Partial<ReachOptions>;
  readonly around?: Partial<Surroundings>;
  /** The examples are not looked at. */
  readonly untested?: true;
}

export async function linted(document: MappingDocument, world: LintWorld = {}): Promise<readonly LintFinding[]> {
  const context = { ...CONTEXT, ...world.context };
  const compiled = compileMapping(document, context);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems, null, 2));
  const { mapping, warnings } = compiled;
  const links = (document.examples ?? []).map((example) => exampleLink(example, mapping));
  const results = await resultsOf(expressionJobs(mapping, links));
  const covered = new Set(
    links.flatMap((link) =>
      evaluate(mapping, link, results).notable.flatMap(({ rule, status }) => (status === "matched" ? [rule] : [])),
    ),
  );
  const view = lintView(document, mapping, { now: NOW, ...(world.untested ? {} : { covered }) });
  const seen = seenGroups(view, {
    connections: context.connections,
    privilegedRoles: new Set(),
    ...world.seen,
  });
  for (const group of world.groups ?? []) seen.take(group);
  for (const group of world.groups ?? []) seen.compare(group);
  const said = saidBook(view, context.connections);
  for (const one of world.said ?? []) said.take(one);
  const around = {
    ...{ disabled: new Set<string>(), teams: [], days: 90, lastGave: new Map(), since: "2026-08-24T12:00:00.000Z" },
    ...world.around,
  };
  const parts = [
    ...lintDocument(view, warnings),
    ...seen.findings(),
    ...said.findings(),
    ...surroundingFindings(view, around),
  ];
  return inPlace(parts.flat());
}

/** `/pointer code` per finding. */
export async function lintCodes(document: MappingDocument, world: LintWorld = {}): Promise<readonly string[]> {
  return (await linted(document, world)).map(({ pointer, code }) => `${pointer} ${code}`);
}

/** Compiles, and every example and invariant holds. */
export async function expectValid(document: MappingDocument, context: MappingContext = CONTEXT): Promise<void> {
  const compiled = compileMapping(document, context);
  expect(compiled.ok ? [] : compiled.problems).to.deep.equal([]);
  if (!compiled.ok) return;
  for (const [index, example] of (document.examples ?? []).entries()) {
    const link = exampleLink(example, compiled.mapping);
    const person = someoneBy(compiled.mapping, link);
    const { desired } = judgePerson(person, await resultsOf(jobsOf(person)));
    const given = desired.map(({ target }) => target);
    const results = await resultsOf(invariantJobs(invariantChecks(compiled.mapping, link, given)));
    expect(judgeExample(example, index, given)).to.deep.equal([]);
    expect(judgeInvariants(invariantChecks(compiled.mapping, link, given), results)).to.deep.equal([]);
  }
}

/** A JSON Patch (RFC 6902), as far as fixes use it. */
export function patched(document: MappingDocument, operations: readonly PatchOperation[]): MappingDocument {
  const root = structuredClone(document) as unknown as Json;
  for (const operation of operations) {
    const steps = operation.path
      .split("/")
      .slice(1)
      .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = steps.pop() as string;
    const parent = steps.reduce((at, step) => (at as Record<string, Json>)[step] as Json, root);
    if (Array.isArray(parent)) {
      const at = last === "-" ? parent.length : Number(last);
      if (operation.op === "remove") parent.splice(at, 1);
      else parent.splice(at, operation.op === "replace" ? 1 : 0, operation.value);
    } else if (operation.op === "remove") delete (parent as Record<string, Json>)[last];
    else (parent as Record<string, Json>)[last] = operation.value;
  }
  return root as unknown as MappingDocument;
}

export function seenGroup(name: string, more: Partial<SeenGroup> = {}): SeenGroup {
  return {
    connection: "idp",
    called: name,
    names: [name],
    ids: [name],
    source: "scim",
    members: 1,
    deleted: false,
    ...more,
  };
}
