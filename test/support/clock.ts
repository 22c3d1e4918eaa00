import type { Instant } from "../../src/model/ids.js";
import type { Provisioning } from "../../src/provisioning/deps.js";

/** A clock that stands still until it is moved. */
export interface TestClock {
  now(): Instant;
  forward(by: { readonly hours?: number; readonly minutes?: number; readonly seconds?: number }): void;
  /** Gives provisioning this clock; for `openDatabase({with})`. */
  readonly into: (p: Provisioning) => Provisioning;
}

export function testClock(start: Instant = "2026-11-22T09:00:00.000Z"): TestClock {
  let at = Date.parse(start);
  const now = () => new Date(at).toISOString();
  return {
    now,
    forward({ hours = 0, minutes = 0, seconds = 0 }) {
      at += ((hours * 60 + minutes) * 60 + seconds) * 1000;
    },
    into: (p) => ({ ...p, now }),
  };
}
