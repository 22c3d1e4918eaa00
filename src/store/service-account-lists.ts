/** Service accounts as admins list them. Those that nothing was registered for show up nowhere here. */
import { fold } from "../model/fold.js";
import type { ConnectionId, UserId } from "../model/ids.js";
import type { ServiceAccountReader, ServiceAccountRow } from "../provisioning/ports/service-accounts.js";
import type { Scope } from "./scope.js";
import { type Fragment, join, sql, verbatim } from "./sql.js";
import { ALL, accountsWhere, MOST_LISTED } from "./users.js";
import { type Flag, given, isTrue, page, toInstantOrNull } from "./values.js";

interface DetailColumns {
  readonly user_id: string;
  readonly connection_id: string;
  readonly display_name: string;
  readonly description: string | null;
  readonly expires_at: number | null;
  readonly synced: Flag;
  readonly owner_id: string | null;
  readonly owner_name: string | null;
  readonly owner_display: string | null;
  readonly owner_status: string | null;
}

/** Pushed, there, called active, and by a connection that is live and not disabled. */
const SYNCED = verbatim(
  `(a.scim_resource is not null and a.deleted_at is null and a.active and c.sync = 'live' and c.disabled_at is null)`,
);

async function details({ tenant, sql: db, dialect }: Scope, ids: readonly UserId[]) {
  const rows = await db.all<DetailColumns>(
    sql`select a.user_id, a.connection_id, a.display_name, a.description, a.expires_at, ${SYNCED} as synced,
        o.id as owner_id, o.user_name as owner_name, o.display_name as owner_display, o.status as owner_status
      from service_accounts a
      join connections c on c.tenant_id = a.tenant_id and c.id = a.connection_id
      left join users o on o.tenant_id = a.tenant_id and o.id = a.owner_id
      where a.tenant_id = ${tenant} and a.user_id in ${dialect.list(ids)}`,
  );
  return new Map(rows.map((row) => [row.user_id, row]));
}

function ownerOf(row: DetailColumns): Pick<ServiceAccountRow, "owner"> {
  if (row.owner_id === null || row.owner_name === null) return {};
  const { owner_display: displayName, owner_status: status } = row;
  return {
    owner: { id: row.owner_id as UserId, userName: row.owner_name, displayName, active: status === "registered" },
  };
}

async function accounts(scope: Scope, where: Fragment, most: number): Promise<readonly ServiceAccountRow[]> {
  const rows = await accountsWhere(
    scope,
    sql`exists (select 1 from service_accounts a
      where a.tenant_id = u.tenant_id and a.user_id = u.id and a.removed_at is null) and ${where}`,
    most,
  );
  if (rows.length === 0) return [];
  const found = await details(
    scope,
    rows.map(({ id }) => id),
  );
  return rows.flatMap(({ id, userName, status, assignments, assignmentsLeftOut, createdAt }) => {
    const row = found.get(id);
    if (row === undefined) return [];
    return [
      {
        ...{ id, userName, status, assignments, assignmentsLeftOut, createdAt },
        displayName: row.display_name,
        ...given("description", row.description),
        connection: row.connection_id as ConnectionId,
        ...ownerOf(row),
        ...given("expiresAt", toInstantOrNull(row.expires_at)),
        synced: isTrue(row.synced),
      },
    ];
  });
}

export function serviceAccountListReader(
  scope: Scope,
): Pick<ServiceAccountReader, "serviceAccount" | "serviceAccounts"> {
  return {
    async serviceAccount(id) {
      return (await accounts(scope, sql`u.id = ${id}`, ALL))[0];
    },
    async serviceAccounts({ after = "", limit, name, owner, status }) {
      const wanted: Fragment[] = [sql`u.kind = 'service_account' and u.id > ${after}`];
      if (name !== undefined) wanted.push(sql`u.user_name_folded = ${fold(name)}`);
      if (status !== undefined) wanted.push(sql`u.status = ${status}`);
      if (owner !== undefined) {
        wanted.push(
          sql`u.id in (select a.user_id from service_accounts a where a.tenant_id = u.tenant_id and a.owner_id = ${owner})`,
        );
      }
      const where = sql`${join(wanted, " and ")} order by u.id limit ${limit + 1}`;
      return page(
        await accounts(scope, where, MOST_LISTED),
        limit,
        (row) => row,
        (row) => row.id,
      );
    },
  };
}
