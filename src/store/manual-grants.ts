/** Single grants, and grants that change hands: what is done to them outside a plan. */
import type { GrantOrigin } from "../model/grant.js";
import type { ConnectionId, Instant, UserId } from "../model/ids.js";
import type { AccessWriter, ClosedGrant } from "../provisioning/ports/access.js";
import { bigint, text } from "./dialect.js";
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

type ConvertedColumns = ClosedColumns & TargetColumns;

interface TargetColumns {
  readonly user_id: string;
  readonly team_id: string | null;
  readonly scope: string;
  readonly role: string;
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

export function manualGrantWriter(scope: Scope): ManualGrantWriter {
  const { tenant, sql: db } = scope;
  return {
    async closeGrant(id, reason, now) {
      const row = await one<ClosedColumns>(
        db,
        sql`update grants set ended_at = ${toMillis(now)}, end_reason = ${reason}
          where tenant_id = ${tenant} and id = ${id} and ended_at is null returning ${CLOSED}`,
      );
      return row && closedOf(row);
    },
    async convertGrants(connection, { by, reason, endReason }, now) {
      const left: ClosedGrant[] = [];
      for (;;) {
        const closed = await closeSome(scope, connection, endReason, now);
        const opened = await openByHand(scope, closed, { by, reason }, now);
        // what is opened stands for one of those that were closed; the others end
        for (const row of closed) if (!opened.delete(targetOf(row))) left.push(closedOf(row));
        if (closed.length < BATCH) return left;
      }
    },
  };
}

/** Grants that change hands at once: few enough for one statement's parameters. */
const BATCH = 5000;

/** Ends open grants of a connection's rules and of its SCIM assignments, those of one person together. */
function closeSome(
  { tenant, sql: db }: Scope,
  connection: ConnectionId,
  endReason: string,
  now: Instant,
): Promise<readonly ConvertedColumns[]> {
  return db.all<ConvertedColumns>(
    sql`update grants set ended_at = ${toMillis(now)}, end_reason = ${endReason}
      where tenant_id = ${tenant} and id in (select id from grants
        where tenant_id = ${tenant} and connection_id = ${connection} and origin in ('rule', 'scim_role') and ended_at is null
        order by user_id limit ${BATCH})
      returning ${CLOSED}, team_id`,
  );
}

/** Opens a manual grant of each of these targets where there is none; answers with those that it opened. */
async function openByHand(
  { tenant, sql: db, dialect, newId }: Scope,
  closed: readonly ConvertedColumns[],
  { by, reason }: { readonly by: string; readonly reason: string },
  now: Instant,
): Promise<Set<string>> {
  const wanted = [...new Map(closed.map((row) => [targetOf(row), row])).values()];
  const rows = dialect.rows(
    { id: "text", user_id: "text", team_id: "text", scope: "text", role: "text" },
    wanted.map(({ user_id, team_id, scope, role }) => ({ id: newId(), user_id, team_id, scope, role })),
  );
  const at = bigint(toMillis(now));
  const opened = await db.all<TargetColumns>(
    sql`insert into grants (tenant_id, id, user_id, team_id, scope, role, origin, evidence, evidence_from, since, given_by, reason)
      select ${bigint(tenant)}, r.id, r.user_id, r.team_id, r.scope, r.role, 'manual', ${dialect.json(sql`'[]'`)}, ${at}, ${at},
        ${text(by)}, ${text(reason)}
      from ${rows} as r
      where not exists (select 1 from grants o where o.tenant_id = ${tenant} and o.user_id = r.user_id and o.scope = r.scope
        and o.role = r.role and coalesce(o.team_id, '') = coalesce(r.team_id, '') and o.origin = 'manual' and o.ended_at is null)
      returning user_id, team_id, scope, role`,
  );
  return new Set(opened.map(targetOf));
}

function targetOf({ user_id, team_id, scope, role }: TargetColumns): string {
  return JSON.stringify([user_id, team_id, scope, role]);
}
