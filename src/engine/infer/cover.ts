/** The few groups whose members together hold a target: greedy set cover, one target at a time. */
import { compareText } from "../compare-text.js";
import type { Given } from "./given.js";
import type { InferTable } from "./table.js";

/**
 * Groups that together reach as many as they can of those whom no rule gives the target yet, in the order of their names. A
 * group is taken only if the target may be given to all of its members, and if at least `least` of them hold it.
 */
export function coverTarget(table: InferTable, given: Given, target: number, least: number): readonly number[] {
  const open = new Set(given.missing(target));
  const reach = (group: number) => (table.members[group] as readonly number[]).filter((one) => open.has(one)).length;
  const queue = (table.groupsWith[target] as readonly number[])
    .filter((group) => (table.counts[group]?.get(target) as number) >= least)
    .map((group) => ({ group, reach: reach(group) }))
    .sort((a, b) => worstFirst(table, a, b));
  const chosen: number[] = [];
  const gaining = new Set<number>();
  for (let best = queue.pop(); best !== undefined && open.size > 0; best = queue.pop()) {
    const now = { group: best.group, reach: reach(best.group) };
    const members = table.members[now.group] as readonly number[];
    if (now.reach === 0 || !given.allows(members, target, gaining)) continue;
    // What a group reaches only shrinks: one that still reaches as much as the next one did is the best.
    const next = queue.at(-1);
    if (next && worstFirst(table, now, next) < 0) {
      queue.splice(placeOf(table, queue, now), 0, now);
      continue;
    }
    chosen.push(now.group);
    for (const person of members) {
      if (given.isGain(person, target)) gaining.add(person);
      open.delete(person);
    }
  }
  const kept = needed(table, chosen, target);
  for (const group of kept) given.give(table.members[group] as readonly number[], target);
  return kept.toSorted((a, b) => byName(table, a, b));
}

interface Candidate {
  readonly group: number;
  readonly reach: number;
}

function worstFirst(table: InferTable, a: Candidate, b: Candidate): number {
  return a.reach - b.reach || byName(table, b.group, a.group);
}

function placeOf(table: InferTable, queue: readonly Candidate[], one: Candidate): number {
  let [low, high] = [0, queue.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (worstFirst(table, queue[middle] as Candidate, one) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Without groups all of whose holders the others reach too. */
function needed({ members, holds }: InferTable, chosen: readonly number[], target: number): readonly number[] {
  const times = new Map<number, number>();
  const holdersIn = (group: number) =>
    (members[group] as readonly number[]).filter((one) => (holds[one] as readonly number[]).includes(target));
  for (const group of chosen) for (const one of holdersIn(group)) times.set(one, (times.get(one) ?? 0) + 1);
  return chosen.filter((group) => {
    const mine = holdersIn(group);
    if (mine.some((one) => times.get(one) === 1)) return true;
    for (const one of mine) times.set(one, (times.get(one) as number) - 1);
    return false;
  });
}

function byName({ groups }: InferTable, a: number, b: number): number {
  return compareText(groups[a] as string, groups[b] as string);
}
