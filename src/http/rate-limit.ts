/** Owns how often one caller may come: a bucket per caller, in memory, per process. */

import { Refusal } from "../model/problem.js";

export interface RateLimiter {
  /** Takes one turn of the caller; throws Refusal `rate_limited`. A rate of 0 lets everybody through. */
  take(kind: string, caller: string, perMinute: number): void;
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** Strangers choose their addresses, so the callers that are remembered are bounded; the longest idle one goes first. */
const MOST_CALLERS = 20_000;

/** A minute's worth may come at once, and fills up evenly. `clock` counts milliseconds and never goes back. */
export function createRateLimiter(
  clock: () => number = () => performance.now(),
  mostCallers = MOST_CALLERS,
): RateLimiter {
  const buckets = new Map<string, Bucket>();
  return {
    take(kind, caller, perMinute) {
      if (perMinute === 0) return;
      const key = `${kind} ${caller}`;
      const now = clock();
      const bucket = buckets.get(key) ?? { tokens: perMinute, filledAt: now };
      const filled = bucket.tokens + ((now - bucket.filledAt) / 60_000) * perMinute;
      bucket.tokens = Math.min(perMinute, filled);
      bucket.filledAt = now;
      // Taken out and put back: a Map keeps the order of insertion, so the first key is the longest idle one.
      buckets.delete(key);
      buckets.set(key, bucket);
      const [oldest] = buckets.keys();
      if (buckets.size > mostCallers && oldest !== undefined) buckets.delete(oldest);
      if (bucket.tokens < 1) {
        const retryAfterSeconds = Math.ceil(((1 - bucket.tokens) / perMinute) * 60);
        throw new Refusal(
          "rate_limited",
          `more than ${perMinute} requests in a minute: try again in ${retryAfterSeconds} s`,
          { retryAfterSeconds },
        );
      }
      bucket.tokens -= 1;
    },
  };
}
