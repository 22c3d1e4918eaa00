/** Owns who is next where many wait: each in turn, so that a crowd of one keeps nobody else waiting. */

/** Whose something is: turns go from outer to outer share, and within each from inner to inner. */
export type Share = readonly [outer: string, inner: string];

export interface FairQueue<Item> {
  /** What gives way where more wait than may: the last one of whoever has most waiting, which may be this very item. */
  push(item: Item, share: Share): Item | undefined;
  /** Before all others, and never gives way: what was begun is finished. */
  pushFirst(item: Item): void;
  /** Takes out whose turn it is. */
  next(): Item | undefined;
  size(): number;
}

/** What waits, by inner share. */
type Waiting<Item> = Map<string, Item[]>;

/** `most`: items that may wait, all together. */
export function createFairQueue<Item>(most: number): FairQueue<Item> {
  const begun: Item[] = [];
  // In the order of their turns: whoever had one goes behind all others.
  const shares = new Map<string, Waiting<Item>>();

  const size = (): number => [...shares.values()].reduce((sum, one) => sum + sizeOf(one), begun.length);

  function giveWay([outer, inner]: Share): Item | undefined {
    const fullest = mostOf(shares, sizeOf, outer);
    const among = shares.get(fullest) ?? new Map<string, Item[]>();
    const name = mostOf(among, ({ length }) => length, fullest === outer ? inner : "");
    const queue = among.get(name) ?? [];
    const item = queue.pop();
    if (queue.length === 0) among.delete(name);
    if (among.size === 0) shares.delete(fullest);
    return item;
  }

  return {
    push(item, [outer, inner]) {
      const among = shares.get(outer) ?? new Map<string, Item[]>();
      shares.set(outer, among);
      const queue = among.get(inner) ?? [];
      among.set(inner, queue);
      queue.push(item);
      return size() > most ? giveWay([outer, inner]) : undefined;
    },
    pushFirst(item) {
      begun.push(item);
    },
    next() {
      if (begun.length > 0) return begun.shift();
      const [[outer, among] = []] = shares;
      const [[inner, queue] = []] = among ?? [];
      if (outer === undefined || among === undefined || inner === undefined || queue === undefined) return undefined;
      const item = queue.shift();
      among.delete(inner);
      if (queue.length > 0) among.set(inner, queue);
      shares.delete(outer);
      if (among.size > 0) shares.set(outer, among);
      return item;
    },
    size,
  };
}

function sizeOf(among: Waiting<unknown>): number {
  return [...among.values()].reduce((sum, { length }) => sum + length, 0);
}

/** Which has most; this one, where another has no more. */
function mostOf<Value>(all: ReadonlyMap<string, Value>, size: (value: Value) => number, own: string): string {
  const mine = all.get(own);
  const first: readonly [string, number] = [own, mine === undefined ? 0 : size(mine)];
  return [...all]
    .map(([name, value]) => [name, size(value)] as const)
    .reduce((most, one) => (one[1] > most[1] ? one : most), first)[0];
}
