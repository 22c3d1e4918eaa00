/**
 * Prove owns that suggestions are true: each step that an explanation suggests is tried by evaluating the person again, and
 * what does not do what it says is not said. Expressions run outside, so that it goes in rounds.
 */
import type { Decision, RuleOutcome } from "../model/evaluation.js";
import type { ExpressionJob, ExpressionResult } from "../model/expression.js";
import type { PersonLink } from "../model/person.js";
import { type Case, jobsOf, judgeCase, withLink, withRule } from "./as-if.js";
import type { CompiledRule } from "./compiled-mapping.js";
import { diff } from "./diff.js";
import { type Explained, type ExplainedRule, type Explanation, ruleSentence } from "./explain.js";
import { mergedSteps } from "./merged-steps.js";
import { nextVariants } from "./next-variants.js";
import { after, matchingVariants, type Variant } from "./variants.js";
import { whyNot } from "./why-not.js";

/** Bounds on how much one explanation tries. */
const MOST_RULES = 40;
const MOST_TRIALS = 400;
const MOST_JOBS = 2_000;
const MOST_ROUNDS = 3;

/** One rule's search for the smallest change. */
interface Search {
  readonly told: ExplainedRule;
  readonly link: PersonLink;
  readonly rule: CompiledRule;
  readonly pending: readonly Variant[];
  readonly found: readonly Variant[];
  /** All that was thought of was tried. */
  readonly tried: boolean;
}

export interface Proof {
  /** Expressions that must run before `next`; empty when no more rounds are needed but one. */
  readonly jobs: ReadonlyMap<string, ExpressionJob>;
  /** Tries what is pending. A proof without `next` is over. */
  readonly next?: (results: ReadonlyMap<string, ExpressionResult>) => Proof;
  /** As far as it has come; rules that are one step away first. */
  readonly explanation: Explanation;
}

/** Begins to try what an explanation of this case suggests for the rules that give nothing. */
export function proveGains(base: Case, decision: Decision, { missedAt, ...explanation }: Explained): Proof {
  const searches = explanation.notGiven.map((told, index) =>
    begin(base, decision, told, missedAt[index] as PersonLink, index < MOST_RULES),
  );
  return proofOf(base, explanation, searches, MOST_ROUNDS);
}

function begin(base: Case, decision: Decision, told: ExplainedRule, link: PersonLink, isTried: boolean): Search {
  const rule = base.mapping.ruleById.get(told.rule) as CompiledRule;
  const pending = isTried ? firstVariants(base, decision, told, rule, link) : [];
  return { told, link, rule, pending, found: [], tried: isTried && pending.length === 0 };
}

function firstVariants(
  base: Case,
  decision: Decision,
  told: ExplainedRule,
  rule: CompiledRule,
  link: PersonLink,
): readonly Variant[] {
  const asItIs: Variant = { steps: [], rule, link };
  const [step] = told.steps;
  if (step?.do === "confirm_group") return [after(base.mapping, asItIs, [{ kind: "confirm", group: step.group }])];
  if (told.why === "unmet" || told.why === "undecided") return matchingVariants(base.mapping, rule, link);
  return nextVariants(base.mapping, asItIs, told.why, decision);
}

function proofOf(base: Case, explanation: Explanation, searches: readonly Search[], rounds: number): Proof {
  const jobs = new Map<string, ExpressionJob>();
  let trials = 0;
  const planned = searches.map((search) => {
    const cases: { readonly variant: Variant; readonly as: Case }[] = [];
    for (const variant of search.pending) {
      if (trials >= MOST_TRIALS || jobs.size >= MOST_JOBS) break;
      trials += 1;
      const as = caseOf(base, search.link, variant);
      for (const [key, job] of jobsOf(as)) jobs.set(key, job);
      cases.push({ variant, as });
    }
    return { search, cases };
  });
  const told = toldBy(base, explanation, searches);
  if (trials === 0 || rounds === 0) return { jobs: new Map(), explanation: told };
  return {
    jobs,
    explanation: told,
    next: (results) =>
      proofOf(
        base,
        explanation,
        planned.map(({ search, cases }) => tried(search, cases, results)),
        rounds - 1,
      ),
  };
}

function caseOf(base: Case, from: PersonLink, { rule, link, team }: Variant): Case {
  const replaced = withRule(withLink(base, from, link), rule.id, rule);
  if (team === undefined) return replaced;
  return { ...replaced, resolveTeam: (name) => (name === team ? { name } : base.resolveTeam(name)) };
}

/** What gives goes to `found`; what failed for one more reason comes back with that reason out of the way. */
function tried(
  search: Search,
  cases: readonly { readonly variant: Variant; readonly as: Case }[],
  results: ReadonlyMap<string, ExpressionResult>,
): Search {
  if (cases.length === 0) return search;
  const found: Variant[] = [];
  const pending: Variant[] = [];
  for (const { variant, as } of cases) {
    const decision = judgeCase(as, results);
    if (gives(as, decision, variant)) found.push(variant);
    else if (found.length === 0) pending.push(...retry(as, decision, variant));
  }
  const smallest = found.length > 0 ? found : search.found;
  return { ...search, found: smallest, pending: smallest.length > 0 ? [] : pending.sort(byLength), tried: true };
}

function gives({ state, mapping }: Case, decision: Decision, { rule, link }: Variant): boolean {
  const { changes } = diff(state, decision, mapping);
  return changes.some(
    (change) =>
      change.kind === "grant" && change.grant.rule === rule.id && change.grant.connection === link.connection.id,
  );
}

function retry({ mapping, links, state }: Case, decision: Decision, variant: Variant): readonly Variant[] {
  const at = links.indexOf(variant.link);
  const outcome = decision.evaluations[at]?.notable.find((one) => one.rule === variant.rule.id);
  const because = outcome && whyNot(mapping, variant.rule, variant.link, outcome as RuleOutcome, decision, state);
  return because ? nextVariants(mapping, variant, because.why, decision) : [];
}

function byLength(a: Variant, b: Variant): number {
  return a.steps.length - b.steps.length;
}

function toldBy({ mapping }: Case, explanation: Explanation, searches: readonly Search[]): Explanation {
  const notGiven = searches.map(({ told, found, tried: isTried }): ExplainedRule => {
    if (!isTried) return told;
    const [smallest] = found.toSorted(byLength);
    if (!smallest) return { ...told, proved: false };
    const alternatives = found.filter((one) => one.steps.length === smallest.steps.length);
    const steps = mergedSteps(alternatives.map((one) => one.steps));
    return { ...told, steps, proved: true, sentence: ruleSentence(mapping, told.label, told.because, steps) };
  });
  const rank = ({ proved, steps }: ExplainedRule) => (proved ? steps.length : Number.MAX_SAFE_INTEGER);
  return { ...explanation, notGiven: notGiven.toSorted((a, b) => rank(a) - rank(b)) };
}
