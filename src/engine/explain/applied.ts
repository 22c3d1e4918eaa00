/** Applied owns what explanations know of apply: what it would do of a plan, and why it would leave something undone. */
import type { Change, PersonPlan } from "../../model/plan.js";

/** Why changes are not made, though facts and mapping ask for them. */
export interface Waits {
  readonly why: "held" | "frozen";
  /** In a few words. */
  readonly reason: string;
  /** The same with what to do first. */
  readonly text: string;
  /** By no door at all: what admins do by hand is refused, too. */
  readonly always?: boolean;
}

export interface Applied {
  /** What would be done. */
  readonly changes: readonly Change[];
  /** Present where that is not all of the plan. */
  readonly waits?: Waits;
}

/** What apply would make of any plan of one person, as everybody else is now. */
export type Apply = (plan: PersonPlan) => Applied;

/** Of a person whom nothing keeps back. */
export const applyAll: Apply = ({ changes }) => ({ changes });
