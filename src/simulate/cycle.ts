/** Owns a provisioning cycle: what an identity provider remembers of its pushes, and what it sends because the directory differs from that. */
import { isDeepStrictEqual } from "node:util";
import { type Directory, type Group, isActive, type Person } from "./directory.js";
import { inParallel } from "./in-parallel.js";

export interface LinkedPerson {
  readonly scimId: string;
  readonly sent: Person;
  readonly active: boolean;
  /** The person whom the server was last told to be the manager. */
  readonly manager?: string;
}

export interface LinkedGroup {
  readonly scimId: string;
  readonly name: string;
  /** Ids of people, not of the server's users. */
  readonly members: ReadonlySet<string>;
}

/** What a client believes the server to hold; by the directory's ids. Only what the server confirmed is remembered. */
export interface Memory {
  readonly people: Map<string, LinkedPerson>;
  readonly groups: Map<string, LinkedGroup>;
}

export function emptyMemory(): Memory {
  return { people: new Map(), groups: new Map() };
}

/** Throws where the person was never pushed: the caller mixed up its own directory. */
export function linkedPerson(memory: Memory, id: string): LinkedPerson {
  const linked = memory.people.get(id);
  if (linked === undefined) throw new Error(`the person \`${id}\` was never pushed`);
  return linked;
}

/** Throws where the group was never pushed. */
export function linkedGroup(memory: Memory, id: string): LinkedGroup {
  const linked = memory.groups.get(id);
  if (linked === undefined) throw new Error(`the group \`${id}\` was never pushed`);
  return linked;
}

interface Identified {
  readonly id: string;
}

/** Forgets a person whose user was deleted, and that there were memberships. */
export function forgetPerson(memory: Memory, id: string): void {
  memory.people.delete(id);
  for (const [group, linked] of memory.groups) {
    if (!linked.members.has(id)) continue;
    memory.groups.set(group, { ...linked, members: changedMembers(linked.members, { add: [], remove: [id] }) });
  }
}

interface PeoplePlan {
  readonly provision: readonly Person[];
  readonly update: readonly Person[];
  readonly reactivate: readonly Person[];
  readonly deactivate: readonly Identified[];
  readonly erase: readonly Identified[];
}

function planPeople(memory: Memory, directory: Directory): PeoplePlan {
  const inForce = directory.people.filter(isActive);
  const inForceIds = new Set(inForce.map(({ id }) => id));
  const erased = new Set(directory.erased);
  const known = inForce.filter(({ id }) => memory.people.has(id));
  return {
    provision: inForce.filter(({ id }) => !memory.people.has(id)),
    reactivate: known.filter(({ id }) => memory.people.get(id)?.active === false),
    update: known.filter((person) => !sameProfile(person, memory.people.get(person.id)?.sent)),
    deactivate: [...memory.people]
      .filter(([id, { active }]) => active && !inForceIds.has(id) && !erased.has(id))
      .map(([id]) => ({ id })),
    erase: [...erased].filter((id) => memory.people.has(id)).map((id) => ({ id })),
  };
}

export interface MemberChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

interface GroupsPlan {
  readonly push: readonly Group[];
  readonly rename: readonly Group[];
  readonly change: readonly (MemberChange & Identified)[];
  readonly unlink: readonly Identified[];
}

/** Planned after the people: only who is linked and active by then can join or leave a group. */
function planGroups(memory: Memory, directory: Directory): GroupsPlan {
  const known = directory.groups.filter(({ id }) => memory.groups.has(id));
  const kept = new Set(directory.groups.map(({ id }) => id));
  return {
    push: directory.groups.filter(({ id }) => !memory.groups.has(id)),
    rename: known.filter(({ id, name }) => memory.groups.get(id)?.name !== name),
    change: known
      .map((group) => ({ id: group.id, ...memberChange(memory, group) }))
      .filter(({ add, remove }) => add.length + remove.length > 0),
    unlink: [...memory.groups.keys()].filter((id) => !kept.has(id)).map((id) => ({ id })),
  };
}

/** The members of a group who are active users of the application. */
export function assignedMembers(memory: Memory, group: Group): string[] {
  return group.members.filter((id) => memory.people.get(id)?.active === true);
}

export function changedMembers(members: ReadonlySet<string>, { add, remove }: MemberChange): Set<string> {
  const gone = new Set(remove);
  return new Set([...members, ...add].filter((id) => !gone.has(id)));
}

