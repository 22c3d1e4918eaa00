import type { Connection } from "../model/connection.js";
import type { ConnectionId, Instant } from "../model/ids.js";
import type { TenantWriter } from "./ports/store.js";

type Settling = Pick<Connection, "id" | "settleSeconds">;

/** Wake-ups come at this fraction of the settling time: a bulk makes few of them, and nobody waits much longer than told. */
const SLOTS = 60;

/**
 * Looks at everybody of the connection again when what was pushed at `now` has settled: a newly filled group, or the first
 * group of all. INVARIANT: each slot of time has a wake-up of its own, so that what comes later puts nothing off.
 */
export async function wakeWhenSettled(tx: TenantWriter, connection: Settling, now: Instant): Promise<void> {
  const step = stepOf(connection);
  const at = Math.ceil((Date.parse(now) + connection.settleSeconds * 1000) / step) * step;
  await tx.wakeAt(instant(at), "settle", `${connection.id}:${at}`);
}

/** Looks at people who were pushed at `now` again when their groups had time to come: `no_match` may judge them then. */
export async function wakeNewcomers(tx: TenantWriter, connection: Settling, now: Instant): Promise<void> {
  if (connection.settleSeconds === 0) return;
  const step = stepOf(connection);
  const from = Math.floor(Date.parse(now) / step) * step;
  const at = from + step + connection.settleSeconds * 1000;
  await tx.wakeAt(instant(at), "newcomers", `${connection.id}:${from}:${from + step}`);
}

/** Marks those whom due wake-ups of both kinds are about; a connection once, however many of its groups have settled. */
export async function markSettled(
  tx: TenantWriter,
  due: readonly { readonly kind: string; readonly ref: string }[],
  now: Instant,
): Promise<void> {
  const refs = (kind: string) => due.filter((one) => one.kind === kind).map((one) => one.ref.split(":"));
  const whole = new Set(refs("settle").map(([connection]) => connection as ConnectionId));
  for (const connection of whole) await tx.markConnection(connection, "settled", now);
  for (const [connection, from, to] of refs("newcomers")) {
    const id = connection as ConnectionId;
    if (whole.has(id)) continue;
    await tx.markDirty(await tx.pushedBetween(id, instant(Number(from)), instant(Number(to))), "settled", now);
  }
}

function stepOf({ settleSeconds }: Settling): number {
  return Math.max(1, Math.floor((settleSeconds * 1000) / SLOTS));
}

function instant(milliseconds: number): Instant {
  return new Date(milliseconds).toISOString();
}
