/** A database as somebody reads it who has the file: every column that can hold text, and what is in it. */
import { type Knex, knex } from "../../src/store/knex.js";

/** `table.column` to the texts in it. */
export type StoredTexts = ReadonlyMap<string, readonly string[]>;

const SQLITE_COLUMNS = `select m.name as "table", c.name as "column" from sqlite_master m, pragma_table_info(m.name) c
  where m.type = 'table' and m.name not like 'sqlite_%' and lower(c.type) = 'text'`;
const POSTGRES_COLUMNS = `select table_name as "table", column_name as "column" from information_schema.columns
  where table_schema = 'public' and data_type in ('text', 'json', 'jsonb', 'character varying')`;

export async function storedTexts(url: string): Promise<StoredTexts> {
  const isSqlite = url.startsWith("sqlite:");
  const runner = isSqlite
    ? knex({ client: "sqlite3", connection: { filename: url.slice("sqlite:".length) }, useNullAsDefault: true })
    : knex({ client: "pg", connection: url });
  try {
    const found = await rowsOf<{ readonly table: string; readonly column: string }>(
      runner,
      isSqlite ? SQLITE_COLUMNS : POSTGRES_COLUMNS,
    );
    const texts = new Map<string, readonly string[]>();
    for (const { table, column } of found.filter((one) => !one.table.startsWith("schema_migrations"))) {
      const rows = await rowsOf<{ readonly value: string }>(
        runner,
        `select cast(${column} as text) as value from ${table} where ${column} is not null`,
      );
      texts.set(
        `${table}.${column}`,
        rows.map(({ value }) => value),
      );
    }
    return texts;
  } finally {
    await runner.destroy();
  }
}

async function rowsOf<Row>(runner: Knex, statement: string): Promise<readonly Row[]> {
  const answer = await runner.raw<readonly Row[] | { readonly rows: readonly Row[] }>(statement);
  return "rows" in answer ? answer.rows : answer;
}
