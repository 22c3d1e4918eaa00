/** Evaluate owns what each rule makes of one identity link: matched, unmatched, undecided or failed, with the evidence. */
import type { LinkEvaluation, Match, Open, RuleOutcome } from "../model/evaluation.js";
import type { ExpressionJob, ExpressionResult } from "../model/expression.js";
import type { GroupFact } from "../model/facts.js";
import type { Evidence } from "../model/grant.js";
import { grouped } from "../model/grouped.js";
import type { ConnectionId } from "../model/ids.js";
import type { PersonLink } from "../model/person.js";
import { type Target, targetKey } from "../model/target.js";
import { type Candidate, candidates, unkeyedHit } from "./candidates.js";
import {
  type CompiledExpression,
  type CompiledMapping,
  type CompiledRule,
  expressionsOf,
} from "./compile/compiled-mapping.js";
import type { RuleTable } from "./compile/rule-table.js";
import { MOST_TARGETS_OF_RESULTS } from "./computed-targets.js";
import { type Asking, askCondition, askGrants, expressionReads, isFailure } from "./condition.js";
import { type Hit, namedGroups } from "./match.js";
import { allOutcomes } from "./unmet.js";

/** Jobs of expressions, each once, by the key that `evaluate` looks the result up by. */
export type ExpressionJobs = Map<string, ExpressionJob>;

/**
 * The expressions that must run before these links can be evaluated. Only rules whose other matchers hold, or may hold, ask
 * for one, and only where all that it reads is known.
 */
export function expressionJobs(mapping: CompiledMapping, links: readonly PersonLink[]): ExpressionJobs {
  const jobs: ExpressionJobs = new Map();
  for (const link of links) {
    const table = mapping.tables(link.connection);
    if (!table.hasExpressions) continue;
    for (const candidate of candidates(table, link)) {
      const { hits, expressions } = asked(candidate);
      if (expressions.length === 0) continue;
      for (const hit of hits) addJobs(jobs, expressions, hit, { table, link });
    }
  }
  return jobs;
}

/** Ways of one rule of which targets are asked for at first, and by which it cannot fail for all that honest mappings do. */
const FIRST_ASKED = 50;

/**
 * The same in rounds, for people with very many groups: a rule whose `grants` has yielded too many targets by what `results`
 * answers is asked no further. `pending`: links that are asked for more once these jobs are answered, too.
 */
export function nextJobs(
  mapping: CompiledMapping,
  links: readonly PersonLink[],
  results: ReadonlyMap<string, ExpressionResult> = new Map(),
): { readonly jobs: ExpressionJobs; readonly pending: readonly PersonLink[] } {
  const jobs: ExpressionJobs = new Map();
  const pending = links.filter((link) => {
    const table = mapping.tables(link.connection);
    if (!table.hasExpressions) return false;
    let isPending = false;
    for (const candidate of candidates(table, link)) {
      const { hits, expressions } = asked(candidate);
      if (expressions.length === 0) continue;
      const { rule } = candidate.owner;
      const isLong = rule.give.grants !== undefined && hits.length > FIRST_ASKED;
      const next = isLong ? nextHits(rule, hits, { table, link, results }) : hits;
      for (const hit of next) addJobs(jobs, expressions, hit, { table, link }, results);
      isPending ||= next.length < hits.length && next.length > 0;
    }
    return isPending;
  });
  return { jobs, pending };
}

/** As many as were answered already; none once the rule has failed by them. */
function nextHits(rule: CompiledRule, hits: readonly Hit[], asking: Asking): readonly Hit[] {
  const targets = new Set<string>();
  let answered = 0;
  for (const hit of hits) {
    if (!isAnswered(rule, hit, asking)) break;
    answered += 1;
    const answer = askRule(rule, hit, asking);
    for (const { target } of "open" in answer ? [] : answer.matches) targets.add(targetKey(target));
    if (targets.size > MOST_TARGETS_OF_RESULTS) return [];
  }
  return hits.slice(answered, Math.max(FIRST_ASKED, 2 * answered));
}

/** INVARIANT: what cannot be read has no job, and counts as answered. */
function isAnswered(rule: CompiledRule, hit: Hit, asking: Asking): boolean {
  const jobs: ExpressionJobs = new Map();
  addJobs(jobs, expressionsOf(rule), hit, asking, asking.results);
  return jobs.size === 0;
}

