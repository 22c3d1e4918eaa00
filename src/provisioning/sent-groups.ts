import type { SeenGroup } from "../engine/lint-seen.js";
import type { Connection } from "../model/connection.js";
import type { ConnectionId } from "../model/ids.js";
import type { Page, TenantReader } from "./ports/store.js";

const GROUPS_PER_PAGE = 1000;
const PEOPLE_PER_PAGE = 5000;

/** Every group that was ever pushed or claimed at these connections, each once, with its size. */
export async function sentGroups(
  reader: TenantReader,
  connections: readonly Connection[],
): Promise<readonly SeenGroup[]> {
  const slugs = new Map(connections.map(({ id, slug }) => [id, slug]));
  const groups: SeenGroup[] = [];
  /** Names and ids of pushed groups: claims that carry one mean that group. */
  const pushed = new Map<string, number>();
  for await (const { id, connection, displayName, externalId, idpMappingNames, members, createdAt, deleted } of all(
    GROUPS_PER_PAGE,
    (query) => reader.sentGroups(query),
  )) {
    const names = [displayName, ...idpMappingNames];
    const ids = externalId === undefined ? [id] : [externalId, id];
    if (!deleted) for (const key of [...names, ...ids]) pushed.set(keyOf(connection, key), groups.length);
    groups.push({ connection: slugs.get(connection) ?? "", names, ids, source: "scim", members, createdAt, deleted });
  }
  for (const [key, { connection, value, people }] of await claimed(reader)) {
    const at = pushed.get(key);
    const known = at === undefined ? undefined : groups[at];
    if (at !== undefined && known) groups[at] = { ...known, members: Math.max(known.members, people) };
    else {
      const names = [value];
      const slug = slugs.get(connection) ?? "";
      groups.push({ connection: slug, names, ids: names, source: "claims", members: people, deleted: false });
    }
  }
  return groups;
}

async function claimed(reader: TenantReader) {
  const found = new Map<string, { readonly connection: ConnectionId; readonly value: string; people: number }>();
  for await (const { connection, value, people } of all(PEOPLE_PER_PAGE, (query) => reader.claimedGroups(query))) {
    const key = keyOf(connection, value);
    const known = found.get(key);
    if (known) known.people += people;
    else found.set(key, { connection, value, people });
  }
  return found;
}

function keyOf(connection: ConnectionId, key: string): string {
  return `${connection}\u0000${key}`;
}

async function* all<Item>(
  limit: number,
  read: (query: { readonly after?: string; readonly limit: number }) => Promise<Page<Item>>,
): AsyncGenerator<Item> {
  let after: string | undefined;
  do {
    const { items, next } = await read(after === undefined ? { limit } : { limit, after });
    yield* items;
    after = next;
  } while (after !== undefined);
}
