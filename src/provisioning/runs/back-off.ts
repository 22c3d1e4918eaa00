import type { Instant } from "../../model/ids.js";

/** After so many seconds somebody who could not be reconciled is tried again. */
export const BACK_OFF_SECONDS = 30;

/** The same where it was nobody's fault but a busy database's, or one's that was away: who leaves is not to wait longer than it. */
export const BUSY_SECONDS = 2;

/** An instant so many seconds later. */
export function secondsFrom(now: Instant, seconds: number): Instant {
  return new Date(Date.parse(now) + seconds * 1000).toISOString();
}
