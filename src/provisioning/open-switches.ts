import type { ConnectionId } from "../model/ids.js";
import type { Provisioning } from "./deps.js";
import type { Overlay, Pretence } from "./gather.js";
import type { ClaimedRun } from "./ports/runs.js";
import type { TenantReader } from "./ports/store.js";
import { type Approval, eitherApproval } from "./preview/approval.js";

/** What was said when the switches under way were confirmed: what is approved, and under which pretence people leave. */
export interface OpenSwitches {
  readonly approval: Approval;
  readonly overlay?: Overlay;
  /** All runs that are queued or running. */
  readonly runs: readonly ClaimedRun[];
}

const LEAVING: Pretence = { sync: "live", leaving: true };

/**
 * Connections that are being switched live or off: what was reviewed counts for whoever comes to reconcile their people,
 * the switch's own run, another instance, or a request that is quicker. `runs`: those that are open.
 */
export async function openSwitches(
  p: Provisioning,
  reader: TenantReader,
  runs: readonly ClaimedRun[],
): Promise<OpenSwitches> {
  let approval: Approval = "none";
  const leaving = new Map<ConnectionId, Pretence>();
  for (const { trigger, plan, connection } of runs) {
    if (connection === undefined || trigger === "held") continue;
    if (plan !== undefined) approval = eitherApproval(approval, await p.approvals.ofPlan(reader, plan));
    if (trigger === "disable") leaving.set(connection, LEAVING);
  }
  return leaving.size > 0 ? { approval, runs, overlay: leaving } : { approval, runs };
}

/**
 * What a preview or a try pretends beside the switches that are under way. A pretence about `sync` is that of another switch
 * of the connection, which follows on the one under way and stands in its place.
 */
export function besideSwitches(switches: OpenSwitches, overlay: Overlay = new Map()): Overlay {
  const both = new Map(switches.overlay);
  for (const [connection, pretence] of overlay) {
    const underWay = pretence.sync === undefined ? both.get(connection) : undefined;
    both.set(connection, { ...underWay, ...pretence });
  }
  return both;
}
