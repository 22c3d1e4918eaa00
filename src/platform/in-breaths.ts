/** Milliseconds of work in one go; then whoever waits has a turn. */
const BREATH = 5;

/** What becomes of each item, in order: a few milliseconds at a time, so that a page of large items keeps nobody waiting. */
export function inBreaths<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Result,
): Promise<readonly Result[]> {
  return stepByStep(oneByOne(items, work));
}

function* oneByOne<Item, Result>(items: readonly Item[], work: (item: Item) => Result): Steps<readonly Result[]> {
  const results: Result[] = [];
  for (const item of items) {
    results.push(work(item));
    yield;
  }
  return results;
}

/** Work that may be interrupted wherever it yields. */
export type Steps<Result> = Generator<undefined, Result>;

/** What becomes of the work, without a break. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** What becomes of the work, of which a few milliseconds are done at a time. */
export async function stepByStep<Result>(steps: Steps<Result>): Promise<Result> {
  let begun = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - begun < BREATH) continue;
    await new Promise((resolve) => setImmediate(resolve));
    begun = performance.now();
  }
}
