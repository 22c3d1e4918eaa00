import type { Instant } from "../../model/ids.js";
import type { CompiledMapping } from "./compiled-mapping.js";

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** An ISO 8601 date (its first moment in UTC) or an instant with its zone; `undefined` for anything else. */
export function parseInstant(text: string): Instant | undefined {
  if (!DATE.test(text) && !INSTANT.test(text)) return undefined;
  // Date rolls the thirtieth of February over; a day that does not exist is a mistake.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  const parsed = new Date(text);
  if (Number.isNaN(day.getTime()) || Number.isNaN(parsed.getTime())) return undefined;
  return day.toISOString().startsWith(text.slice(0, 10)) ? parsed.toISOString() : undefined;
}

/** The next instant after `now` at which a rule ends: people must be evaluated again then. */
export function nextExpiry(mapping: CompiledMapping, now: Instant): Instant | undefined {
  return mapping.rules
    .flatMap((rule) => (rule.enabled && rule.expiresAt !== undefined && rule.expiresAt > now ? [rule.expiresAt] : []))
    .sort()
    .at(0);
}

/** Some rule reads the day: people must be evaluated again when a new UTC day begins. */
export function readsNow(mapping: CompiledMapping): boolean {
  return mapping.reads.has("now");
}
