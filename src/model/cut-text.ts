/**
 * A text of at most `most` UTF-16 units, and `…` after it where there was more. INVARIANT: the cut never falls inside a
 * surrogate pair, because databases refuse a half one.
 */
export function cutText(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most).replace(/[\uD800-\uDBFF]$/, "")}…` : text;
}
