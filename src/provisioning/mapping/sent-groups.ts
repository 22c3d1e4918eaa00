import type { CompiledMapping } from "../../engine/compile/compile.js";
import type { SeenGroup } from "../../engine/lint/seen.js";
import { knownNames, ownNames } from "../../engine/pins/group-pins.js";
import type { Connection } from "../../model/connection.js";
import type { ConnectionId } from "../../model/ids.js";
import type { Provisioning } from "../deps.js";
import { itemsOf } from "../pages-of.js";
import type { TenantReader } from "../ports/store.js";
import { pinOverlay } from "./mapping-pins.js";

const GROUPS_PER_PAGE = 1000;
const PEOPLE_PER_PAGE = 5000;

/**
 * Every group that was ever pushed or claimed at these connections, each once, with its size and the names by which the
 * mapping's rules know it; without a mapping by its own.
 */
export async function sentGroups(
  p: Pick<Provisioning, "groupBook">,
  reader: TenantReader,
  connections: readonly Connection[],
  mapping: CompiledMapping | undefined,
): Promise<readonly SeenGroup[]> {
  const slugs = new Map(connections.map(({ id, slug }) => [id, slug]));
  const known = mapping ? await pinnedNames(p, reader, connections, mapping) : new Map<string, PinnedNames>();
  const groups: SeenGroup[] = [];
  /** Names and ids of pushed groups: claims that carry one mean that group. */
  const pushed = new Map<string, number>();
  for await (const sent of itemsOf((query) => reader.sentGroups(query), GROUPS_PER_PAGE)) {
    const { id, connection, displayName, externalId, members, nested, createdAt, deleted } = sent;
    const own = ownNames(sent);
    const { names, pins } = known.get(id) ?? { names: own };
    const ids = externalId === undefined ? [id] : [externalId, id];
    if (!deleted) for (const key of [...own, ...names, ...ids]) pushed.set(keyOf(connection, key), groups.length);
    const seen = { names, ids, source: "scim", members, nested, createdAt, deleted, ...(pins && { pins }) } as const;
    groups.push({ connection: slugs.get(connection) ?? "", called: displayName, ...seen });
  }
  for (const [key, { connection, value, people }] of await claimed(reader)) {
    const at = pushed.get(key);
    const group = at === undefined ? undefined : groups[at];
    if (at !== undefined && group) groups[at] = { ...group, members: Math.max(group.members, people) };
    else {
      const names = [value];
      const seen = { called: value, names, ids: names, source: "claims", members: people, deleted: false } as const;
      groups.push({ connection: slugs.get(connection) ?? "", ...seen });
    }
  }
  return groups;
}

type PinnedNames = Pick<SeenGroup, "names" | "pins">;

/** Of groups that hold or contend for names, were the mapping active: by which names its rules know them. */
async function pinnedNames(
  p: Pick<Provisioning, "groupBook">,
  reader: TenantReader,
  connections: readonly Connection[],
  mapping: CompiledMapping,
): Promise<ReadonlyMap<string, PinnedNames>> {
  const overlay = await pinOverlay(p, reader, mapping, connections);
  const known = new Map<string, PinnedNames>();
  for (const { id } of connections) {
    const groups = overlay.get(id)?.groups ?? (await p.groupBook.groups(reader, id));
    for (const group of groups) {
      if (!group.pins) continue;
      const own = ownNames(group);
      const pins = group.pins.map(({ name, state }) => ({ name, state, isRenamed: !own.includes(name) }));
      known.set(group.id, { names: knownNames(group), pins });
    }
  }
  return known;
}

async function claimed(reader: TenantReader) {
  const found = new Map<string, { readonly connection: ConnectionId; readonly value: string; people: number }>();
  for await (const { connection, value, people } of itemsOf((query) => reader.claimedGroups(query), PEOPLE_PER_PAGE)) {
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
