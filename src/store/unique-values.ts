/** Values that only one resource may have: a constraint of the database, whoever writes at the same moment. */
import type { UniqueValue } from "../model/directory.js";
import type { ConnectionId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { bigint, text } from "./dialect.js";
import type { Scope } from "./scope.js";
import { type Fragment, sql, verbatim } from "./sql.js";

/** Gives a resource its values in place of those that it had; the same Refusal. */
export async function replaceUnique(
  scope: Scope,
  connection: ConnectionId,
  resource: string,
  values: readonly UniqueValue[],
): Promise<void> {
  await freeUnique(scope, resource);
  await claimUnique(scope, connection, resource, values);
}

/** Gives a new resource its values. Throws Refusal `uniqueness` where another one has one of them. */
export async function claimUnique(
  scope: Scope,
  connection: ConnectionId,
  resource: string,
  values: readonly UniqueValue[],
): Promise<void> {
  const { tenant, sql: db, dialect } = scope;
  if (values.length === 0) return;
  const rows = values.map(({ within, attribute, value }) => ({
    ...{ scope: within === "connection" ? connection : "", attribute, value },
  }));
  // in one order for everybody, so that two writers never wait for one another
  const wanted = dialect.rows({ scope: "text", attribute: "text", value: "text" }, rows);
  const claimed = await db.all<{ readonly attribute: string; readonly value: string }>(
    sql`insert into unique_values (tenant_id, scope, attribute, value, resource_id)
      select ${bigint(tenant)}, scope, attribute, value, ${text(resource)} from ${wanted} as wanted
        where 1 = 1 order by scope, attribute, value
      on conflict do nothing returning attribute, value`,
  );
  if (claimed.length === values.length) return;
  const had = new Set(claimed.map(({ attribute, value }) => JSON.stringify([attribute, value])));
  const taken = values.find(({ attribute, value }) => !had.has(JSON.stringify([attribute, value])));
  // what it was is left out: values that are never returned are not told by refusals either
  throw new Refusal(
    "uniqueness",
    `a value of ${quote(taken?.attribute ?? "")} is taken in this ${taken?.within ?? "connection"}: use another, or change the resource that has it`,
  );
}

export async function freeUnique({ tenant, sql: db }: Scope, resource: string): Promise<void> {
  await db.run(sql`delete from unique_values where tenant_id = ${tenant} and resource_id = ${resource}`);
}

/** What a connection that has ended may no longer keep from the others. */
export async function freeUniqueOf({ tenant, sql: db }: Scope, connection: ConnectionId): Promise<void> {
  const belongs = (table: string): Fragment =>
    sql`exists (select 1 from ${verbatim(table)} c where c.tenant_id = ${tenant} and c.id = resource_id
      and c.connection_id = ${connection})`;
  await db.run(
    sql`delete from unique_values where tenant_id = ${tenant} and scope = '' and
      (${belongs("directory_users")} or ${belongs("directory_groups")} or ${belongs("custom_resources")})`,
  );
}
