/**
 * Prove owns that suggestions are true: each step that an explanation suggests is tried by evaluating the person again, and
 * what does not do what it says is not said. Expressions run outside, so that it goes in rounds.
 */
import type { Decision, RuleOutcome } from "../../model/evaluation.js";
import type { ExpressionJob, ExpressionResult } from "../../model/expression.js";
import { type DesiredGrant, grantKey } from "../../model/grant.js";
import type { PersonLink } from "../../model/person.js";
import { covers, type Target, targetKey, targetLabel } from "../../model/target.js";
import { compareText } from "../compare-text.js";
import type { CompiledMapping, CompiledRule } from "../compile/compiled-mapping.js";
import { diff } from "../diff.js";
import { jobsOf, judgePerson } from "../judge.js";
import { type Case, withLink, withRule } from "./as-if.js";
import { type Explained, type ExplainedRule, type Explanation, ruleSentence } from "./explain.js";
import { mergedSteps } from "./merged-steps.js";
import { nextVariants } from "./next-variants.js";
import type { Pieces } from "./pieces.js";
import { MOST_JOBS, MOST_ROUNDS, trialsFor } from "./trials.js";
import { after, matchingVariants, type Variant } from "./variants.js";
import { whyNot } from "./why-not.js";

/** Bounds on how much one explanation tries. */
const MOST_RULES = 40;
const MOST_TRIALS = 400;

/** What gains are measured against. */
interface Proving {
  readonly base: Case;
  /** Keys of the targets that the person has, or is about to get, as it is. */
  readonly had: ReadonlySet<string>;
  /** Keys of the grants that are decided as it is. */
  readonly due: ReadonlySet<string>;
  readonly wanted: Target | undefined;
  /** Trials of one round. */
  readonly most: number;
}

/** A variant that does what is promised, with what comes of it: by the rule, and by others besides. */
interface Found {
  readonly variant: Variant;
  readonly own: readonly string[];
  readonly also: readonly string[];
  /** Why it would wait all the same. */
  readonly keptBack?: string | undefined;
}

/** One rule's search for the smallest change. */
interface Search {
  readonly told: ExplainedRule;
  readonly link: PersonLink;
  readonly rule: CompiledRule;
  readonly pending: readonly Variant[];
  readonly found: readonly Found[];
  /** All that was thought of was tried. */
  readonly tried: boolean;
}

export interface Proof {
  /** Expressions that must run before `next`; empty when no more rounds are needed but one. */
  readonly jobs: ReadonlyMap<string, ExpressionJob>;
  /** Tries what is pending. A proof without `next` is over. */
  readonly next?: (results: ReadonlyMap<string, ExpressionResult>) => Pieces<Proof>;
  /** As far as it has come; rules that are one step away first. */
  readonly explanation: Explanation;
}

/** Begins to try what an explanation of this case suggests for the rules that give nothing. */
export function* proveGains(
  base: Case,
  decision: Decision,
  { missedAt, wanted, waits, ...explanation }: Explained,
): Pieces<Proof> {
  if (waits?.why === "frozen") return { jobs: new Map(), explanation };
  const fresh = decision.desired.filter(({ stale }) => !stale);
  const had = new Set([...base.state.grants, ...fresh].map(({ target }) => targetKey(target)));
  const due = new Set(fresh.map(grantKey));
  const searches: Search[] = [];
  for (const [index, told] of explanation.notGiven.entries()) {
    searches.push(begin(base, decision, told, missedAt[index] as PersonLink, index < MOST_RULES, wanted));
    yield;
  }
  const most = trialsFor(base, decision.offered.length, MOST_TRIALS);
  return yield* proofOf({ base, had, due, wanted, most }, explanation, searches, MOST_ROUNDS);
}

