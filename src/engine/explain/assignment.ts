/** What a person holds in one place: by which grants, what it won against, and what would end it. */
import type { Decision } from "../../model/evaluation.js";
import type { Grant } from "../../model/grant.js";
import type { ConflictStrategy } from "../../model/mapping.js";
import { type ScopeKind, scopeKind, type Target, targetLabel } from "../../model/target.js";
import type { CompiledMapping, CompiledRule } from "../compile/compiled-mapping.js";
import { isSyncedGrant } from "../diff.js";
import { plainName, ruleNameOf } from "../rule-text.js";
import type { Waits } from "./applied.js";
import type { ExplainedGrant } from "./explain.js";
import { type Step, stepsText, stepsToLose } from "./steps.js";

export interface ExplainedAssignment {
  readonly target: Target;
  readonly label: string;
  readonly grants: readonly ExplainedGrant[];
  /** Present where rules compete: how the mapping settles it there, and which rules offered something else and lost. */
  readonly conflict?: { readonly strategy: ConflictStrategy; readonly lost: readonly LostOffer[] };
  /** What would end it, all of it together; nothing where only what keeps it back is in the way. */
  readonly toLose: readonly Step[];
  /** Whether re-evaluating with these steps taken ends it; absent while nobody tried. */
  readonly toLoseProved?: boolean;
  /** Why it stays all the same, and what to do first. */
  readonly keptBack?: string;
  readonly sentence: string;
}

export interface LostOffer {
  readonly rule: string;
  /** What people call it. */
  readonly name: string;
  readonly label: string;
}

/** One thing that is held, with all its grants. */
export function explainAssignment(
  mapping: CompiledMapping,
  offeredIn: ReadonlyMap<string, Decision["offered"]>,
  grants: readonly [Grant, ...Grant[]],
  grantOf: (grant: Grant) => ExplainedGrant,
  { leaving, waits }: Leaving,
): ExplainedAssignment {
  const { target } = grants[0];
  const label = targetLabel(target);
  // What nothing gives any more needs no step but what lets it go; facts that never come again end nothing.
  const stays = (grant: Grant) => leaving.has(grant.id) || (waits?.why === "frozen" && isSyncedGrant(grant));
  const lasting = waits ? grants.filter((grant) => !stays(grant)) : grants;
  const toLose = distinctSteps(lasting.flatMap(stepsToLose));
  const keptBack = lasting.length < grants.length ? waits?.text : undefined;
  return {
    target,
    label,
    grants: grants.map(grantOf),
    ...conflictOf(mapping, offeredIn, grants),
    toLose,
    ...(keptBack === undefined ? {} : { keptBack }),
    sentence: lossSentence(mapping, label, toLose, keptBack),
  };
}

/** Ids of grants that nothing gives any more, and why they stay. */
interface Leaving {
  readonly leaving: ReadonlySet<string>;
  readonly waits: Waits | undefined;
}

/**
 * What would end an assignment, in words; `keptBack`: why it stays all the same; `keptSince`: why it is kept whatever it was
 * given by, as some rule cannot be judged.
 */
export function lossSentence(
  mapping: CompiledMapping,
  label: string,
  steps: readonly Step[],
  keptBack?: string,
  keptSince?: string,
): string {
  const todo = stepsText(steps, (id) => ruleNameOf(mapping, id));
  if (keptBack !== undefined) return `${label} stays: ${keptBack}${todo === "" ? "" : `; then, to lose it, ${todo}`}`;
  if (keptSince === undefined) return `${label}: to lose it, ${todo}`;
  return `${label} is kept, since ${keptSince}; it is judged anew once that ends; to lose it before, ${todo}`;
}

/** Two rules may have matched by the same group. */
export function distinctSteps(steps: readonly Step[]): readonly Step[] {
  return [...new Map(steps.map((step) => [JSON.stringify(step), step])).values()];
}

function conflictOf(
  mapping: CompiledMapping,
  offeredIn: ReadonlyMap<string, Decision["offered"]>,
  grants: readonly [Grant, ...Grant[]],
): Pick<ExplainedAssignment, "conflict"> {
  const [{ target }] = grants;
  const strategy = mapping.conflicts[scopeKind(target.scope) as ScopeKind];
  if (strategy === "all" || !grants.some(({ origin }) => origin === "rule")) return {};
  const lost = (offeredIn.get(target.scope) ?? [])
    .filter((one) => one.target.role !== target.role)
    .map(({ rule, target: other }) => ({
      rule: rule.id,
      name: plainName(mapping.ruleById.get(rule.id) as CompiledRule),
      label: targetLabel(other),
    }));
  return { conflict: { strategy, lost: [...new Map(lost.map((one) => [JSON.stringify(one), one])).values()] } };
}
