/** Resources of the operator's own types are kept as they were pushed: no facts, no access, nobody's account hangs on them. */
import type { Connection, Tenant } from "../model/connection.js";
import type { CustomDocument } from "../model/directory.js";
import type { CustomResourceId } from "../model/ids.js";
import { versionConflict } from "../model/version-conflict.js";
import type { Provisioning } from "./deps.js";
import type { WrittenRow } from "./ports/directory-writer.js";

/** `type` is the name of the resource type. */
export interface CustomPush {
  readonly tenant: Tenant;
  readonly connection: Connection;
  readonly type: string;
}

/**
 * Writes back the resource that was read. Throws Refusals: `uniqueness`, and `version_conflict` where it has another version than
 * the one that was read.
 */
export function replaceCustomResource(
  p: Provisioning,
  { tenant, connection, type }: CustomPush,
  document: CustomDocument,
  read: { readonly id: CustomResourceId; readonly version: number },
): Promise<WrittenRow<CustomResourceId>> {
  const row = { id: read.id, ifVersion: read.version };
  return p.store.write(tenant.id, (tx) => tx.updateCustomResource(connection.id, type, row, document, p.now()));
}

/** Throws Refusal `version_conflict` where it has another version than this one, or is gone. */
export async function deleteCustomResource(
  p: Provisioning,
  { tenant, connection, type }: CustomPush,
  row: { readonly id: CustomResourceId; readonly ifVersion?: number },
): Promise<void> {
  const deleted = await p.store.write(tenant.id, (tx) => tx.deleteCustomResource(connection.id, type, row));
  if (!deleted) throw versionConflict("resource", row.id);
}
