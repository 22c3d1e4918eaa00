/** Owns what happens to the simulated people and groups between one cycle and the next. Every function makes the directory that follows. */
import { type Directory, fullName, type Group, type Person } from "./directory.js";

/** Careers: titles, departments, addresses, telephones and managers change, and a third of each group makes room for others. */
export function withChanges({ people, groups }: Directory): Directory {
  return {
    people: people.map((person, index) => changedPerson(person, index, people)),
    groups: groups.map((group) => ({ ...group, members: rotated(group.members, people) })),
  };
}

/** Marriages and reorganizations: people get other user names, every group another name. */
export function withNewNames({ people, groups }: Directory): Directory {
  return {
    people: people.map((person, index) => (isRenamed(index) ? renamedPerson(person) : person)),
    groups: groups.map((group) => ({ ...group, name: `${group.name} (renamed)` })),
  };
}

export function isRenamed(index: number): boolean {
  return index % 5 === 2;
}

/** Some are suspended, others no longer assigned; nobody of them is in a group any more. */
export function withoutLeavers({ people, groups }: Directory): Directory {
  const present = people.filter((_, index) => !isUnassigned(index));
  const leaving = new Set(people.filter((_, index) => isSuspended(index) || isUnassigned(index)).map(({ id }) => id));
  return {
    people: present.map((person) => (leaving.has(person.id) ? { ...person, active: false } : person)),
    groups: groups.map((group) => ({ ...group, members: group.members.filter((id) => !leaving.has(id)) })),
  };
}

export function isSuspended(index: number): boolean {
  return index % 5 === 1;
}

export function isUnassigned(index: number): boolean {
  return index % 5 === 3;
}

/** The last group is no longer pushed, and the accounts of the last two people are destroyed. */
export function withRemovals({ people, groups }: Directory): Directory {
  const erased = people.slice(-2).map(({ id }) => id);
  const rest = people.slice(0, -2).map((person) => withManagerAmong(person, erased));
  return {
    people: rest,
    groups: groups
      .slice(0, -1)
      .map((group) => ({ ...group, members: group.members.filter((id) => !erased.includes(id)) })),
    erased,
  };
}

/** So that those whose accounts are destroyed next are members of a group that stays. */
export function withJoinersToRemove({ people, groups }: Directory): Directory {
  return { people, groups: joinedFirst(groups, people.slice(-2)) };
}

/** They all join the first group. */
export function withNewcomers({ people, groups }: Directory, newcomers: readonly Person[]): Directory {
  return { people: [...people, ...newcomers], groups: joinedFirst(groups, newcomers) };
}

/** Whoever is in the first group already is in it once. */
function joinedFirst([first, ...groups]: readonly Group[], people: readonly Person[]): readonly Group[] {
  if (first === undefined) return [];
  return [{ ...first, members: [...new Set([...first.members, ...people.map(({ id }) => id)])] }, ...groups];
}

function changedPerson(person: Person, index: number, people: readonly Person[]): Person {
  if (index % 3 === 0) {
    const { mobilePhone: _, ...others } = person;
    return { ...others, title: "Principal", department: "Research", email: `new.${person.userName}`, nickName: "Max" };
  }
  const { manager: _, ...unmanaged } = person;
  const next = people[(index + 1) % people.length];
  if (index % 3 === 1 && next !== undefined && next.id !== person.id) return { ...unmanaged, manager: next.id };
  return index % 6 === 2 ? unmanaged : person;
}

function renamedPerson(person: Person): Person {
  const renamed = { ...person, userName: `renamed.${person.userName}`, familyName: "Newmann" };
  const { displayName: _, ...others } = renamed;
  return { ...renamed, displayName: fullName(others) };
}

function rotated(members: Group["members"], people: readonly Person[]): string[] {
  const room = Math.ceil(members.length / 3);
  const inside = new Set(members);
  const others = people.filter(({ id }) => !inside.has(id)).slice(0, room);
  return [...members.slice(room), ...others.map(({ id }) => id)];
}

function withManagerAmong(person: Person, gone: readonly string[]): Person {
  const { manager, ...unmanaged } = person;
  return manager !== undefined && gone.includes(manager) ? unmanaged : person;
}
