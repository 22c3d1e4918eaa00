/** Owns the commands that both clients' processes know: what they read from a command's line, and what they reply for each item. */
import type { JsonObject } from "../../src/model/json.js";
import type { CycleResult, MemberChange } from "../../src/simulate/cycle.js";
import {
  type Directory,
  type Group,
  type Person,
  parseDirectory,
  parseGroups,
  parsePeople,
  parseText,
  parseTexts,
} from "../../src/simulate/directory.js";
import { inParallel } from "../../src/simulate/in-parallel.js";
import type { Command } from "./line-commands.js";

/** `users` holds whole people. */
export function eachPerson(concurrency: number, use: (person: Person) => Promise<boolean>): Command {
  return ({ users }) => useEach(parsePeople(users, "users"), concurrency, use);
}

/** `groups` holds whole groups. */
export function eachGroup(concurrency: number, use: (group: Group) => Promise<boolean>): Command {
  return ({ groups }) => useEach(parseGroups(groups, "groups"), concurrency, use);
}

/** The key holds ids of the directory. */
export function eachId(key: "groups" | "users", concurrency: number, use: (id: string) => Promise<boolean>): Command {
  return (input) => {
    const items = parseTexts(input[key], key).map((id) => ({ id }));
    return useEach(items, concurrency, ({ id }) => use(id));
  };
}

/** `group` is an id; `add` and `remove` are ids of people. */
export function memberChange(use: (id: string, change: MemberChange) => Promise<boolean>): Command {
  return ({ group, add = [], remove = [] }) =>
    use(parseText(group, "group"), { add: parseTexts(add, "add"), remove: parseTexts(remove, "remove") });
}

/** `group` is an id, `name` its new name. */
export function renaming(use: (id: string, name: string) => Promise<boolean>): Command {
  return ({ group, name }) => use(parseText(group, "group"), parseText(name, "name"));
}

/** `directory` holds everything that is assigned. */
export function cycle(use: (directory: Directory) => Promise<CycleResult>): Command {
  return async ({ directory }) => ({ ...(await use(parseDirectory(directory))) });
}

async function useEach<Item extends { readonly id: string }>(
  items: readonly Item[],
  concurrency: number,
  use: (item: Item) => Promise<boolean>,
): Promise<JsonObject> {
  const confirmed = await inParallel(items, concurrency, use);
  const failed = items.filter((_, index) => !confirmed[index]).map(({ id }) => id);
  return { done: items.length - failed.length, failed };
}
