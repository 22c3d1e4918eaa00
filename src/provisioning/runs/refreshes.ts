import type { ConnectionId, TenantId } from "../../model/ids.js";
import { type Provisioning, WORKER } from "../deps.js";
import { refreshMetadata } from "../metadata-refresh.js";

/** Looks at metadata that is due, beside the work on people: a slow server of one tenant makes nobody else's work wait. */
export interface Refreshes {
  add(tenant: TenantId, connection: ConnectionId): void;
  /** Once the one under way is over; the others are due again later. */
  finished(): Promise<void>;
}

/** One at a time, each as long as the network allows. */
export function createRefreshes(p: Provisioning, stopped: () => boolean): Refreshes {
  const waiting = new Set<string>();
  let last: Promise<void> = Promise.resolve();
  return {
    add(tenant, connection) {
      const key = `${tenant}:${connection}`;
      if (waiting.has(key)) return;
      waiting.add(key);
      last = last.then(async () => {
        waiting.delete(key);
        if (stopped()) return;
        await refreshMetadata(p, tenant, connection, WORKER).catch((fault: unknown) =>
          p.log.fault("metadata.refresh_failed", fault, { tenant }),
        );
      });
    },
    finished: () => last,
  };
}
