/** Owns the form of entity tags: the version of what is stored, and what else an answer shows, which changes without a new version. */

export interface TaggedRow {
  readonly version: number;
  /** Shown otherwise than it is stored, since its time is over. */
  readonly over?: boolean;
}

/**
 * Weak: equal tags mean equal answers to the same question. `derived`: names of others, and who they are, as the answer has
 * them. INVARIANT: whatever is shown of other rows is in it, or a client that reads again is told of no change.
 */
export function entityTag({ version, over = false }: TaggedRow, derived: readonly string[] = []): string {
  return `W/"${version}${over ? OVER : ""}${derived.length === 0 ? "" : `-${digestOf(derived)}`}"`;
}

const OVER = "-over";

/** Of one tag or several, as `If-Match` lists them; each without the mark of weakness, which means nothing here. */
export function tagsIn(header: string | undefined): readonly string[] {
  return (header ?? "")
    .split(",")
    .map((tag) => tag.trim().replace(/^W\//i, ""))
    .filter((tag) => tag !== "");
}

/** What a write is held against: names of others are nobody's lost update. */
export function versionIn(tag: string): string {
  return tag.replace(/^"(\d+)-.*"$/, '"$1"');
}

/** Whether one of the tags is of this version, read when its time was over. */
export function namesOver(header: string, { version }: TaggedRow): boolean {
  const read = `"${version}${OVER}`;
  return tagsIn(header).some((tag) => tag === `${read}"` || tag.startsWith(`${read}-`));
}

/** Two lanes of FNV-1a: a few nanoseconds a character, and long enough that no change is missed. */
function digestOf(texts: readonly string[]): string {
  let one = 0x811c9dc5;
  let other = 0x01000193;
  for (const text of texts) {
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      one = Math.imul(one ^ code, 0x01000193);
      other = Math.imul(other ^ code, 0x5bd1e995);
    }
    // where one text ends and the next begins
    one = Math.imul(one ^ 0x10000, 0x01000193);
    other = Math.imul(other ^ 0x10000, 0x5bd1e995);
  }
  return `${(one >>> 0).toString(36)}${(other >>> 0).toString(36).padStart(7, "0")}`;
}
