import { createHash } from "node:crypto";
import type { PlanLine } from "../model/plan.js";

/** One key for what a line does to whom, whatever its reason: for comparing plans. */
export function dangerKey({ user, change, target }: PlanLine): string {
  return JSON.stringify([user.id ?? user.userName, change, target?.scope ?? "", target?.role ?? ""]);
}

/**
 * SHA-256, in hex, over what a plan changes. Neither the order of the lines nor their reasons matter, and what is merely
 * kept or held is no change.
 */
export function planDigest(lines: readonly PlanLine[]): string {
  const keys = lines.filter((line) => line.change !== "hold").map(dangerKey);
  const hash = createHash("sha256");
  for (const key of keys.sort()) hash.update(`${key}\n`);
  return hash.digest("hex");
}

const NONE: ReadonlySet<string> = new Set();

/**
 * The dangerous lines of the present plan that nobody has reviewed: revokes, deactivations and privileged grants that
 * the reviewed plan does not hold. `drift`: keys of lines that today's facts cause anyway, which are left aside.
 */
export function notReviewed<Line extends PlanLine>(
  reviewed: readonly PlanLine[],
  present: readonly Line[],
  drift: ReadonlySet<string> = NONE,
): readonly Line[] {
  const seen = new Set(reviewed.map(dangerKey));
  return present.filter((line) => isDangerous(line) && !seen.has(dangerKey(line)) && !drift.has(dangerKey(line)));
}

function isDangerous({ change, privileged }: PlanLine): boolean {
  return change === "revoke" || change === "deactivate_user" || (change === "grant" && privileged);
}
