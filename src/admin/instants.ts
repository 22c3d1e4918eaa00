import type { Instant } from "../model/ids.js";
import { Refusal } from "../model/problem.js";

/** An instant as people write it (RFC 3339, any offset) in the one form that is kept. The schema has judged the form. */
function instantOf(name: string, text: string): Instant {
  const millis = Date.parse(text);
  // The form allows a leap second, which no clock of ours has.
  if (Number.isNaN(millis)) throw new Refusal("bad_request", `\`${name}\` is no instant that exists`);
  return new Date(millis).toISOString();
}

/** As `instantOf`; a day alone is its first moment, UTC. What will be is known of no moment to come. */
export function pastMoment(name: string, text: string, now: Instant): Instant {
  const moment = instantOf(name, /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  if (moment > now) throw new Refusal("bad_request", `\`${name}\` is in the future: leave it out to ask about now`);
  return moment;
}

export function futureInstant(name: string, text: string, now: Instant): Instant {
  const instant = instantOf(name, text);
  if (instant <= now) throw new Refusal("bad_request", `\`${name}\` is in the past`);
  return instant;
}
