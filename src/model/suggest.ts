import { fold } from "./fold.js";
import { quote } from "./quote.js";

/** Longer words are no typing mistakes, and distances cost their square. */
const LONGEST_WORD = 100;

/**
 * What somebody who wrote `word` may have meant: the candidate with the fewest edits (insert, delete, replace, swap
 * two neighbours), letter case aside, as long as fewer than half of the letters changed. Equal ones: the first.
 * `undefined` when nothing is near.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = fold(word);
  if (wanted.length > LONGEST_WORD) return undefined;
  let limit = Math.ceil(wanted.length / 2) - 1;
  let best: string | undefined;
  for (const candidate of candidates) {
    const other = fold(candidate);
    if (Math.abs(other.length - wanted.length) > Math.max(limit, 0)) continue;
    if (other === wanted) return candidate;
    const distance = editDistance(wanted, other);
    if (distance > limit) continue;
    best = candidate;
    limit = distance - 1;
  }
  return best;
}

/** Optimal string alignment distance: Levenshtein with swaps of neighbours. Costs the product of the lengths. */
export function editDistance(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const replaced = at(last, column - 1) + (left[row - 1] === right[column - 1] ? 0 : 1);
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
          ? at(beforeLast, column - 2) + 1
          : replaced;
      current.push(Math.min(replaced, swapped, at(last, column) + 1, at(current, column - 1) + 1));
    }
    beforeLast = last;
    last = current;
  }
  return at(last, right.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? 0;
}

/** The end of a message that asks back, or nothing where nothing is near. */
export function didYouMean(near: string | undefined): string {
  return near === undefined ? "" : `, did you mean ${quote(near)}?`;
}
