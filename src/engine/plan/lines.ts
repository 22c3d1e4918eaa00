import type { Grant, GrantKey } from "../../model/grant.js";
import type { Change, PersonPlan, PlanLine } from "../../model/plan.js";
import { isOwner, isPrivileged, type Target, targetKey, targetLabel } from "../../model/target.js";
import { compareText } from "../compare-text.js";

const NONE: ReadonlySet<string> = new Set();

/**
 * What a plan means to a reader: changes of the account, and assignments that appear or vanish. A grant that joins or
 * leaves others of the same target changes no assignment and has no line. What is kept, and what a held person would lose,
 * is a line too, and so is what somebody who waits would gain; a held person without losses has one of the account.
 * Privileged lines first, owners before all.
 */
export function planLines(plan: PersonPlan, privilegedRoles: ReadonlySet<string> = NONE): readonly PlanLine[] {
  const { person, changes, kept, held, waiting } = plan;
  const { id, userName, status } = person;
  const user: PlanLine["user"] = { id, userName, ...(status === "pending" && { pending: true }) };
  const line = (change: PlanLine["change"], reason: string, target?: Target): PlanLine => ({
    user,
    change,
    ...(target === undefined ? {} : { target }),
    reason,
    privileged: target !== undefined && isPrivileged(target, privilegedRoles),
  });
  const account = changes.flatMap((change) => ("grant" in change ? [] : [line(change.kind, change.reason)]));
  const { gained, lost } = assignmentChanges(plan);
  const targets = [
    ...lost.map(({ grant, reason, raised }) => ({
      ...line("revoke", reason, grant.target),
      ...(raised && { raised }),
    })),
    ...gained.map(({ grant, reason }) => line("grant", reason, grant.target)),
    ...kept.map(({ grant, reason }) => line("hold", reason, grant.target)),
    ...(held?.losses.map(({ target }) => line("hold", held.reason, target)) ?? []),
    ...(waiting?.gains.map(({ target }) => ({ ...line("grant", waiting.reason, target), held: true as const })) ?? []),
  ];
  const asAWhole = held?.losses.length === 0 ? [line("hold", held.reason)] : [];
  return [...account, ...asAWhole, ...targets.sort(byPrivilege)];
}

type Gain = Extract<Change, { readonly kind: "grant" }>;
type Revoke = Extract<Change, { readonly kind: "revoke" }>;

export interface AssignmentChanges {
  readonly gained: readonly Gain[];
  readonly lost: readonly Revoke[];
}

/** One change per assignment that appears or vanishes, an assignment being the union of the grants of one target. */
export function assignmentChanges({ person, changes }: Pick<PersonPlan, "person" | "changes">): AssignmentChanges {
  const before = new Set(person.grants.map((grant) => targetKey(grant.target)));
  const after = new Set(grantsAfter(person.grants, changes).map((grant) => targetKey(grant.target)));
  const gained = new Map<string, Gain>();
  const lost = new Map<string, Revoke>();
  for (const change of changes) {
    if (!("grant" in change)) continue;
    const key = targetKey(change.grant.target);
    if (change.kind === "grant" && !before.has(key)) gained.set(key, change);
    if (change.kind === "revoke" && !after.has(key)) lost.set(key, change);
  }
  return { gained: [...gained.values()], lost: [...lost.values()] };
}

/** The open grants that changes leave behind. INVARIANT: by ids, since a change names a grant by the rule that it is of now. */
export function grantsAfter(grants: readonly Grant[], changes: readonly Change[]): readonly GrantKey[] {
  const closed = new Set(changes.flatMap((change) => (change.kind === "revoke" ? [change.grant.id] : [])));
  const opened = changes.flatMap((change) => (change.kind === "grant" ? [change.grant] : []));
  return [...grants.filter(({ id }) => !closed.has(id)), ...opened];
}

function byPrivilege(a: PlanLine, b: PlanLine): number {
  return rank(a) - rank(b) || compareText(targetLabel(a.target as Target), targetLabel(b.target as Target));
}

function rank({ target, privileged }: PlanLine): number {
  if (target && isOwner(target)) return 0;
  return privileged ? 1 : 2;
}
