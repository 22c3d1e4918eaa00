import type { Instant } from "../../model/ids.js";

/** After so many seconds somebody who could not be reconciled is tried again. */
export const BACK_OFF_SECONDS = 30;

/** An instant so many seconds later. */
export function secondsFrom(now: Instant, seconds: number): Instant {
  return new Date(Date.parse(now) + seconds * 1000).toISOString();
}
