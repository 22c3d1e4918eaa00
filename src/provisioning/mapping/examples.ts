import type { CompiledMapping } from "../../engine/compile/compile.js";
import { expressionJobs } from "../../engine/evaluate.js";
import { exampleDifference } from "../../engine/examples/example-failure.js";
import { exampleLink, judgeExample } from "../../engine/examples/examples.js";
import { judgePerson, someoneBy } from "../../engine/judge.js";
import type { Decision } from "../../model/evaluation.js";
import type { ExpressionJob, ExpressionResult } from "../../model/expression.js";
import type { ExampleDocument, MappingDocument } from "../../model/mapping.js";
import type { PersonLink } from "../../model/person.js";
import type { Problem } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import type { Target } from "../../model/target.js";
import type { ExpressionPort } from "../deps.js";
import { othersFirst } from "../judge.js";
import { resultsOf } from "./expression-results.js";
import {
  brokenInvariants,
  count,
  decisionWhenNew,
  defaultedNewcomers,
  type InvariantTally,
  invariantProblems,
  tallyInvariants,
} from "./invariants.js";

/** What a mapping makes of somebody who is registered and known by one link alone. */
export interface Tried {
  readonly link: PersonLink;
  readonly decision: Decision;
  /** What fresh facts give. */
  readonly given: readonly Target[];
  /** Invariants that this breaks, or what they would be given if they were new. */
  readonly broken: readonly Problem[];
}

/** What came of expressions before. Apart, since rules ask of each person anew and would leave no room. */
interface Remembered {
  readonly rules: Map<string, ExpressionResult>;
  readonly invariants: Map<string, ExpressionResult>;
}

/** Tries a mapping on people one by one, their expressions all at once. `names`: what messages call them. */
export async function tryAlone(
  expressions: ExpressionPort,
  tenant: number,
  mapping: CompiledMapping,
  links: readonly PersonLink[],
  names: readonly string[] = [],
  remembered: Remembered = { rules: new Map(), invariants: new Map() },
): Promise<readonly Tried[]> {
  const asked = new Map<string, ExpressionJob>();
  for (const link of links) {
    for (const [key, job] of expressionJobs(mapping, [link])) asked.set(key, job);
    await othersFirst();
  }
  const results = await resultsOf(expressions, tenant, asked, remembered.rules);
  const decided: Omit<Tried, "broken">[] = [];
  for (const link of links) {
    const decision = judgePerson(someoneBy(mapping, link), results);
    const given = decision.desired.filter((grant) => !grant.stale).map((grant) => grant.target);
    decided.push({ link, decision, given });
    await othersFirst();
  }
  const people = decided.map(({ link, decision }, index) => {
    return { who: names[index] ?? "somebody", links: [link], decision: decisionWhenNew(mapping, link, decision) };
  });
  const broken = await brokenInvariants({ expressions, tenant, mapping, remembered: remembered.invariants }, people);
  return decided.map((one, index) => ({ ...one, broken: broken[index] ?? [] }));
}

/** What the examples of a document say of it. */
export interface TriedExamples {
  /** Examples that fail and invariants that are broken; each blocks a save, by name. */
  readonly problems: readonly Problem[];
  /** Ids of the rules that some example matches. */
  readonly covered: ReadonlySet<string>;
}

/** So many examples are tried together: each condition is prepared once for all of them, and their jobs fit into memory. */
const CHUNK = 50;

/** Runs a document's examples and invariants over themselves. */
export async function tryExamples(
  expressions: ExpressionPort,
  tenant: number,
  { examples = [] }: MappingDocument,
  mapping: CompiledMapping,
): Promise<TriedExamples> {
  const problems: Problem[] = [];
  const covered = new Set<string>();
  const tally: InvariantTally = { broken: new Map() };
  const remembered: Remembered = { rules: new Map(), invariants: new Map() };
  const asking = { expressions, tenant, mapping, remembered: remembered.invariants };
  await tallyInvariants(asking, await defaultedNewcomers(asking), tally);
  for (let from = 0; from < examples.length; from += CHUNK) {
    const some = examples.slice(from, from + CHUNK);
    const links = some.map((example) => exampleLink(example, mapping));
    const names = some.map(({ name }) => `the person of example ${quote(name)}`);
    for (const [at, tried] of (await tryAlone(expressions, tenant, mapping, links, names, remembered)).entries()) {
      problems.push(...exampleProblems(mapping, some[at] as ExampleDocument, from + at, tried));
      for (const one of tried.broken) count(tally, one);
      for (const { notable } of tried.decision.evaluations)
        for (const { rule, status } of notable) if (status === "matched") covered.add(rule);
    }
    await othersFirst();
  }
  return { problems: [...problems, ...invariantProblems(tally)], covered };
}

function exampleProblems(mapping: CompiledMapping, example: ExampleDocument, index: number, tried: Tried) {
  const { link, decision, given } = tried;
  return judgeExample(example, index, given).map((problem) => {
    const difference = exampleDifference(mapping, mapping.examples[index]?.expect ?? [], link, decision);
    return { ...problem, difference };
  });
}
