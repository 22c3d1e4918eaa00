/** The border between rows and the model: instants, booleans, JSON and ids. */
import type { Instant } from "../model/ids.js";
import { Refusal } from "../model/problem.js";

/** Instants are stored as epoch milliseconds, which sort and compare alike in both databases. */
export function toMillis(instant: Instant): number {
  const millis = Date.parse(instant);
  if (Number.isNaN(millis)) throw new TypeError(`\`${instant}\` is no instant`);
  return millis;
}

export function toMillisOrNull(instant: Instant | null | undefined): number | null {
  return instant === undefined || instant === null ? null : toMillis(instant);
}

export function toInstant(millis: number): Instant {
  return new Date(millis).toISOString();
}

export function toInstantOrNull(millis: number | null): Instant | null {
  return millis === null ? null : toInstant(millis);
}

/** SQLite has no booleans of its own. */
export type Flag = boolean | 0 | 1;

export function isTrue(flag: Flag): boolean {
  return flag === true || flag === 1;
}

const ESCAPED_UNSTORABLE = /(?:^|[^\\])(?:\\\\)*\\u(?:0000|d[89a-f])/;

/**
 * INVARIANT: no NUL and no lone surrogate is stored: PostgreSQL refuses both, and the databases must agree.
 * `JSON.stringify` escapes exactly these two, so that a look at the text is enough.
 */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value);
  if ((text.includes("\\u0000") || text.includes("\\ud")) && ESCAPED_UNSTORABLE.test(text)) throw unstorable();
  return text;
}

export function toJsonOrNull(value: unknown): string | null {
  return value === undefined || value === null ? null : toJson(value);
}

export function fromJson<T>(text: string): T {
  return JSON.parse(text) as T;
}

export function refuseUnstorable(text: string): void {
  // an expression would look at each character of texts that hold a whole batch
  if (text.includes("\0") || !text.isWellFormed()) throw unstorable();
}

export function unstorable(): Refusal {
  return new Refusal("bad_request", "text holds a NUL or half a surrogate pair, which cannot be stored: leave it out");
}

/** An optional property: nothing when the column is null. */
export function given<Key extends string, Given>(
  key: Key,
  value: Given | null | undefined,
): { readonly [K in Key]?: Given } {
  return (value === null || value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: Given };
}

/** A page's rows and the cursor behind them, from `limit + 1` rows that were read. */
export function page<Row, Item>(
  rows: readonly Row[],
  limit: number,
  item: (row: Row) => Item,
  cursor: (row: Row) => string,
): { readonly items: readonly Item[]; readonly next?: string } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(item), ...(rows.length > limit && last !== undefined ? { next: cursor(last) } : {}) };
}

/** A cursor that is a number, for lists in numeric order. */
export function numericCursor(after: string): number {
  if (!/^\d{1,15}$/.test(after))
    throw new Refusal("bad_request", `\`${after.slice(0, 40)}\` is no cursor of this list`);
  return Number(after);
}
