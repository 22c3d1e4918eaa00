/** Owns how often one caller may come: a bucket per caller, in memory, per process. */

import { boundedMap } from "../model/bounded-map.js";
import { Refusal } from "../model/problem.js";

export interface RateLimiter {
  /** Takes one turn of the caller; throws Refusal `rate_limited`. A rate of 0 lets everybody through. */
  take(kind: string, caller: string, perMinute: number): void;
}

/** Strangers choose their addresses, so the callers that are remembered are bounded; the longest idle one goes first. */
const MOST_CALLERS = 20_000;

const MINUTE = 60_000;

/** A minute's worth may come at once, and fills up evenly. `clock` counts milliseconds and never goes back. */
export function createRateLimiter(
  clock: () => number = () => performance.now(),
  mostCallers = MOST_CALLERS,
): RateLimiter {
  // Per caller, when its bucket is full again: each turn pushes that away by its share of a minute, and a turn that
  // would push it more than a minute away is refused.
  const fullAt = boundedMap<string, number>(mostCallers);
  return {
    take(kind, caller, perMinute) {
      if (perMinute === 0) return;
      const key = `${kind} ${caller}`;
      const now = clock();
      const before = Math.max(fullAt.get(key) ?? now, now);
      const after = before + MINUTE / perMinute;
      // Fractions of a millisecond are rounding errors of the division.
      const wait = Math.round(after - now - MINUTE);
      fullAt.set(key, wait > 0 ? before : after);
      if (wait <= 0) return;
      const retryAfterSeconds = Math.ceil(wait / 1_000);
      throw new Refusal(
        "rate_limited",
        `more than ${perMinute} requests in a minute: try again in ${retryAfterSeconds} s`,
        { retryAfterSeconds },
      );
    },
  };
}
