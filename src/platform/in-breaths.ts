/** Milliseconds of work in one go; then whoever waits has a turn. */
const BREATH = 5;

/** What becomes of each item, in order: a few milliseconds at a time, so that a page of large items keeps nobody waiting. */
export async function inBreaths<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Result,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let begun = performance.now();
  for (const item of items) {
    results.push(work(item));
    if (performance.now() - begun < BREATH) continue;
    await new Promise((resolve) => setImmediate(resolve));
    begun = performance.now();
  }
  return results;
}
