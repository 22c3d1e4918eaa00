type RunBatch<Item, Result> = (items: readonly [Item, ...Item[]]) => Promise<readonly Result[]>;

/** Does together what is asked for at the same time. */
export interface Batches<Item, Result> {
  /**
   * What became of this item. Whoever comes while the key's batches are at work is in the next one. `run` gets the items of
   * one batch and answers in their order; what it throws is thrown to all of them.
   */
  join(key: string, item: Item, run: RunBatch<Item, Result>): Promise<Result>;
}

interface BatchLimits<Item> {
  /** What the items of a batch weigh together; one that weighs more than that is alone in its batch. */
  readonly most: number;
  readonly weightOf?: (item: Item) => number;
  /** Batches of one key that are at work at the same time. */
  readonly atOnce: number;
  /**
   * What a key's next batch waits for behind one of several items: whoever was in that one asks again soon, and at the same
   * time as the others. What comes alone waits for nothing.
   */
  readonly regroup?: () => Promise<void>;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly run: RunBatch<Item, Result>;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

interface Lane<Item, Result> {
  readonly waiting: Waiting<Item, Result>[];
  working: number;
}

/** What comes alone is done alone, at once. */
export function createBatches<Item, Result>({
  most,
  weightOf = () => 1,
  atOnce,
  regroup,
}: BatchLimits<Item>): Batches<Item, Result> {
  const lanes = new Map<string, Lane<Item, Result>>();

  const nextOf = (waiting: Waiting<Item, Result>[]): readonly Waiting<Item, Result>[] => {
    let count = 0;
    let weight = 0;
    for (const { item } of waiting) {
      weight += weightOf(item);
      if (count > 0 && weight > most) break;
      count++;
    }
    return waiting.splice(0, count);
  };

  const work = async (key: string, lane: Lane<Item, Result>): Promise<void> => {
    lane.working++;
    // whoever comes in the same moment is in the first batch, too: those whom one statement answered go on together
    await undefined;
    while (lane.waiting.length > 0) {
      const batch = nextOf(lane.waiting);
      await done(batch);
      if (batch.length > 1) await regroup?.();
    }
    lane.working--;
    if (lane.working === 0) lanes.delete(key);
  };

  return {
    join: (key, item, run) =>
      new Promise((resolve, reject) => {
        const lane = lanes.get(key) ?? { waiting: [], working: 0 };
        lanes.set(key, lane);
        lane.waiting.push({ item, run, resolve, reject });
        if (lane.working < atOnce) void work(key, lane);
      }),
  };
}

async function done<Item, Result>(batch: readonly Waiting<Item, Result>[]): Promise<void> {
  const [first, ...others] = batch;
  if (first === undefined) return;
  try {
    const results = await first.run([first.item, ...others.map(({ item }) => item)]);
    for (const [at, { resolve }] of batch.entries()) resolve(results[at] as Result);
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}
