import type { Instant, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import { auditEntry, type Context } from "./deps.js";
import type { TenantWriter } from "./ports/store.js";

/** What is said of a change in the audit and in the feed. */
export interface Notice {
  readonly type: string;
  readonly data: JsonObject;
  readonly user?: UserId;
}

/** Says it in the audit and to the outside, in the transaction of the change. */
export async function recordNotices(
  tx: TenantWriter,
  notices: readonly Notice[],
  context: Context,
  now: Instant,
): Promise<void> {
  if (notices.length === 0) return;
  await tx.appendAudit(
    notices.map(({ type, data, user }) => ({ ...auditEntry(context, now, type, data), ...(user && { user }) })),
  );
  await tx.appendEvents(
    notices.map(({ type, data, user }) => ({ type, data, ...(user && { user }) })),
    now,
  );
}
