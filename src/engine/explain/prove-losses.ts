/** Proves what an explanation says would end an assignment, by evaluating the person again without it. */
import type { Decision } from "../../model/evaluation.js";
import type { ExpressionJob, ExpressionResult } from "../../model/expression.js";
import { type DesiredGrant, type Grant, grantKey } from "../../model/grant.js";
import { grouped } from "../../model/grouped.js";
import type { PersonLink } from "../../model/person.js";
import type { Kept, PersonPlan } from "../../model/plan.js";
import { scimRoleLabel } from "../../model/scim-role.js";
import { targetKey } from "../../model/target.js";
import type { CompiledMapping } from "../compile/compiled-mapping.js";
import { diff } from "../diff.js";
import { jobsOf, judgePerson } from "../judge.js";
import { type Case, withLink, withRule } from "./as-if.js";
import { distinctSteps, type ExplainedAssignment, lossSentence } from "./assignment.js";
import { changed, type FactChange } from "./fact-changes.js";
import type { Pieces } from "./pieces.js";
import { type Step, stepsToLose } from "./steps.js";
import { MOST_JOBS, MOST_ROUNDS, trialsFor } from "./trials.js";
import { waysFor } from "./variants.js";

/** Bounds on how much one explanation tries. */
const MOST_ASSIGNMENTS = 40;
const MOST_STEPS = 100;

interface Search {
  readonly told: ExplainedAssignment;
  readonly as: Case;
  readonly steps: readonly Step[];
  /** `undefined` while it is open. */
  readonly proved?: boolean;
  readonly keptBack?: string;
  /** Why the assignment is kept, whatever its own evidence says. */
  readonly keptSince?: string;
}

export interface LossProof {
  /** Expressions that must run before `next`. */
  readonly jobs: ReadonlyMap<string, ExpressionJob>;
  /** A proof without it is over. */
  readonly next?: (results: ReadonlyMap<string, ExpressionResult>) => Pieces<LossProof>;
  readonly assignments: readonly ExplainedAssignment[];
}

type Reason = Pick<Grant, "origin" | "rule" | "connection" | "evidence">;

/** `base` is the case in which the assignments are held. */
export function* proveLosses(base: Case, assignments: readonly ExplainedAssignment[]): Pieces<LossProof> {
  const most = trialsFor(base, 0, MOST_ASSIGNMENTS);
  const heldAt = grouped(base.state.grants, ({ target }) => targetKey(target));
  const searches = assignments.map((told, index): Search => {
    if (index >= most || told.toLose.length > MOST_STEPS) return { told, as: base, steps: told.toLose };
    const held = heldAt.get(targetKey(told.target)) as readonly Grant[];
    const { waits } = base.apply(withoutAll(base, held));
    if (waits?.always) return { told, as: base, steps: told.toLose, proved: false, keptBack: waits.text };
    return { told, as: held.reduce(withoutReason, base), steps: told.toLose };
  });
  return yield* proofOf(base, searches, MOST_ROUNDS);
}

/** A plan that ends these grants, by whatever door. */
function withoutAll({ state }: Case, grants: readonly Grant[]): PersonPlan {
  const changes = grants.map((grant) => ({ kind: "revoke", grant, reason: "" }) as const);
  return { person: state, changes, kept: [], refreshed: [], frozen: false };
}

/** The case as it would be if what gave the grant were not so any more. */
function withoutReason(as: Case, grant: Reason): Case {
  if (grant.origin === "scim_role") return withoutScimRoles(as, grant);
  if (grant.origin !== "rule") {
    const grants = as.state.grants.filter((one) => one.origin !== grant.origin || one.rule !== grant.rule);
    return { ...as, state: { ...as.state, grants } };
  }
  const steps = stepsToLose(grant);
  const changes = steps.flatMap(changesOf);
  if (steps.some((step) => step.do === "change_rule")) return withRule(as, String(grant.rule), undefined);
  // Each row by which the connection knows the person may be what gives it.
  return as.links
    .filter(({ connection }) => connection.id === grant.connection)
    .reduce((next, link) => withLink(next, link, withChanges(link, changes, as.mapping)), as);
}

function withChanges(link: PersonLink, changes: readonly FactChange[], { aliases }: CompiledMapping): PersonLink {
  return changes.reduce((one, change) => changed(one, change, aliases), link);
}

/** As if SCIM took these role assignments away, from the person or from the group that carries them. */
function withoutScimRoles(as: Case, { connection, evidence }: Reason): Case {
  const gone = new Set(evidence.map(({ label, group }) => JSON.stringify([label, group])));
  const links = as.links.map((link): PersonLink => {
    if (link.connection.id !== connection || !link.scimRoles) return link;
    const scimRoles = link.scimRoles.filter((fact) => !gone.has(JSON.stringify([scimRoleLabel(fact), fact.group])));
    return { ...link, scimRoles };
  });
  return { ...as, links };
}