function addJobs(
  jobs: ExpressionJobs,
  expressions: readonly CompiledExpression[],
  hit: Hit,
  where: Pick<Asking, "table" | "link">,
  answered?: ReadonlyMap<string, ExpressionResult>,
): void {
  for (const expression of expressions) {
    const reads = expressionReads(expression, hit, where);
    // What a rule gives is not asked for where its condition is open.
    if (!reads.ok) return;
    if (!answered?.has(reads.key)) jobs.set(reads.key, reads.job);
  }
}

/** Of a rule that cannot be matched for now only what could rule it out. */
function asked({ owner, hits, doubt }: Candidate): {
  readonly hits: readonly Hit[];
  readonly expressions: readonly CompiledExpression[];
} {
  if (!doubt && hits.length > 0) return { hits, expressions: expressionsOf(owner.rule) };
  const { when } = owner.rule;
  return { hits: [unkeyedHit(owner)], expressions: when && isApart(when) ? [when] : [] };
}

/** The answer is the same whatever groups the person has. */
function isApart({ reads }: CompiledExpression): boolean {
  return !reads.some((path) => path.startsWith("group"));
}

/**
 * What every rule makes of one link. `results` answers the jobs of `expressionJobs` by their keys; an answer that is
 * missing counts as a failure. The look-ups are made now, the outcomes when they are first read.
 * INVARIANT: a rule is matched only by facts that are known.
 */
export function evaluate(
  mapping: CompiledMapping,
  link: PersonLink,
  results: ReadonlyMap<string, ExpressionResult>,
): LinkEvaluation {
  return new Evaluated(mapping, link, results, namedGroups(mapping.tables(link.connection), link.facts.groups));
}

class Evaluated implements LinkEvaluation {
  readonly connection: ConnectionId;
  readonly #mapping: CompiledMapping;
  readonly #link: PersonLink;
  readonly #results: ReadonlyMap<string, ExpressionResult>;
  readonly #named: readonly GroupFact[];
  #notable: readonly RuleOutcome[] | undefined;

  constructor(
    mapping: CompiledMapping,
    link: PersonLink,
    results: ReadonlyMap<string, ExpressionResult>,
    named: readonly GroupFact[],
  ) {
    this.connection = link.connection.id;
    this.#mapping = mapping;
    this.#link = link;
    this.#results = results;
    this.#named = named;
  }

  get notable(): readonly RuleOutcome[] {
    this.#notable ??= notableOutcomes(this.#mapping, this.#link, this.#results, this.#named);
    return this.#notable;
  }

