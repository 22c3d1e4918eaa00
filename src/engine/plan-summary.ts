import type { PersonPlan, PlanSummary } from "../model/plan.js";
import { planLines } from "./plan-lines.js";

/** The summary of nobody. */
export function emptySummary(): PlanSummary {
  return {
    users: 0,
    changed: 0,
    granted: 0,
    revoked: 0,
    held: 0,
    frozen: 0,
    created: 0,
    deactivated: 0,
    newTeams: [],
    drifted: 0,
  };
}

/**
 * Adds people to a summary, so that a population is counted page by page. New teams and drift are the caller's to count,
 * who knows the teams and today's plan.
 */
export function summarise(summary: PlanSummary, plans: readonly PersonPlan[]): PlanSummary {
  const added = { ...summary };
  for (const plan of plans) {
    const lines = planLines(plan);
    const count = (...kinds: readonly string[]) => lines.filter((line) => kinds.includes(line.change)).length;
    const holds = count("hold");
    added.users += 1;
    added.changed += lines.length > holds ? 1 : 0;
    added.granted += count("grant");
    added.revoked += count("revoke");
    added.held += holds > 0 || plan.person.hold?.status === "held" ? 1 : 0;
    added.frozen += plan.frozen ? 1 : 0;
    added.created += count("create_user", "reactivate_user");
    added.deactivated += count("deactivate_user");
  }
  return added;
}
