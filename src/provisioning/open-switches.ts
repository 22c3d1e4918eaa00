import type { ConnectionId } from "../model/ids.js";
import { type Approval, eitherApproval } from "./approval.js";
import type { Provisioning } from "./deps.js";
import type { Overlay, Pretence } from "./gather.js";
import type { TenantReader } from "./ports/store.js";

/** What was said when the switches under way were confirmed: what is approved, and under which pretence people leave. */
export interface OpenSwitches {
  readonly approval: Approval;
  readonly overlay?: Overlay;
}

const LEAVING: Pretence = { sync: "live", leaving: true };

/**
 * Connections that are being switched live or off: what was reviewed counts for whoever comes to reconcile their people,
 * the switch's own run, another instance, or a request that is quicker.
 */
export async function openSwitches(p: Provisioning, reader: TenantReader): Promise<OpenSwitches> {
  let approval: Approval = "none";
  const leaving = new Map<ConnectionId, Pretence>();
  for (const { trigger, plan, connection } of await reader.openRuns()) {
    if (plan === undefined || connection === undefined || trigger === "held") continue;
    approval = eitherApproval(approval, await p.approvals.ofPlan(reader, plan));
    if (trigger === "disable") leaving.set(connection, LEAVING);
  }
  return leaving.size > 0 ? { approval, overlay: leaving } : { approval };
}