/** What each identity provider does in its own way. Each verb says whether the server confirmed it. */
export interface Verbs {
  readonly provision: (person: Person) => Promise<boolean>;
  readonly update: (person: Person) => Promise<boolean>;
  readonly reactivate: (id: string) => Promise<boolean>;
  readonly deactivate: (id: string) => Promise<boolean>;
  /** Absent: people whose accounts were destroyed are deactivated like other leavers. */
  readonly erase?: (id: string) => Promise<boolean>;
  /** Tells who manages the person, once all people are there. Absent: nobody is told. */
  readonly relate?: (person: Person) => Promise<boolean>;
  readonly pushGroup: (group: Group) => Promise<boolean>;
  readonly renameGroup: (id: string, name: string) => Promise<boolean>;
  readonly changeMembers: (id: string, change: MemberChange) => Promise<boolean>;
  readonly unlinkGroup: (id: string) => Promise<boolean>;
}

/** Told after each user or group that a verb was used for: `done` of `total` in this verb's part of the cycle. */
export type OnItem = (verb: keyof Verbs, done: number, total: number) => void;

export interface Pace {
  /** How many users, or groups, are on the wire at the same time. */
  readonly concurrency: number;
  readonly onItem?: OnItem | undefined;
}

/** How often each verb was used, and for whom it failed. */
export interface CycleResult {
  readonly done: Readonly<Record<string, number>>;
  readonly failed: readonly string[];
}

/**
 * One cycle: leavers first, then people, then who manages them, then groups. INVARIANT: what failed is not remembered as done, so that the
 * next cycle sends it again.
 */
export async function runCycle(
  verbs: Verbs,
  memory: Memory,
  directory: Directory,
  { concurrency, onItem }: Pace,
): Promise<CycleResult> {
  const done: Record<string, number> = {};
  const failed: string[] = [];
  const each = async <Item extends { readonly id: string }>(
    verb: keyof Verbs,
    items: readonly Item[],
    use: (item: Item) => Promise<boolean>,
  ) => {
    let finished = 0;
    const confirmed = await inParallel(items, concurrency, async (item) => {
      const isDone = await use(item);
      onItem?.(verb, ++finished, items.length);
      return isDone;
    });
    if (items.length > 0) done[verb] = confirmed.filter(Boolean).length;
    failed.push(...items.filter((_, index) => !confirmed[index]).map(({ id }) => `${verb} ${id}`));
  };
  const { erase, relate } = verbs;

  const people = planPeople(memory, erase === undefined ? { ...directory, erased: [] } : directory);
  if (erase !== undefined) await each("erase", people.erase, ({ id }) => erase(id));
  await each("deactivate", people.deactivate, ({ id }) => verbs.deactivate(id));
  await each("reactivate", people.reactivate, ({ id }) => verbs.reactivate(id));
  await each("provision", people.provision, verbs.provision);
  await each("update", people.update, verbs.update);
  if (relate !== undefined) await each("relate", planRelations(memory, directory), relate);

  const groups = planGroups(memory, directory);
  await each("unlinkGroup", groups.unlink, ({ id }) => verbs.unlinkGroup(id));
  await each("renameGroup", groups.rename, ({ id, name }) => verbs.renameGroup(id, name));
  await each("pushGroup", groups.push, verbs.pushGroup);
  await each("changeMembers", groups.change, (change) => verbs.changeMembers(change.id, change));
  return { done, failed };
}

// A manager who is not assigned to the application has no id there that could be told.
function planRelations(memory: Memory, directory: Directory): Person[] {
  return directory.people.filter(({ id, manager }) => {
    const linked = memory.people.get(id);
    if (linked === undefined || !linked.active || linked.manager === manager) return false;
    return manager === undefined || memory.people.has(manager);
  });
}

function memberChange(memory: Memory, group: Group): MemberChange {
  const current = memory.groups.get(group.id)?.members ?? new Set();
  const wanted = new Set(group.members);
  return {
    add: assignedMembers(memory, group).filter((id) => !current.has(id)),
    remove: [...current].filter((id) => !wanted.has(id) && memory.people.get(id)?.active === true),
  };
}

function sameProfile(person: Person, sent: Person | undefined): boolean {
  if (sent === undefined) return false;
  return isDeepStrictEqual({ ...person, active: true }, { ...sent, active: true });
}
