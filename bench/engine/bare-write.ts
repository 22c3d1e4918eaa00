/** The limit that an apply is held against: the rows that it wrote, written by the driver alone, in bulk, on the same schema. */
import { openStore } from "../../src/store/open.js";
import { type BareSqlite, openBareSqlite } from "../measure/bare-sqlite.js";
import { secondsOf } from "../measure/figures.js";

const BATCH = 5000;

type Row = Readonly<Record<string, string | number | null>>;

/** What a run wrote, as rows. */
export interface WrittenRows {
  readonly opened: readonly Row[];
  readonly closed: readonly Row[];
  /** Grants that stay, with the version and evidence that they have now. */
  readonly refreshed: readonly Row[];
  readonly people: readonly Row[];
  readonly audit: readonly Row[];
  readonly events: readonly Row[];
}

/** Reads what the run that activated a mapping version wrote. */
export async function rowsOfRun(path: string, tenant: number, run: number, version: number): Promise<WrittenRows> {
  const database = await openBareSqlite(path);
  const audit = await database.all<Row>("select * from audit_entries where tenant_id = ? and run_number = ?", [
    tenant,
    run,
  ]);
  const since = audit.reduce((least, row) => Math.min(least, Number(row["at"])), Number.POSITIVE_INFINITY);
  const all = (statement: string, ...values: readonly number[]) => database.all<Row>(statement, [tenant, ...values]);
  const rows = {
    audit,
    events: await all("select * from outbox_events where tenant_id = ? and created_at >= ?", since),
    opened: await all("select * from grants where tenant_id = ? and since >= ?", since),
    closed: await all("select id, end_reason from grants where tenant_id = ? and ended_at >= ?", since),
    refreshed: await all(
      `select id, evidence, mapping_version from grants
        where tenant_id = ? and mapping_version = ? and since < ? and ended_at is null`,
      version,
      since,
    ),
    people: await all("select id, facts_version from users where tenant_id = ? and reconciled_version = ?", version),
  };
  await database.close();
  return rows;
}

export function countOf(rows: WrittenRows): number {
  return Object.values(rows).reduce((sum, list: readonly Row[]) => sum + list.length, 0);
}

/** Seconds for writing the rows into a copy of the tables as they were before, with every index and no checks. */
export async function bareWrite(scratch: string, source: string, tenant: number, rows: WrittenRows): Promise<number> {
  await prepare(scratch, source, tenant, rows);
  const database = await openBareSqlite(scratch);
  await database.exec("pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -32000;");
  const seconds = await secondsOf(() => writeAll(database, tenant, rows));
  await database.close();
  return seconds;
}

async function prepare(scratch: string, source: string, tenant: number, rows: WrittenRows): Promise<void> {
  const store = await openStore(`sqlite:${scratch}`);
  await store.migrate();
  await store.close();
  const database = await openBareSqlite(scratch);
  await database.exec(`attach '${source.replaceAll("'", "''")}' as source`);
  for (const table of ["users", "grants"]) {
    const columns = await columnsOf(database, table);
    await database.run(`insert into ${table} (${columns}) select ${columns} from source.${table} where tenant_id = ?`, [
      tenant,
    ]);
  }
  const opened = JSON.stringify(rows.opened.map((row) => row["id"]));
  const closed = JSON.stringify(rows.closed.map((row) => row["id"]));
  await database.run("delete from grants where id in (select value from json_each(?))", [opened]);
  await database.run("update grants set ended_at = null where id in (select value from json_each(?))", [closed]);
  await database.exec("detach source; pragma wal_checkpoint(truncate)");
  await database.close();
}

async function columnsOf(database: BareSqlite, table: string): Promise<string> {
  const columns = await database.all<{ readonly name: string }>(`select name from pragma_table_info('${table}')`);
  return columns.map(({ name }) => name).join(", ");
}

async function writeAll(database: BareSqlite, tenant: number, rows: WrittenRows): Promise<void> {
  await inBatches(database, rows.closed, (batch) =>
    database.run(
      `update grants set ended_at = 1, end_reason = r.value ->> 'end_reason' from json_each(?) as r
        where grants.tenant_id = ? and grants.id = r.value ->> 'id'`,
      [batch, tenant],
    ),
  );
  await inBatches(database, rows.refreshed, (batch) =>
    database.run(
      `update grants set evidence = r.value ->> 'evidence', mapping_version = r.value ->> 'mapping_version'
        from json_each(?) as r where grants.tenant_id = ? and grants.id = r.value ->> 'id'`,
      [batch, tenant],
    ),
  );
  await inBatches(database, rows.people, (batch) =>
    database.run(
      `update users set reconciled_version = reconciled_version + 1, dirty = 0, not_before = 0 from json_each(?) as r
        where users.tenant_id = ? and users.id = r.value ->> 'id'`,
      [batch, tenant],
    ),
  );
  for (const [table, list] of [
    ["grants", rows.opened],
    ["audit_entries", rows.audit],
    ["outbox_events", rows.events],
  ] as const) {
    await inBatches(database, list, (batch) => insert(database, table, Object.keys(list[0] ?? {}), batch));
  }
}

function insert(database: BareSqlite, table: string, columns: readonly string[], batch: string): Promise<void> {
  const values = columns.map((name) => `value ->> '${name}'`).join(", ");
  return database.run(`insert into ${table} (${columns.join(", ")}) select ${values} from json_each(?)`, [batch]);
}

async function inBatches(
  database: BareSqlite,
  rows: readonly Row[],
  write: (batch: string) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < rows.length; from += BATCH) {
    await database.exec("begin immediate");
    await write(JSON.stringify(rows.slice(from, from + BATCH)));
    await database.exec("commit");
  }
}
