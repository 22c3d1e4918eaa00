/** What falls due by itself, by kind and subject. */
import type { TenantId, UserId } from "../model/ids.js";
import type { AccessWriter, WakeKind } from "../provisioning/ports/access.js";
import { bigint, text } from "./dialect.js";
import type { Scope } from "./scope.js";
import { type Fragment, NOTHING, sql } from "./sql.js";
import { toMillis } from "./values.js";

type WakeupWriter = Pick<AccessWriter, "wakeAt" | "takeWakeups" | "pushedBetween">;

/** One that stands already is not locked: writers who ask for the same in a bulk must not wait for each other. */
export function wake(tenant: TenantId, at: number, kind: WakeKind, ref: string, and = NOTHING): Fragment {
  return sql`insert into wakeups (tenant_id, kind, ref, at)
    select ${bigint(tenant)}, ${text(kind)}, ${text(ref)}, ${bigint(at)}
    where not exists (select 1 from wakeups w
      where w.tenant_id = ${tenant} and w.kind = ${kind} and w.ref = ${ref} and w.at = ${at})${and}
    on conflict (tenant_id, kind, ref) do update set at = excluded.at`;
}

export function wakeupWriter({ tenant, sql: db }: Scope): WakeupWriter {
  return {
    async wakeAt(at, kind, ref) {
      await db.send(wake(tenant, toMillis(at), kind, ref));
    },
    async takeWakeups(now) {
      const rows = await db.all<{ readonly kind: string; readonly ref: string; readonly at: number }>(
        sql`delete from wakeups where tenant_id = ${tenant} and at <= ${toMillis(now)} returning kind, ref, at`,
      );
      return [...rows].sort((a, b) => a.at - b.at).map(({ kind, ref }) => ({ kind: kind as WakeKind, ref }));
    },
    async pushedBetween(connection, from, to) {
      const rows = await db.all<{ readonly user_id: string }>(
        sql`select l.user_id from directory_users u
          join identity_links l on l.tenant_id = u.tenant_id and l.directory_user_id = u.id and l.ended_at is null
          where u.tenant_id = ${tenant} and u.connection_id = ${connection} and u.deleted_at is null
            and u.scim_created_at >= ${toMillis(from)} and u.scim_created_at < ${toMillis(to)}`,
      );
      return rows.map((row) => row.user_id as UserId);
    },
  };
}
