import { createHash } from "node:crypto";
import type { PlanLine } from "../../model/plan.js";

/**
 * One key for what a line does to whom, whatever its reason: for comparing plans. INVARIANT: whom is told by id, pending
 * people too. A userName can pass to somebody else, who then would hold what was reviewed for another.
 */
export function dangerKey({ user, change, target }: PlanLine): string {
  return JSON.stringify([user.id, change, target?.scope ?? "", target?.role ?? ""]);
}

/**
 * One key for all that a line shows but its reason: as long as it is the same, a digest is good and a change is drift.
 * INVARIANT: a raise that has become a loss, and a role that has become privileged, were not reviewed as what they are.
 */
export function shownKey(line: PlanLine): string {
  return JSON.stringify([dangerKey(line), line.raised === true, line.held === true, line.privileged]);
}

/** The digest of a plan that is given person by person. */
export interface PlanDigest {
  /** Lines of one person, in any order. */
  add(lines: readonly PlanLine[]): void;
  /** SHA-256 in hex; ends the digest. */
  value(): string;
}

/**
 * Begins a digest over what a plan changes. Reasons do not matter, and what is merely kept is no change. People
 * must be given in the same order each time: their ids'.
 */
export function planDigest(): PlanDigest {
  const hash = createHash("sha256");
  return {
    add(lines) {
      const keys = lines.filter((line) => line.change !== "hold").map(shownKey);
      for (const key of keys.sort()) hash.update(`${key}\n`);
    },
    value: () => hash.digest("hex"),
  };
}

/** A line that takes something away: a deactivation, or a revoke that is not the one half of a raise. */
export function isLoss({ change, raised }: PlanLine): boolean {
  return change === "deactivate_user" || (change === "revoke" && !raised);
}

/**
 * A line that somebody must have reviewed before it is done: a loss or a privileged grant, also one that waits. Other gains
 * are no danger, so that a busy tenant can always be confirmed.
 */
export function isDangerous(line: PlanLine): boolean {
  return isLoss(line) || (line.change === "grant" && line.privileged);
}
