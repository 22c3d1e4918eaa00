/** Who is in which group and holds what, as numbers: what inference counts on. */
import { pushTo } from "../../model/push-to.js";
import type { Target } from "../../model/target.js";
import { targetKey, teamOf } from "../../model/target.js";
import { compareText } from "../compare-text.js";
import type { RoleOrder } from "../role-order.js";

/** A person as they are today. Group names and targets may stand several times. */
export interface CurrentPerson {
  readonly userName: string;
  readonly groups: readonly string[];
  readonly holds: readonly Target[];
}

/** What is known of the people; groups and targets are places in their lists. */
export interface InferTable {
  readonly people: readonly CurrentPerson[];
  readonly groups: readonly string[];
  readonly targets: readonly Target[];
  /** By person. */
  readonly groupsOf: readonly (readonly number[])[];
  readonly holds: readonly (readonly number[])[];
  /** By group, and by target. */
  readonly members: readonly (readonly number[])[];
  readonly holders: readonly (readonly number[])[];
  /** By group: how many members hold each target that some member holds. */
  readonly counts: readonly ReadonlyMap<number, number>[];
  /** By target: groups with a member who holds it. */
  readonly groupsWith: readonly (readonly number[])[];
  /** By target: the higher roles in the same team, where only the highest role in a team counts. */
  readonly above: readonly ReadonlySet<number>[];
}

/** `order`: only the highest role in a team counts, by this order; absent: all roles add up. */
export function inferTable(people: readonly CurrentPerson[], order: RoleOrder | undefined): InferTable {
  const groups = numbered(
    people.flatMap((person) => person.groups),
    (name) => name,
  );
  const targets = numbered(
    people.flatMap((person) => person.holds),
    targetKey,
  );
  const groupsOf = people.map((person) => distinct(person.groups.map((name) => groups.at.get(name) as number)));
  const holds = people.map((person) => distinct(person.holds.map((one) => targets.at.get(targetKey(one)) as number)));
  const members = inverted(groupsOf, groups.list.length);
  const counts = heldCounts(members, holds, targets.list.length);
  return {
    people,
    groups: groups.list,
    targets: targets.list,
    groupsOf,
    holds,
    members,
    holders: inverted(holds, targets.list.length),
    counts,
    groupsWith: inverted(
      counts.map((held) => [...held.keys()]),
      targets.list.length,
    ),
    above: order === undefined ? targets.list.map(() => NONE) : higherRoles(targets.list, order),
  };
}

const NONE: ReadonlySet<number> = new Set();

/** In the order of their keys, so that the answer does not depend on the order of people. */
function numbered<Thing>(things: readonly Thing[], keyOf: (thing: Thing) => string) {
  const byKey = new Map(things.map((thing) => [keyOf(thing), thing]));
  const keys = [...byKey.keys()].sort(compareText);
  return { list: keys.map((key) => byKey.get(key) as Thing), at: new Map(keys.map((key, index) => [key, index])) };
}

function distinct(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)];
}

function inverted(lists: readonly (readonly number[])[], length: number): readonly (readonly number[])[] {
  const result = Array.from({ length }, (): number[] => []);
  lists.forEach((list, index) => {
    for (const one of list) result[one]?.push(index);
  });
  return result;
}

/** Counts with one array for all groups: there may be millions of memberships. */
function heldCounts(
  members: readonly (readonly number[])[],
  holds: InferTable["holds"],
  targets: number,
): readonly ReadonlyMap<number, number>[] {
  const times = new Int32Array(targets);
  return members.map((list) => {
    const touched: number[] = [];
    for (const person of list) {
      for (const target of holds[person] as readonly number[]) {
        if (times[target] === 0) touched.push(target);
        times[target] = (times[target] as number) + 1;
      }
    }
    const counts = new Map(touched.map((target) => [target, times[target] as number]));
    for (const target of touched) times[target] = 0;
    return counts;
  });
}

function higherRoles(targets: readonly Target[], order: RoleOrder): readonly ReadonlySet<number>[] {
  const byTeam = new Map<string, number[]>();
  targets.forEach(({ scope }, index) => {
    if (teamOf(scope) !== undefined) pushTo(byTeam, scope, index);
  });
  return targets.map(({ scope, role }) => {
    const inTeam = byTeam.get(scope) ?? [];
    return new Set(inTeam.filter((other) => order.compare((targets[other] as Target).role, role) > 0));
  });
}
