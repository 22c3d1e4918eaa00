import type { Instant } from "../model/ids.js";

/** The one clock of the service; everything else is given the time. */
export function now(): Instant {
  return new Date().toISOString();
}
