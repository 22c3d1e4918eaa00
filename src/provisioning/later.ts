import type { Instant } from "../model/ids.js";

export function later(from: Instant, minutes: number): Instant {
  return new Date(Date.parse(from) + minutes * 60_000).toISOString();
}
