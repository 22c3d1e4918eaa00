import { Refusal } from "../model/problem.js";
import type { Page, PageQuery } from "../provisioning/ports/store.js";

/** What a list takes. */
export interface PageInput {
  readonly cursor?: string;
  readonly limit?: number;
}

/** What a list answers. */
export interface PageView<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

const LIMIT = 100;

export function pageQuery({ cursor, limit = LIMIT }: PageInput): PageQuery {
  return cursor === undefined ? { limit } : { limit, after: decodeCursor(cursor) };
}

export function pageView<T, View>({ items, next }: Page<T>, view: (item: T) => View): PageView<View> {
  return { items: items.map(view), next: next === undefined ? null : encodeCursor(next) };
}

/** A page of a list that is short enough to be read whole; `keyOf` orders it, and the cursor survives changes of the list. */
export function pageOf<T, View>(
  list: readonly T[],
  input: PageInput,
  keyOf: (item: T) => string,
  view: (item: T) => View,
): PageView<View> {
  const { limit, after } = pageQuery(input);
  const sorted = list.toSorted((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
  const rest = after === undefined ? sorted : sorted.filter((item) => keyOf(item) > after);
  const shown = rest.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(view),
    next: last !== undefined && rest.length > limit ? encodeCursor(keyOf(last)) : null,
  };
}

/** Cursors are opaque, so that nobody builds on what is inside. */
export function encodeCursor(inside: string): string {
  return Buffer.from(inside, "utf8").toString("base64url");
}

function decodeCursor(cursor: string): string {
  const inside = Buffer.from(cursor, "base64url").toString("utf8");
  if (encodeCursor(inside) === cursor && /^[^\0\p{Cs}]+$/u.test(inside)) return inside;
  throw new Refusal("bad_request", "`cursor` is not of an earlier page: begin anew without it");
}