function changesOf(step: Step): readonly FactChange[] {
  switch (step.do) {
    case "leave_group":
      return [{ kind: "group", name: step.group, member: false }];
    case "lose_app_role":
      return [{ kind: "app_role", role: step.role, held: false }];
    case "fail_condition":
      return waysFor(step.condition, false)[0] ?? [];
    default:
      return [];
  }
}

function* proofOf(base: Case, searches: readonly Search[], rounds: number): Pieces<LossProof> {
  const jobs = new Map<string, ExpressionJob>();
  const open = new Set<Search>();
  for (const search of searches) {
    // What is kept may be so by other rules than those that gave it.
    const isUntouched = search.as === base && !isKept(search.told);
    const isDone = rounds === 0 || search.proved !== undefined || isUntouched;
    if (isDone || jobs.size >= MOST_JOBS) continue;
    open.add(search);
    for (const [key, job] of jobsOf(search.as)) jobs.set(key, job);
    yield;
  }
  const assignments = searches.map((search) => toldBy(base, search));
  if (open.size === 0) return { jobs, assignments };
  return {
    jobs,
    assignments,
    *next(results) {
      const further: Search[] = [];
      for (const search of searches) {
        further.push(open.has(search) ? yield* tried(base, search, results) : search);
      }
      return yield* proofOf(base, further, rounds - 1);
    },
  };
}

/** Another rule may give the same as soon as this one does not: then that one has to go, too. */
function* tried(base: Case, search: Search, results: ReadonlyMap<string, ExpressionResult>): Pieces<Search> {
  const decision = judgePerson(search.as, results);
  yield;
  const { kept, opened, unjudged, waits } = leftOver(search, decision);
  yield;
  if (kept.length > 0 && waits) return { ...search, proved: false, keptBack: waits.text };
  if (kept.length === 0 && opened.length === 0) return { ...search, proved: true };
  if (opened.length === 0) return withoutKept(base, search, unjudged);
  const steps = distinctSteps([...search.steps, ...opened.flatMap(stepsToLose)]);
  return { ...search, as: opened.reduce(withoutReason, search.as), steps };
}

/** Facts do not end what is kept because some rule cannot be judged: that the rule goes which gave it does. */
function withoutKept(base: Case, search: Search, kept: readonly Kept[]): Search {
  const [first] = kept;
  if (!first || !isKept(search.told)) return { ...search, proved: false };
  const keptIds = new Set(kept.map(({ grant }) => grant.id));
  const wanted = targetKey(search.told.target);
  const others = base.state.grants.filter(({ id, target }) => targetKey(target) === wanted && !keptIds.has(id));
  const rules = [...new Set(kept.map(({ grant }) => String(grant.rule)))];
  const removals = rules.map((rule): Step => ({ do: "change_rule", rule, how: "remove" }));
  const apart = others.reduce(withoutReason, base);
  return {
    ...search,
    as: rules.reduce((as, rule) => withRule(as, rule, undefined), apart),
    steps: distinctSteps([...others.flatMap(stepsToLose), ...removals]),
    keptSince: first.reason,
  };
}

function isKept({ grants }: ExplainedAssignment): boolean {
  return grants.some(({ kept }) => kept !== undefined);
}

function leftOver({ told, as }: Search, decision: Decision) {
  const wanted = targetKey(told.target);
  const plan = diff(as.state, decision, as.mapping);
  const { changes, waits } = as.apply(plan);
  const gone = new Set<string>();
  const opened: DesiredGrant[] = [];
  for (const change of changes) {
    if (change.kind === "revoke") gone.add(grantKey(change.grant));
    if (change.kind === "grant" && targetKey(change.grant.target) === wanted) opened.push(change.grant);
  }
  const kept = as.state.grants.filter((grant) => targetKey(grant.target) === wanted && !gone.has(grantKey(grant)));
  const unjudged = plan.kept.filter(({ grant }) => targetKey(grant.target) === wanted);
  return { kept, opened, unjudged, waits };
}

function toldBy({ mapping }: Case, { told, steps, proved, keptBack, keptSince }: Search): ExplainedAssignment {
  if (proved === undefined && steps === told.toLose) return told;
  return {
    ...told,
    toLose: steps,
    toLoseProved: proved ?? false,
    ...(keptBack === undefined ? {} : { keptBack }),
    sentence: lossSentence(mapping, told.label, steps, keptBack ?? told.keptBack, keptSince),
  };
}
