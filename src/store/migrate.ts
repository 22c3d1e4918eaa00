/** Brings a database to the schema of this version, one migrator at a time. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "./database.js";
import { type Dialect, POSTGRES, SQLITE } from "./dialect.js";
import type { Knex } from "./knex.js";
import { MIGRATIONS, type Migration } from "./migrations/index.js";
import { sql } from "./sql.js";

const TABLE = "schema_migrations";
/** Any number that no other user of the database takes for its own advisory lock. */
const ADVISORY_LOCK = 7_265_118_804;
const SQLITE_ATTEMPTS = 20;

function source(dialect: Dialect): Knex.MigrationSource<Migration> {
  return {
    getMigrations: async () => [...MIGRATIONS],
    getMigrationName: (migration) => migration.name,
    getMigration: async (migration) => ({
      up: async (runner) => {
        await withoutTimeouts(dialect, runner);
        for (const statement of migration.statements(dialect)) await runner.raw(statement);
      },
      // versions only go forward: a database is taken back from a backup
      down: async () => undefined,
    }),
  };
}

/** For this transaction: a migration takes as long as it takes, whatever the operator allows a request. */
async function withoutTimeouts(dialect: Dialect, runner: Knex): Promise<void> {
  if (dialect.name === "postgres") await runner.raw("set local statement_timeout = 0; set local lock_timeout = 0");
}

async function latest(runner: Knex, dialect: Dialect): Promise<readonly string[]> {
  const [, names]: [number, string[]] = await runner.migrate.latest({
    tableName: TABLE,
    migrationSource: source(dialect),
  });
  return names;
}

/** Another process may be migrating the same file: what it does is waited for. */
export async function migrateSqlite(runner: Knex): Promise<readonly string[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await latest(runner, SQLITE);
    } catch (error) {
      const busy = /SQLITE_BUSY|already locked|already exists/.test(String(error));
      if (!busy || attempt === SQLITE_ATTEMPTS) throw error;
      await sleep(100);
    }
  }
}

/** Instances that start together migrate one after the other; knex's own lock would make all but one fail. */
export async function migratePostgres(runner: Knex): Promise<readonly string[]> {
  return runner.transaction(async (holder) => {
    await withoutTimeouts(POSTGRES, holder);
    await holder.raw("select pg_advisory_xact_lock(?)", [ADVISORY_LOCK]);
    return latest(runner, POSTGRES);
  });
}

/** Throws unless the database answers and every migration of this version ran. */
export async function checkMigrated(database: Database): Promise<void> {
  const ran = await database.reader
    .all<{ readonly name: string }>(sql`select name from schema_migrations`)
    .catch((error: unknown) => {
      if (/no such table|does not exist/.test(String(error))) return [];
      throw error;
    });
  const names = new Set(ran.map((row) => row.name));
  const missing = MIGRATIONS.filter((migration) => !names.has(migration.name));
  if (missing.length > 0) {
    throw new Error(
      `the database lacks ${missing.length} migrations, \`${missing[0]?.name}\` first: run \`rolecall migrate\``,
    );
  }
}