  get outcomes(): readonly RuleOutcome[] {
    return allOutcomes(this.#mapping, this.#link, this.notable);
  }
}

/**
 * Most targets that all rules together give one person at one connection. What a person may be given is bounded, so that
 * nobody's groups take the time and memory of others; a name pattern over all groups of a sign-in stays within it.
 */
const MOST_TARGETS = 10_000;

function notableOutcomes(
  mapping: CompiledMapping,
  link: PersonLink,
  results: ReadonlyMap<string, ExpressionResult>,
  named: readonly GroupFact[],
): readonly RuleOutcome[] {
  const table = mapping.tables(link.connection);
  const outcomes = candidates(table, link, named).flatMap((candidate) => judge(candidate, table, link, results));
  let targets = 0;
  return outcomes.map((outcome) => {
    if (outcome.status !== "matched") return outcome;
    // INVARIANT: a rule's targets count all or none, and in document order, so that the same facts always give the same.
    if (targets + outcome.matches.length > MOST_TARGETS) return overfull(outcome);
    targets += outcome.matches.length;
    return outcome;
  });
}

function overfull({ rule, index }: RuleOutcome): RuleOutcome {
  const detail = `the rules up to this one give more than ${MOST_TARGETS} targets here`;
  return { rule, index, status: "failed", open: { reason: "too_many_targets", detail } };
}

/** A condition that is known not to hold rules a rule out, whatever else of it is open. */
function isRuledOut({ owner, doubt, more }: Candidate, asking: Asking): boolean {
  const { when } = owner.rule;
  if (!(doubt ?? more) || !when || !isApart(when)) return false;
  const answer = askCondition(when, unkeyedHit(owner), asking);
  return !("open" in answer) && !answer.found;
}

/** The rule's outcome; none when it turns out not to match. */
function judge(
  candidate: Candidate,
  table: RuleTable,
  link: PersonLink,
  results: ReadonlyMap<string, ExpressionResult>,
): readonly RuleOutcome[] {
  if (isRuledOut(candidate, { table, link, results })) return [];
  const { owner, hits, more, doubt } = candidate;
  const { rule } = owner;
  const { id, index, give } = rule;
  if (doubt) {
    const open = more || give.grants ? doubt : { ...doubt, could: hits.map((hit) => hit.match.target as Target) };
    return [{ rule: id, index, status: "undecided", open }];
  }
  const { matches, open, barren } =
    rule.when || give.grants
      ? judgeExpressions(rule, hits, more, { table, link, results })
      : { matches: matchesOf(hits.map((hit) => hit.match as Match)), open: more, barren: undefined };
  if (matches.length > 0 || (barren && !open)) {
    // More groups give a rule with one literal target nothing that it does not give already.
    if (!open || give.literal) return [{ rule: id, index, status: "matched", matches, ...(barren && { barren }) }];
    return [{ rule: id, index, status: "matched", matches, open }];
  }
  return open ? [{ rule: id, index, status: isFailure(open) ? "failed" : "undecided", open }] : [];
}

interface Judged {
  readonly matches: readonly Match[];
  readonly open: Open | undefined;
  readonly barren: { readonly stale: boolean } | undefined;
}

/** What an expression left open counts before groups that may be missing; without those, only what was asked is at stake. */
function judgeExpressions(rule: CompiledRule, hits: readonly Hit[], more: Open | undefined, asking: Asking): Judged {
  const matches: Match[] = [];
  const opens: Open[] = [];
  const could: Target[] = [];
  const barren: { readonly stale: boolean }[] = [];
  const targets = new Set<string>();
  for (const hit of hits) {
    const answer = askRule(rule, hit, asking);
    if ("open" in answer) {
      opens.push(answer.open);
      could.push(hit.match.target as Target);
    } else {
      matches.push(...answer.matches);
      if (answer.barren) barren.push(answer.barren);
      if (!rule.give.grants) continue;
      for (const { target } of answer.matches) targets.add(targetKey(target));
      if (targets.size > MOST_TARGETS_OF_RESULTS) return TOO_MANY_RESULTS;
    }
  }
  const [open] = opens;
  const limited = open && !more && !rule.give.grants ? { ...open, could } : open;
  return {
    matches: matchesOf(matches),
    open: limited ?? more,
    barren: barren.find((one) => !one.stale) ?? barren[0],
  };
}

const TOO_MANY_RESULTS: Judged = {
  matches: [],
  open: {
    reason: "too_many_targets",
    detail: `\`grants\` yielded more than ${MOST_TARGETS_OF_RESULTS} targets for this person over all groups`,
  },
  barren: undefined,
};

type Asked =
  | { readonly open: Open }
  | { readonly matches: readonly Match[]; readonly barren?: { readonly stale: boolean } };

/** One way in which the rule's matchers hold: its condition, and then what it gives. */
function askRule({ when, give: { grants } }: CompiledRule, hit: Hit, asking: Asking): Asked {
  const answer = when ? askCondition(when, hit, asking) : { found: hit.match };
  if ("open" in answer) return answer;
  const { found } = answer;
  if (!found) return { matches: [] };
  if (!grants) return { matches: [found as Match] };
  const given = askGrants(grants, { ...hit, match: found }, asking);
  if ("open" in given || given.matches.length > 0) return given;
  return { matches: [], barren: { stale: given.stale } };
}

/** One match per target. A target that fresh facts support needs no stale ones. */
function matchesOf(matches: readonly Match[]): readonly Match[] {
  if (matches.length < 2) return matches;
  return [...grouped(matches, (match) => targetKey(match.target)).values()].map(joined);
}

function joined(same: readonly [Match, ...Match[]]): Match {
  const fresh = same.filter((match) => !match.stale);
  const [first, ...others] = (fresh.length > 0 ? fresh : same) as typeof same;
  return others.length === 0
    ? first
    : { ...first, evidence: distinct([first, ...others].flatMap((one) => one.evidence)) };
}

function distinct(evidence: readonly Evidence[]): readonly Evidence[] {
  const seen = new Map(evidence.map((one) => [`${one.kind}\u0000${one.label}\u0000${one.source ?? ""}`, one]));
  return [...seen.values()];
}
