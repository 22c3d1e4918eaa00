import type { CustomDocument } from "../../model/directory.js";
import type { ConnectionId, CustomResourceId, Instant } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";
import type { DirectoryList, DirectoryQuery } from "./directory.js";
import type { WrittenRow } from "./directory-writer.js";

/** A resource of a type that the operator defines. */
export interface CustomResourceRow extends WrittenRow<CustomResourceId> {
  readonly resource: JsonObject;
}

/** `type` is the name of the resource type: a row of another one is not found. */
export interface CustomResourceReader {
  customResource(connection: ConnectionId, type: string, id: CustomResourceId): Promise<CustomResourceRow | undefined>;
  /** Filter paths that are columns: `id`, `meta.created`, `meta.lastModified`. */
  customResources(
    connection: ConnectionId,
    type: string,
    query: DirectoryQuery,
  ): Promise<DirectoryList<CustomResourceRow>>;
}

export interface CustomResourceWriter {
  /** Throws Refusal `uniqueness` where another resource has one of the document's unique values. `id`: where it was given beforehand. */
  insertCustomResource(
    connection: ConnectionId,
    type: string,
    document: CustomDocument,
    now: Instant,
    id?: CustomResourceId,
  ): Promise<WrittenRow<CustomResourceId>>;
  /** The same, and `version_conflict` where the row has another version than this, or is gone. */
  updateCustomResource(
    connection: ConnectionId,
    type: string,
    row: { readonly id: CustomResourceId; readonly ifVersion: number },
    document: CustomDocument,
    now: Instant,
  ): Promise<WrittenRow<CustomResourceId>>;
  /** Its unique values are free again. False: no such row, or not with that version. */
  deleteCustomResource(
    connection: ConnectionId,
    type: string,
    row: { readonly id: CustomResourceId; readonly ifVersion?: number },
  ): Promise<boolean>;
}