function begin(
  base: Case,
  decision: Decision,
  told: ExplainedRule,
  link: PersonLink,
  isTried: boolean,
  wanted: Target | undefined,
): Search {
  const rule = base.mapping.ruleById.get(told.rule) as CompiledRule;
  const pending = isTried ? firstVariants(base, decision, told, rule, link, wanted) : [];
  return { told, link, rule, pending, found: [], tried: isTried && pending.length === 0 };
}

function firstVariants(
  base: Case,
  decision: Decision,
  told: ExplainedRule,
  rule: CompiledRule,
  link: PersonLink,
  wanted: Target | undefined,
): readonly Variant[] {
  const asItIs: Variant = { steps: [], rule, link };
  const [step] = told.steps;
  if (step?.do === "confirm_group") return [after(base.mapping, asItIs, [{ kind: "confirm", group: step.group }])];
  if (told.why === "unmet" || told.why === "undecided") return matchingVariants(base.mapping, rule, link, wanted);
  return nextVariants(base.mapping, asItIs, told.why, decision, wanted);
}

interface Planned {
  readonly search: Search;
  readonly cases: readonly { readonly variant: Variant; readonly as: Case }[];
}

function* proofOf(
  proving: Proving,
  explanation: Explanation,
  searches: readonly Search[],
  rounds: number,
): Pieces<Proof> {
  const { base, most } = proving;
  const jobs = new Map<string, ExpressionJob>();
  let trials = 0;
  const planned: Planned[] = [];
  for (const search of searches) {
    const cases: { readonly variant: Variant; readonly as: Case }[] = [];
    for (const variant of search.pending) {
      if (trials >= most || jobs.size >= MOST_JOBS) break;
      trials += 1;
      const as = caseOf(base, search.link, variant);
      for (const [key, job] of jobsOf(as)) jobs.set(key, job);
      cases.push({ variant, as });
      yield;
    }
    planned.push({ search, cases });
  }
  const told = toldBy(proving, explanation, searches);
  if (trials === 0 || rounds === 0) return { jobs: new Map(), explanation: told };
  return { jobs, explanation: told, next: (results) => nextProof(proving, explanation, planned, results, rounds - 1) };
}

function* nextProof(
  proving: Proving,
  explanation: Explanation,
  planned: readonly Planned[],
  results: ReadonlyMap<string, ExpressionResult>,
  rounds: number,
): Pieces<Proof> {
  const searches: Search[] = [];
  for (const { search, cases } of planned) searches.push(yield* tried(proving, search, cases, results));
  return yield* proofOf(proving, explanation, searches, rounds);
}

function caseOf(base: Case, from: PersonLink, { rule, link, team }: Variant): Case {
  const replaced = withRule(withLink(base, from, link), rule.id, rule);
  if (team === undefined) return replaced;
  return { ...replaced, resolveTeam: (name) => (name === team ? { name } : base.resolveTeam(name)) };
}

/** What gives goes to `found`; what failed for one more reason comes back with that reason out of the way. */
function* tried(
  proving: Proving,
  search: Search,
  cases: Planned["cases"],
  results: ReadonlyMap<string, ExpressionResult>,
): Pieces<Search> {
  if (cases.length === 0) return search;
  const found: Found[] = [];
  const pending: Variant[] = [];
  for (const { variant, as } of cases) {
    const decision = judgePerson(as, results);
    yield;
    const gain = gainOf(proving, as, decision, variant);
    if (gain) found.push(gain);
    else if (found.length === 0) pending.push(...retry(as, decision, variant, proving.wanted));
    yield;
  }
  const smallest = found.length > 0 ? found : search.found;
  return { ...search, found: smallest, pending: smallest.length > 0 ? [] : pending.sort(byLength), tried: true };
}

