/** PostgreSQL: a pool, transactions at READ COMMITTED with row locks where the ports ask for them, and retries of what it undid. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Database, TransactionSql, translated } from "./database.js";
import { POSTGRES } from "./dialect.js";
import { type Knex, knex, SILENT } from "./knex.js";
import { migratePostgres } from "./migrate.js";
import { PlannerStatistics } from "./postgres-statistics.js";
import { type Fragment, type Sql, sendingBy } from "./sql.js";
import { refuseUnstorable } from "./values.js";

const POOL = { min: 0, max: 10 };
/** A request rather hears that the database is away than waits. */
const ACQUIRE_MILLIS = 10_000;
const OPTIONS = [
  "default_transaction_isolation=read\\ committed",
  "timezone=UTC",
  // every table is entered by its tenant: a small one is not made to read what a large neighbour has
  "enable_seqscan=off",
];
const ATTEMPTS = 6;
const BACKOFF_MILLIS = 15;

interface Result {
  readonly rows: readonly unknown[];
  readonly rowCount: number | null;
}

/** Values as text of their types' OIDs: 64-bit integers are counts and epoch milliseconds here, and JSON stays text. */
const TYPES = {
  getTypeParser(oid: number): (text: string) => unknown {
    switch (oid) {
      case 16: // boolean
        return (text) => text === "t";
      case 20: // bigint
      case 21: // smallint
      case 23: // integer
      case 700: // real
      case 701: // double precision
      case 1700: // numeric
        return Number;
      default:
        return (text) => text;
    }
  },
};

/**
 * A statement whose plan does not know for which tenant it is. To the planner a tenant or connection that came after its
 * statistics has no rows, so that walking all that it has seems as good as a look-up by key; unknown, it has as many as others.
 */
function forAnyTenant(text: string): string {
  return text
    .replaceAll("tenant_id = ?", "tenant_id = (select cast(? as bigint))")
    .replaceAll("connection_id = ?", "connection_id = (select cast(? as text))");
}

function executor(runner: Knex | Knex.Transaction): Sql {
  const query = async ({ text, values }: Fragment): Promise<Result> => {
    for (const value of values) if (typeof value === "string") refuseUnstorable(value);
    return runner.raw<Result>(forAnyTenant(text), [...values]);
  };
  const run = async (statement: Fragment) => (await query(statement)).rowCount ?? 0;
  return {
    all: async <Row>(statement: Fragment) => (await query(statement)).rows as readonly Row[],
    ...{ run, send: sendingBy(run) },
  };
}

/** The same, with errors as the callers of the store know them. */
function translating(inner: Sql): Sql {
  const fail = (error: unknown): never => {
    throw translated(POSTGRES, error);
  };
  const run = (statement: Fragment) => inner.run(statement).catch(fail);
  return { all: <Row>(statement: Fragment) => inner.all<Row>(statement).catch(fail), run, send: sendingBy(run) };
}

function once<T>(pool: Knex, work: (sql: Sql) => Promise<T>): Promise<T> {
  return pool.transaction((transaction) => new TransactionSql(translating(executor(transaction)), "one").during(work));
}

async function retrying<T>(pool: Knex, work: (sql: Sql) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(pool, work);
    } catch (error) {
      if (attempt === ATTEMPTS || POSTGRES.failure(error) !== "retry") throw translated(POSTGRES, error);
      await sleep(BACKOFF_MILLIS * attempt * (0.5 + Math.random()));
    }
  }
}

export async function openPostgres(url: string): Promise<Database> {
  const pool = knex({
    client: "pg",
    connection: {
      connectionString: url,
      types: TYPES,
      application_name: "rolecall",
      options: OPTIONS.map((option) => `-c ${option}`).join(" "),
    } as Knex.PgConnectionConfig,
    pool: POOL,
    acquireConnectionTimeout: ACQUIRE_MILLIS,
    log: SILENT,
  });
  const reader = translating(executor(pool));
  const statistics = new PlannerStatistics(reader);
  return {
    dialect: POSTGRES,
    reader,
    // a pool has a connection for whoever comes
    walker: reader,
    async transaction(work) {
      const result = await retrying(pool, work);
      statistics.committed();
      return result;
    },
    migrate: () => migratePostgres(pool),
    async close() {
      await statistics.settled();
      await pool.destroy();
    },
  };
}
