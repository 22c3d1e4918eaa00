type RunBatch<Item, Result> = (items: readonly [Item, ...Item[]]) => Promise<readonly Result[]>;

/** Does together what is asked for at the same time. */
export interface Batches<Item, Result> {
  /**
   * What became of this item. Whoever comes while the key's batches are at work is in the next one. `run` gets the items of
   * one batch and answers in their order; what it throws is thrown to all of them.
   */
  join(key: string, item: Item, run: RunBatch<Item, Result>): Promise<Result>;
}

/** Tells when all are there who come at the same time. */
export interface Gathering {
  /** Told of each who comes. */
  come(): void;
  /** Ends when nobody more is about to come; soon, whoever comes. */
  passed(): Promise<void>;
}

interface BatchLimits<Item> {
  /** What the items of a batch weigh together; one that weighs more than that is alone in its batch. */
  readonly most: number;
  readonly weightOf?: (item: Item) => number;
  /** Batches of one key that are at work at the same time. */
  readonly atOnce: number;
  /** What a key's first batch waits for; without it for whoever comes in the same turn. Who comes while one is at work is gathered by that. */
  readonly gathering?: Gathering;
  /**
   * What a key's next batch waits for where several come at the same time: whoever was in the last one asks again soon, and at
   * the same time as the others. Called as a batch begins; what it gives is called as it ends, with a promise that ends once as
   * many are there as there were lately. What comes alone waits for nothing.
   */
  readonly regroup?: () => (all: Promise<void>) => Promise<void>;
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
  /** Told of each item that comes. */
  came?: () => void;
}

/** What comes alone is done alone, at once. */
export function createBatches<Item, Result>({
  most,
  weightOf = () => 1,
  atOnce,
  gathering,
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
    await gathering?.passed();
    let crowd = 1;
    while (lane.waiting.length > 0) {
      const batch = nextOf(lane.waiting);
      const again = regroup?.();
      const tell = await done(batch);
      // who stays away is waited for less and less
      crowd = Math.max(batch.length + lane.waiting.length, Math.floor(crowd / 2));
      tell();
      if (crowd > 1) await again?.(gathered(lane, Math.min(crowd, most)));
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
        lane.came?.();
        gathering?.come();
        if (lane.working < atOnce) void work(key, lane);
      }),
  };
}

function gathered<Item, Result>(lane: Lane<Item, Result>, count: number): Promise<void> {
  return new Promise((resolve) => {
    lane.came = () => {
      if (lane.waiting.length >= count) resolve();
    };
    lane.came();
  });
}

/** Tells each of the batch what became of it, when called. */
async function done<Item, Result>(batch: readonly Waiting<Item, Result>[]): Promise<() => void> {
  const [first, ...others] = batch;
  if (first === undefined) return () => undefined;
  try {
    const results = await first.run([first.item, ...others.map(({ item }) => item)]);
    return () => {
      for (const [at, { resolve }] of batch.entries()) resolve(results[at] as Result);
    };
  } catch (error) {
    return () => {
      for (const { reject } of batch) reject(error);
    };
  }
}
