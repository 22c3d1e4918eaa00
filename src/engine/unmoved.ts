/**
 * Indices of a longest run of entries that stand in rising order: what may be said to have stayed where it was, so that
 * the fewest have moved. `order` holds distinct numbers; takes n log n steps (patience sorting).
 */
export function unmovedOf(order: readonly number[]): ReadonlySet<number> {
  /** Index of the smallest last entry of a rising run of each length. */
  const ends: number[] = [];
  const before: (number | undefined)[] = [];
  order.forEach((value, index) => {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((order[ends[middle] as number] as number) < value) low = middle + 1;
      else high = middle;
    }
    before.push(low === 0 ? undefined : ends[low - 1]);
    ends[low] = index;
  });
  const unmoved = new Set<number>();
  for (let at = ends.at(-1); at !== undefined; at = before[at]) unmoved.add(at);
  return unmoved;
}
