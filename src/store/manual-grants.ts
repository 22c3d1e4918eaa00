/** Single grants, and grants that change hands: what is done to them outside a plan. */
import type { GrantOrigin } from "../model/grant.js";
import type { UserId } from "../model/ids.js";
import type { AccessWriter, ClosedGrant } from "../provisioning/ports/access.js";
import { scopeOf } from "./people.js";
import type { Scope } from "./scope.js";
import { one, sql, verbatim } from "./sql.js";
import { toMillis } from "./values.js";

type ManualGrantWriter = Pick<AccessWriter, "convertGrants" | "closeGrant">;

interface ClosedColumns {
  readonly user_id: string;
  readonly scope: string;
  readonly team_name: string | null;
  readonly role: string;
  readonly origin: string;
}

const CLOSED = verbatim(
  `user_id, scope, role, origin,
    (select name from teams where teams.tenant_id = grants.tenant_id and teams.id = grants.team_id) as team_name`,
);

function closedOf(row: ClosedColumns): ClosedGrant {
  return {
    user: row.user_id as UserId,
    target: { scope: scopeOf(row), role: row.role },
    origin: row.origin as GrantOrigin,
  };
}

export function manualGrantWriter({ tenant, sql: db }: Scope): ManualGrantWriter {
  return {
    async closeGrant(id, reason, now) {
      const row = await one<ClosedColumns>(
        db,
        sql`update grants set ended_at = ${toMillis(now)}, end_reason = ${reason}
          where tenant_id = ${tenant} and id = ${id} and ended_at is null returning ${CLOSED}`,
      );
      return row && closedOf(row);
    },
    async convertGrants(connection, by, reason, now) {
      const at = toMillis(now);
      // a manual grant of the same target is there already, or another rule's grant becomes it: one is enough
      const closed = await db.all<ClosedColumns>(
        sql`update grants set ended_at = ${at}, end_reason = ${reason}
          where tenant_id = ${tenant} and connection_id = ${connection} and origin = 'rule' and ended_at is null
            and exists (select 1 from grants o where o.tenant_id = grants.tenant_id and o.user_id = grants.user_id
              and o.scope = grants.scope and o.role = grants.role and coalesce(o.team_id, '') = coalesce(grants.team_id, '')
              and o.ended_at is null and o.id <> grants.id
              and (o.origin = 'manual'
                or o.origin = 'rule' and o.connection_id = grants.connection_id and o.id < grants.id))
          returning ${CLOSED}`,
      );
      await db.run(
        sql`update grants set origin = 'manual', connection_id = null, rule = null, mapping_version = null,
            given_by = ${by}, reason = ${reason}
          where tenant_id = ${tenant} and connection_id = ${connection} and origin = 'rule' and ended_at is null`,
      );
      return closed.map(closedOf);
    },
  };
}
