/** Pins under another mapping: as if they were made for a preview, and made when the mapping becomes active. */
import type { CompiledMapping } from "../../engine/compile/compile.js";
import { mappedNames, type Repinned, repin } from "../../engine/pins/group-pins.js";
import type { Connection } from "../../model/connection.js";
import type { ConnectionId, Instant } from "../../model/ids.js";
import type { DirectoryGroupRecord } from "../../model/person.js";
import type { Provisioning } from "../deps.js";
import type { Overlay, Pretence } from "../gather.js";
import type { TenantReader, TenantWriter } from "../ports/store.js";

/** Connections whose groups would go by other names under the mapping; for previews, so that they show what a save gives. */
export async function pinOverlay(
  p: Pick<Provisioning, "groupBook">,
  reader: TenantReader,
  mapping: CompiledMapping,
  connections: readonly Connection[],
): Promise<Overlay> {
  const overlay = new Map<ConnectionId, Pretence>();
  for (const { id, used, wanted } of await changedNames(reader, mapping, connections)) {
    const before = await p.groupBook.groups(reader, id);
    const { groups } = repin(before, used, wanted);
    if (groups !== before) overlay.set(id, { groups });
  }
  return overlay;
}

/** Groups of connections where names changed, before and after; the same list where no group goes by another name. */
export type Repins = ReadonlyMap<
  ConnectionId,
  { readonly before: readonly DirectoryGroupRecord[]; readonly groups: readonly DirectoryGroupRecord[] }
>;

/**
 * Pins every name of the mapping that is the active one now, and forgets names that it does not use. The caller has locked
 * the tenant. Whoever calls marks people, or leaves it to the mapping's new version.
 */
export async function pinMapping(tx: TenantWriter, mapping: CompiledMapping, now: Instant): Promise<Repins> {
  const changed = await changedNames(tx, mapping, await tx.connections());
  if (changed.length === 0) return new Map();
  await tx.lockPins(changed.map(({ id }) => id));
  const repinned: (Repinned & { readonly connection: ConnectionId; readonly before: Repinned["groups"] })[] = [];
  for (const { id, used, wanted } of changed) {
    // Never through the group book: what is read here is about to change under the version that it has now.
    const before = await tx.directoryGroups(id);
    repinned.push({ connection: id, before, ...repin(before, used, wanted) });
  }
  await tx.writePins(
    {
      drop: repinned.flatMap(({ connection, dropped }) => dropped.map((name) => ({ connection, name }))),
      add: repinned.flatMap(({ connection, fresh }) => fresh.map((name) => ({ connection, name }))),
      remove: [],
      put: repinned.flatMap(({ connection, pins }) => pins.map((pin) => ({ connection, ...pin }))),
    },
    now,
  );
  return new Map(repinned.map(({ connection, before, groups }) => [connection, { before, groups }]));
}

interface ChangedNames {
  readonly id: ConnectionId;
  readonly used: ReadonlySet<string>;
  readonly wanted: ReadonlySet<string>;
}

/** Connections where the mapping uses other names than those that are pinned. */
async function changedNames(
  reader: TenantReader,
  mapping: CompiledMapping,
  connections: readonly Connection[],
): Promise<readonly ChangedNames[]> {
  const names = new Map<ConnectionId, Set<string>>(connections.map(({ id }) => [id, new Set()]));
  for (const { connection, name } of await reader.pinnedNames()) names.get(connection)?.add(name);
  return connections.flatMap(({ id, slug }) => {
    const used = names.get(id) as ReadonlySet<string>;
    const wanted = mappedNames(mapping, slug);
    const same = used.size === wanted.size && [...wanted].every((name) => used.has(name));
    return same ? [] : [{ id, used, wanted }];
  });
}
