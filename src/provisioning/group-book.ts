import { boundedMap } from "../model/bounded-map.js";
import type { ConnectionId, TenantId } from "../model/ids.js";
import type { DirectoryGroupRecord } from "../model/person.js";
import type { TenantReader } from "./ports/store.js";

/** Each connection's groups, read again only when the connection's `groupsVersion` moved. */
export interface GroupBook {
  /** `version`: the connection's, where it was read already. */
  groups(reader: TenantReader, connection: ConnectionId, version?: number): Promise<readonly DirectoryGroupRecord[]>;
}

/** `size` connections are remembered, the one whose groups were read longest ago forgotten first. */
export function createGroupBook(size: number): GroupBook {
  const book = boundedMap<string, { readonly version: number; readonly groups: readonly DirectoryGroupRecord[] }>(size);
  const key = (tenant: TenantId, connection: ConnectionId) => `${tenant}\u0000${connection}`;
  return {
    async groups(reader, connection, known) {
      const at = key(reader.tenant, connection);
      // The version is read first: groups read after it are at least as new, and the next reader sees a moved version.
      const version = known ?? (await reader.groupsVersion(connection));
      const remembered = book.get(at);
      if (remembered?.version === version) return remembered.groups;
      const groups = await reader.directoryGroups(connection);
      book.set(at, { version, groups });
      return groups;
    },
  };
}
