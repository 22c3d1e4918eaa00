/** What falls due by itself, by kind and subject. */
import type { AccessWriter, WakeKind } from "../provisioning/ports/access.js";
import type { Scope } from "./scope.js";
import { sql } from "./sql.js";
import { toMillis } from "./values.js";

export function wakeupWriter({ tenant, sql: db }: Scope): Pick<AccessWriter, "wakeAt" | "takeWakeups"> {
  return {
    async wakeAt(at, kind, ref) {
      await db.run(
        sql`insert into wakeups (tenant_id, kind, ref, at) values (${tenant}, ${kind}, ${ref}, ${toMillis(at)})
          on conflict (tenant_id, kind, ref) do update set at = excluded.at`,
      );
    },
    async takeWakeups(now) {
      const rows = await db.all<{ readonly kind: string; readonly ref: string; readonly at: number }>(
        sql`delete from wakeups where tenant_id = ${tenant} and at <= ${toMillis(now)} returning kind, ref, at`,
      );
      return [...rows].sort((a, b) => a.at - b.at).map(({ kind, ref }) => ({ kind: kind as WakeKind, ref }));
    },
  };
}
