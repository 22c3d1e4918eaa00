/** Totals that are kept, not counted: how many live rows a connection has, and how many registered people among them. */
import type { ConnectionId } from "../model/ids.js";
import type { Scope } from "./scope.js";
import { sql } from "./sql.js";

/** A row got its `scim` document (+1), or a row with one was deleted (-1). */
export async function countScimRow(
  { tenant, sql: db }: Scope,
  connection: ConnectionId,
  row: string,
  step: 1 | -1,
): Promise<void> {
  await db.run(
    sql`update connection_counters set live_users = live_users + ${step},
        registered_synced = registered_synced + ${step} * (
          select count(*) from identity_links l join users u on u.tenant_id = l.tenant_id and u.id = l.user_id
          where l.tenant_id = ${tenant} and l.directory_user_id = ${row} and l.ended_at is null and u.status = 'registered')
      where tenant_id = ${tenant} and connection_id = ${connection}`,
  );
}

/** A group was made (+1), deleted (-1), or changed in what `directoryGroups` tells of it (0). */
export async function countGroup(
  { tenant, sql: db }: Scope,
  connection: ConnectionId,
  step: 1 | 0 | -1,
): Promise<void> {
  await db.run(
    sql`update connection_counters set live_groups = live_groups + ${step}, groups_version = groups_version + 1
      where tenant_id = ${tenant} and connection_id = ${connection}`,
  );
}
