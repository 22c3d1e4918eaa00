import { grouped } from "../model/grouped.js";
import { type Captured, matchPattern, type Pattern } from "./pattern.js";

/** What one pattern made of one name. */
export interface PatternHit<Owner> {
  readonly owner: Owner;
  readonly captured: Captured;
}

/** Finds the patterns that match a name, in one pass: only those whose fixed beginning the name has are tried. */
export interface PatternIndex<Owner> {
  hits(name: string): readonly PatternHit<Owner>[];
}

/** People share their groups: so many names are remembered with what they matched, then all are forgotten. */
const REMEMBERED_NAMES = 20_000;
const NO_HITS: readonly never[] = [];

/** `undefined` for no patterns at all. */
export function patternIndex<Owner>(
  patterns: readonly { readonly owner: Owner; readonly pattern: Pattern }[],
): PatternIndex<Owner> | undefined {
  if (patterns.length === 0) return undefined;
  const byPrefix = grouped(patterns, ({ pattern }) => pattern.prefix);
  const lengths = [...new Set(patterns.map(({ pattern }) => pattern.prefix.length))];
  const remembered = new Map<string, readonly PatternHit<Owner>[]>();
  return {
    hits(name) {
      const known = remembered.get(name);
      if (known) return known;
      const found: PatternHit<Owner>[] = [];
      for (const length of lengths) {
        if (length > name.length) continue;
        for (const { owner, pattern } of byPrefix.get(name.slice(0, length)) ?? NO_HITS) {
          const captured = matchPattern(pattern, name);
          if (captured) found.push({ owner, captured });
        }
      }
      if (remembered.size >= REMEMBERED_NAMES) remembered.clear();
      remembered.set(name, found);
      return found;
    },
  };
}
