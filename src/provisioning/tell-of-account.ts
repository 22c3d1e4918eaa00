import type { Instant, UserId } from "../model/ids.js";
import { auditEntry, type Context } from "./deps.js";
import type { TenantWriter } from "./ports/store.js";

/** What became of an account by an admin's hand. */
export interface ToldOfAccount {
  readonly user: UserId;
  readonly userName: string;
  /** Of the event, and the action in the audit. */
  readonly type: string;
  readonly reason: string;
  readonly context: Context;
  readonly now: Instant;
}

/** An entry in the audit and an event. */
export async function tellOfAccount(tx: TenantWriter, told: ToldOfAccount): Promise<void> {
  const { user, userName, type, reason, context, now } = told;
  await tx.appendAudit([{ ...auditEntry(context, now, type, { userName, reason }), user }]);
  await tx.appendEvents([{ type, user, data: { userName, reason } }], now);
}
