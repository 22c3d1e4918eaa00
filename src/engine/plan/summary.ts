import type { Largest, PersonPlan, PlanLine, PlanSummary } from "../../model/plan.js";
import type { Target } from "../../model/target.js";
import { compareText } from "../compare-text.js";

/** How many scopes and roles a summary names. */
const NAMED = 20;

/** Counts a population person by person; what it remembers grows with scopes and roles, and never with people. */
export interface PlanTally {
  /** `lines`: what the plan means to a reader. `drifted`: how many of them today's facts would cause anyway. */
  add(plan: PersonPlan, lines: readonly PlanLine[], drifted: number): void;
  /** `newTeams`: names of teams that would be made. */
  summary(newTeams: readonly string[], undecided: PlanSummary["undecided"]): PlanSummary;
}

type Gain = "granted" | "revoked";
type Figures = Record<Gain, number>;
type Counts = {
  -readonly [Key in keyof PlanSummary as PlanSummary[Key] extends number ? Key : never]: PlanSummary[Key];
};

/** The tally of nobody. */
export function planTally(): PlanTally {
  const counts: Counts = {
    ...{ users: 0, changed: 0, granted: 0, revoked: 0, held: 0, kept: 0 },
    ...{ frozen: 0, created: 0, deactivated: 0, drifted: 0 },
  };
  const privileged: Figures = { granted: 0, revoked: 0 };
  const scopes = new Map<string, Figures>();
  const roles = new Map<string, Figures>();
  const countAssignment = (gain: Gain, { scope, role }: Target, line: PlanLine) => {
    counts[gain] += 1;
    if (line.privileged) privileged[gain] += 1;
    figuresOf(scopes, scope)[gain] += 1;
    figuresOf(roles, role)[gain] += 1;
  };
  return {
    add(plan, lines, drifted) {
      let changes = 0;
      for (const line of lines) {
        if (line.change === "hold" || line.held) continue;
        changes += 1;
        if (line.change === "deactivate_user") counts.deactivated += 1;
        else if (line.target === undefined) counts.created += 1;
        else countAssignment(line.change === "grant" ? "granted" : "revoked", line.target, line);
      }
      counts.users += 1;
      counts.changed += changes > 0 ? 1 : 0;
      counts.held += lines.some(({ change }) => change === "hold") ? 1 : 0;
      counts.kept += plan.kept.length > 0 ? 1 : 0;
      counts.frozen += plan.frozen ? 1 : 0;
      counts.drifted += drifted;
    },
    summary: (newTeams, undecided) => ({
      ...counts,
      ...{ newTeams, undecided },
      privileged: { ...privileged },
      byScope: largest(scopes, (scope) => ({ scope })),
      byRole: largest(roles, (role) => ({ role })),
    }),
  };
}

function figuresOf(all: Map<string, Figures>, name: string): Figures {
  const known = all.get(name) ?? { granted: 0, revoked: 0 };
  all.set(name, known);
  return known;
}

function largest<Name>(all: ReadonlyMap<string, Figures>, named: (name: string) => Name): Largest<Name> {
  const sorted = [...all].sort(
    ([a, one], [b, two]) => two.granted + two.revoked - one.granted - one.revoked || compareText(a, b),
  );
  const items = sorted.slice(0, NAMED).map(([name, figures]) => ({ ...named(name), ...figures }));
  return { items, more: sorted.length - items.length };
}