function gainOf(
  { had, due, wanted }: Proving,
  { state, mapping, apply }: Case,
  decision: Decision,
  variant: Variant,
): Found | undefined {
  const { rule, link } = variant;
  const plan = diff(state, decision, mapping);
  const given = plan.changes.flatMap((one) => (one.kind === "grant" ? [one.grant] : []));
  const isOwn = (grant: DesiredGrant) => grant.rule === rule.id && grant.connection === link.connection.id;
  const own = given.filter((grant) => isOwn(grant) && !due.has(grantKey(grant)));
  if (wanted ? !own.some(({ target }) => covers(target, wanted)) : own.length === 0) return undefined;
  const ownLabels = labelsOf(own);
  const also = labelsOf(given.filter((grant) => !isOwn(grant) && !had.has(targetKey(grant.target))));
  const { waits, changes } = apply(plan);
  const isDone = changes.some((one) => one.kind === "grant" && own.includes(one.grant));
  return {
    ...{ variant, own: ownLabels, also: also.filter((label) => !ownLabels.includes(label)) },
    keptBack: isDone ? undefined : waits?.text,
  };
}

function labelsOf(grants: readonly DesiredGrant[]): readonly string[] {
  return [...new Set(grants.map(({ target }) => targetLabel(target)))].sort(compareText);
}

function retry(
  { mapping, links, state }: Case,
  decision: Decision,
  variant: Variant,
  wanted: Target | undefined,
): readonly Variant[] {
  const at = links.indexOf(variant.link);
  const outcome = decision.evaluations[at]?.notable.find((one) => one.rule === variant.rule.id);
  const because =
    outcome && whyNot({ mapping, decision, state, wanted }, variant.rule, variant.link, outcome as RuleOutcome);
  return because ? nextVariants(mapping, variant, because.why, decision, wanted) : [];
}

function byLength(a: Variant, b: Variant): number {
  return a.steps.length - b.steps.length;
}

function toldBy(
  { base: { mapping }, wanted }: Proving,
  explanation: Explanation,
  searches: readonly Search[],
): Explanation {
  const notGiven = searches.flatMap(({ told, rule, found, tried: isTried }): readonly ExplainedRule[] => {
    if (!isTried) return [told];
    const [smallest] = found.toSorted(bySize);
    // Nothing tells that computed targets could be the wanted one, unless trying did.
    if (!smallest) return wanted && rule.give.grants ? [] : [{ ...told, proved: false }];
    return [toldOf(mapping, told, smallest, found)];
  });
  const rank = ({ proved, steps }: ExplainedRule) => (proved ? steps.length : Number.MAX_SAFE_INTEGER);
  return { ...explanation, notGiven: notGiven.toSorted((a, b) => rank(a) - rank(b)) };
}

/** INVARIANT: what stands together as alternatives gives the same, whichever is taken. */
function toldOf(
  mapping: CompiledMapping,
  told: ExplainedRule,
  smallest: Found,
  found: readonly Found[],
): ExplainedRule {
  const { own, also, variant, keptBack } = smallest;
  const gives = [...own, ...also];
  const alternatives = found.filter(
    (one) =>
      one.variant.steps.length === variant.steps.length &&
      one.keptBack === keptBack &&
      [...one.own, ...one.also].join("\n") === gives.join("\n"),
  );
  const steps = mergedSteps(alternatives.map((one) => one.variant.steps));
  const sentence = ruleSentence(mapping, labelText(own), told.because, steps, keptBack);
  if (keptBack !== undefined) return { ...told, steps, proved: false, keptBack, sentence };
  return {
    ...told,
    steps,
    proved: true,
    gives,
    sentence: also.length === 0 ? sentence : `${sentence}, which gives ${labelText(also)} too`,
  };
}

const MOST_LABELS = 5;

function labelText(labels: readonly string[]): string {
  const more = labels.length - MOST_LABELS;
  return more > 0 ? `${labels.slice(0, MOST_LABELS).join(", ")} and ${more} more` : labels.join(" and ");
}

/** What waits for nothing; of as many steps, what opens the least. */
function bySize(a: Found, b: Found): number {
  const waiting = Number(a.keptBack !== undefined) - Number(b.keptBack !== undefined);
  return waiting || byLength(a.variant, b.variant) || a.own.length + a.also.length - (b.own.length + b.also.length);
}
