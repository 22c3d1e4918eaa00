import type { Scope } from "./scope.js";
import { one, sql } from "./sql.js";

/** Raises a counter of the tenant and gives its new value; who raises it next waits for this transaction. */
export async function nextCount({ tenant, sql: db }: Scope, name: string, step: number): Promise<number> {
  const row = await one<{ readonly value: number }>(
    db,
    sql`insert into tenant_counters (tenant_id, name, value) values (${tenant}, ${name}, ${step})
      on conflict (tenant_id, name) do update set value = tenant_counters.value + excluded.value returning value`,
  );
  return row?.value ?? step;
}
