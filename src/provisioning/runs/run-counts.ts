import { type ComputedProfile, opensOf } from "../../engine/computed-profile.js";
import { isFailure } from "../../engine/condition.js";
import { assignmentChanges } from "../../engine/plan/lines.js";
import type { Decision, Open } from "../../model/evaluation.js";
import type { RunId, UserId } from "../../model/ids.js";
import type { HeldReason, PersonState } from "../../model/person.js";
import type { PersonPlan } from "../../model/plan.js";
import type { Braked } from "../brake.js";

/** What was decided and computed for people. */
interface Judged {
  readonly decisions: ReadonlyMap<UserId, Decision>;
  readonly profiles: ReadonlyMap<UserId, ComputedProfile>;
}

/** What became of the people who are asked for: accounts and assignments that changed, and people who were kept back or could not be judged. */
export function countsOf(
  plans: readonly PersonPlan[],
  braked: Braked,
  judged: Judged,
  isAsked: (person: PersonState) => boolean = () => true,
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  const count = (key: string, n: number) => {
    if (n > 0) counts[key] = (counts[key] ?? 0) + n;
  };
  const isOf = ({ person }: PersonPlan) => isAsked(person);
  const people = plans.filter(isOf);
  for (const plan of braked.pass.filter(isOf)) countChanges(plan, count);
  count("held", braked.hold.filter(({ plan }) => isOf(plan)).length);
  count("waiting", braked.waiting.filter(isOf).length);
  count("kept", people.filter((plan) => plan.kept.length > 0).length);
  count("suspended", people.filter(({ person }) => isOpenFor(person.id, "expression_suspended", judged)).length);
  count("profileFailed", people.filter(({ person }) => opensOf(judged.profiles.get(person.id)).some(isFailure)).length);
  count("frozen", people.filter((plan) => plan.frozen).length);
  return counts;
}

/** Of the people in a held run that is being released, those who are held anew, by reason. */
export function staysOf(run: RunId, { hold }: Braked): Readonly<Record<string, number>> {
  const stays: Partial<Record<HeldReason, number>> = {};
  for (const { plan, reason } of hold) if (plan.person.hold?.run === run) stays[reason] = (stays[reason] ?? 0) + 1;
  return stays;
}

/** Assignments, as previews count them: a reason more or less changes none. */
function countChanges(plan: PersonPlan, count: (key: string, n: number) => void): void {
  if (plan.changes.length === 0) return;
  for (const change of plan.changes) if (!("grant" in change)) count(change.kind, 1);
  const { gained, lost } = assignmentChanges(plan);
  count("grant", gained.length);
  count("revoke", lost.length);
}

/** Some rule could not be judged for the person, or some attribute of the profile not be computed, for this reason. */
export function isOpenFor(id: UserId, reason: Open["reason"], { decisions, profiles }: Judged): boolean {
  const opens = [...(decisions.get(id)?.locks ?? []).map(({ open }) => open), ...opensOf(profiles.get(id))];
  return opens.some((open) => open.reason === reason);
}
