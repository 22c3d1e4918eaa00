/** How much one explanation tries: each trial evaluates the whole person again. */
import type { Case } from "./as-if.js";

/** Expressions that one round of trials asks. */
export const MOST_JOBS = 2_000;
/** Rounds, each of which knows what the one before it tried. */
export const MOST_ROUNDS = 3;

/** Things looked at by all trials of one kind together: people with very much of anything are tried less. */
const MOST_LOOKED_AT = 30_000;

/** At most `most` trials, and at least one. */
export function trialsFor({ links, state }: Case, offered: number, most: number): number {
  const groups = links.reduce((sum, { facts }) => sum + facts.groups.members.length, 0);
  return Math.max(1, Math.min(most, Math.floor(MOST_LOOKED_AT / (1 + groups + offered + state.grants.length))));
}
