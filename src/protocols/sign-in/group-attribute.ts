import { boundedMap } from "../../model/bounded-map.js";
import type { Connection, Tenant } from "../../model/connection.js";
import type { TenantId } from "../../model/ids.js";
import type { Provisioning } from "../../provisioning/deps.js";

/** Where an admin said that groups are: at the connection, or in the mapping for connections that say nothing. */
export interface GroupAttribute {
  readonly groupAttribute?: string;
  /** Tried before the profile's own places, not instead of them: the mapping is shared by connections of every kind. */
  readonly mappedGroupAttribute?: string;
}

export type GroupAttributeOf = (tenant: Tenant, connection: Connection) => Promise<GroupAttribute>;

const MOST_TENANTS = 1_000;

/** The mapping document is read once per version. */
export function createGroupAttributes(p: Provisioning): GroupAttributeOf {
  const remembered = boundedMap<TenantId, { readonly version: number; readonly name: string | undefined }>(
    MOST_TENANTS,
  );
  return async (tenant, { groupAttribute }) => {
    if (groupAttribute !== undefined) return { groupAttribute };
    const version = tenant.activeVersion;
    let entry = remembered.get(tenant.id);
    if (entry?.version !== version) {
      entry = { version, name: await mappedName(p, tenant) };
      remembered.set(tenant.id, entry);
    }
    return entry.name === undefined ? {} : { mappedGroupAttribute: entry.name };
  };
}

async function mappedName(p: Provisioning, tenant: Tenant): Promise<string | undefined> {
  const mapping = await p.store.read(tenant.id).mappingVersion(tenant.activeVersion);
  const parsed = mapping === undefined ? undefined : p.parseMapping(mapping.text);
  return parsed?.ok ? parsed.document.group_attribute_name : undefined;
}
