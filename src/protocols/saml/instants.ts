/** Owns the times of SAML: `xs:dateTime` in UTC (SAML core section 1.3.3), read strictly, and the skew between two clocks. */
import { type Guard, refusal } from "./failure.js";

/** By how much the clocks of a provider and ours may differ, in milliseconds. */
export const CLOCK_SKEW = 60_000;

/**
 * The longest that an assertion may count, in milliseconds: a day, and five minutes for what providers add at its two ends for
 * clocks. LemonLDAP::NG gives a day and a minute at each end where it is told nothing.
 */
export const LONGEST_LIFETIME = 24 * 3_600_000 + 5 * 60_000;

const DATE_TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z|[+-]00:00)$/;

/** Milliseconds since 1970, or `undefined` for what is no time in UTC; finer fractions are cut off. */
export function parseInstant(text: string): number | undefined {
  const found = DATE_TIME.exec(text);
  if (found === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1, 7).map(Number);
  const milliseconds = Number((found[7] ?? "").padEnd(3, "0").slice(0, 3));
  const instant = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds);
  // The 30th of February and the 25th hour would become other days; a year below 100 another century.
  return new Date(instant).toISOString().startsWith(text.slice(0, 19)) ? instant : undefined;
}

/** The time in an attribute; absent is `undefined`, and anything but a time in UTC is refused by this guard. */
export function instantOf(value: string | undefined, guard: Guard, what: string): number | undefined {
  if (value === undefined) return undefined;
  const instant = parseInstant(value);
  if (instant === undefined)
    throw refusal(guard, `${what} is no time in UTC such as 2026-01-31T12:00:00Z`, { got: value });
  return instant;
}
