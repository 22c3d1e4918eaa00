/**
 * What SQLite's planner is to believe of the indexes. It knows nothing of `json_each`, and without figures takes a tenant for
 * a handful of rows: it would then walk all of a tenant's rows where it should look one up. The figures are those of a
 * large tenant and never measured, so that a plan never depends on what a database happens to hold.
 */
import type { Fragment } from "./sql.js";
import { sql } from "./sql.js";

const ROWS = 1_000_000;

/** How many rows of a large tenant share a value of the column, where they are many. */
const SHARED: Readonly<Record<string, number>> = {
  tenant_id: 100_000,
  connection_id: 50_000,
  reconciled_version: 50_000,
  not_before: 5_000,
  scope: 1_000,
  role: 1_000,
  team_id: 1_000,
  group_id: 500,
  user_id: 10,
  directory_user_id: 10,
};
const FEW = 2;

/** Tables of a few rows, for which the planner's own guess is right. */
const SMALL: ReadonlySet<string> = new Set([
  "tenants",
  "tenant_domains",
  "domain_claims",
  "tenant_counters",
  "connections",
  "connection_counters",
]);

interface IndexRow {
  readonly tbl: string;
  readonly idx: string;
  readonly columns: string;
  readonly is_unique: number;
  readonly is_partial: number;
}

interface Connection {
  all<Row>(statement: Fragment): Promise<readonly Row[]>;
  run(statement: Fragment): Promise<number>;
  exec(text: string): Promise<void>;
}

/** Writes the figures for every index of the schema; `loadStatistics` makes a connection read them. */
export async function writeStatistics(connection: Connection): Promise<void> {
  const indexes = await connection.all<IndexRow>(
    sql`select m.name as tbl, i.name as idx, i."unique" as is_unique, i.partial as is_partial,
        (select group_concat(name) from pragma_index_info(i.name)) as columns
      from sqlite_master m join pragma_index_list(m.name) i where m.type = 'table'`,
  );
  await connection.exec("begin immediate; analyze sqlite_master; delete from sqlite_stat1");
  for (const index of indexes) {
    if (SMALL.has(index.tbl) || !index.columns.startsWith("tenant_id")) continue;
    await connection.run(
      sql`insert into sqlite_stat1 (tbl, idx, stat) values (${index.tbl}, ${index.idx}, ${figures(index)})`,
    );
  }
  await connection.exec("commit");
  await loadStatistics(connection);
}

/** Statistics are read when a connection first looks at the schema, and when it is told to, which counts as a write. */
export function loadStatistics(connection: Pick<Connection, "exec">): Promise<void> {
  return connection.exec("analyze sqlite_master");
}

/** An index of some rows is taken to hold half of them: where a statement asks for no others, it is the better way. */
const SOME = 0.5;

function figures({ columns, is_unique, is_partial }: IndexRow): string {
  const names = columns.split(",");
  const share = is_partial === 1 ? SOME : 1;
  let rows = ROWS;
  const counts = names.map((name, at) => {
    rows = Math.min(rows, SHARED[name] ?? FEW);
    return is_unique === 1 && at === names.length - 1 ? 1 : rows * share;
  });
  return [ROWS * share, ...counts].join(" ");
}
