import type { Connection, Tenant } from "../model/connection.js";
import type { CustomResourceId, DirectoryGroupId, DirectoryUserId, Instant, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import type { AdoptionNotice } from "./adopt.js";
import type { JoinNotice } from "./join-signed-in.js";
import type { AcrossNotice } from "./link-across.js";
import type { WrittenRow } from "./ports/directory-writer.js";
import type { TenantWriter } from "./ports/store.js";
import type { PinNotice } from "./pushed-pins.js";

/** What one change wrote; `undefined` where there is no row any more, or nothing was written. */
export type Written =
  | (WrittenRow<DirectoryUserId | DirectoryGroupId | CustomResourceId> & {
      /** Where it is another than the one that was sent. */
      readonly resource?: JsonObject;
      /** In none: nobody can know of the row yet. */
      readonly groups?: readonly [];
    })
  | undefined;

/** What the changes of one request have come to so far. */
export interface IngestState {
  readonly tx: TenantWriter;
  readonly tenant: Tenant;
  readonly connection: Connection;
  readonly now: Instant;
  readonly touched: Set<UserId>;
  /** Groups whose members changed and whose version is to rise once. */
  readonly filled: Map<DirectoryGroupId, Written>;
  readonly notices: (PinNotice | AdoptionNotice | JoinNotice | AcrossNotice)[];
  groupsPushed: boolean;
}

/** Whose rows these are is reconciled afterwards. */
export async function touchRows(state: IngestState, rows: readonly DirectoryUserId[]): Promise<void> {
  for (const user of await state.tx.usersOfRows(rows)) state.touched.add(user);
}
