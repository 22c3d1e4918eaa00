/** SQLite: one writer that commits in groups, a reader beside it, and one for walks; `:memory:` has one connection for all. */
import { mkdir, open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Database as RawDatabase, RunResult, Statement } from "sqlite3";
import { Refusal } from "../model/problem.js";
import { type Database, TransactionSql, translated } from "./database.js";
import { SQLITE } from "./dialect.js";
import { type Knex, knex, SILENT } from "./knex.js";
import { migrateSqlite } from "./migrate.js";
import { type Fragment, type Sql, sendingBy, type Writes } from "./sql.js";
import { SqlitePrograms } from "./sqlite-programs.js";
import { loadStatistics, writeStatistics } from "./sqlite-statistics.js";
import { refuseUnstorable } from "./values.js";
import { WriteQueue } from "./write-queue.js";

const PREPARED_STATEMENTS = 400;
const MEMORY = ":memory:";
const OPENING_ATTEMPTS = 40;
/** 16 MB: a page that many transactions write goes to the database once for all of them. */
const CHECKPOINT_PAGES = 4_000;

/** Runs one thing at a time, in the order of asking. */
class Turns {
  #tail: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}

/**
 * A connection whose statements are prepared once. The caller awaits each before what depends on it: the driver does not order
 * calls on different prepared statements, and `get` would leave a statement open that returns rows.
 */
class SqliteConnection implements Sql {
  readonly turns = new Turns();
  readonly #raw: RawDatabase;
  readonly #prepared = new Map<string, Statement>();
  readonly #programs = new SqlitePrograms(this);

  constructor(raw: RawDatabase) {
    this.#raw = raw;
  }

  all<Row>({ text, values }: Fragment): Promise<readonly Row[]> {
    return this.#call<readonly Row[]>(text, values, (statement, done) => {
      statement.all(values, (error: Error | null, rows: Row[]) => done(error, rows));
    });
  }

  run({ text, values }: Fragment): Promise<number> {
    return this.#call<number>(text, values, (statement, done) => {
      statement.run(values, function (this: RunResult, error: Error | null) {
        done(error, this.changes);
      });
    });
  }

  send(statement: Fragment, must?: Writes): Promise<void> {
    return this.#programs.send(statement, must);
  }

  /** Statements without values, such as those that begin and end transactions. */
  async exec(text: string): Promise<void> {
    if (text.startsWith("rollback")) this.#programs.undone(text === "rollback" ? "transaction" : "job");
    await new Promise<void>((done, fail) => {
      this.#raw.exec(text, (error) => (error === null ? done() : fail(translated(SQLITE, error))));
    });
    if (text === "commit") this.#programs.done("transaction");
    if (text.startsWith("release")) this.#programs.done("job");
  }

  async finalize(): Promise<void> {
    const statements = [...this.#prepared.values()];
    this.#prepared.clear();
    await Promise.all(statements.map((statement) => new Promise<void>((done) => statement.finalize(() => done()))));
  }

  #call<T>(
    text: string,
    values: Fragment["values"],
    start: (statement: Statement, done: (error: Error | null, result: T) => void) => void,
  ): Promise<T> {
    return new Promise((resolvePromise, fail) => {
      for (const value of values) if (typeof value === "string") refuseUnstorable(value);
      start(this.#statement(text, fail), (error, result) => {
        if (error === null) resolvePromise(result);
        else fail(translated(SQLITE, error));
      });
    });
  }

  #statement(text: string, fail: (error: Error) => void): Statement {
    const known = this.#prepared.get(text);
    this.#prepared.delete(text);
    // a statement that cannot be prepared never calls back from `all`: its own callback is the only one to hear of it
    const statement =
      known ??
      this.#raw.prepare(text, (error) => {
        if (error === null) return;
        this.#prepared.delete(text);
        fail(error);
      });
    this.#prepared.set(text, statement);
    if (this.#prepared.size > PREPARED_STATEMENTS) this.#dropOldest();
    return statement;
  }

  #dropOldest(): void {
    for (const [text, statement] of this.#prepared) {
      this.#prepared.delete(text);
      statement.finalize();
      return;
    }
  }
}

interface Opened {
  readonly pool: Knex;
  readonly raw: RawDatabase;
  readonly connection: SqliteConnection;
}

async function connect(filename: string, pragmas: string): Promise<Opened> {
  const pool = knex({
    client: "sqlite3",
    connection: { filename },
    useNullAsDefault: true,
    pool: { min: 1, max: 1 },
    log: SILENT,
  });
  const raw = (await pool.client.acquireConnection()) as RawDatabase;
  const opened = { pool, raw, connection: new SqliteConnection(raw) };
  const settings = `pragma busy_timeout = 5000; pragma foreign_keys = on; pragma temp_store = memory; ${pragmas}`;
  try {
    await whileLocked(() => opened.connection.exec(settings));
  } catch (error) {
    await disconnect(opened);
    throw error;
  }
  return opened;
}

/** Two processes that open a new file at the same time: the switch to WAL does not wait for the other's, whatever `busy_timeout` says. */
async function whileLocked(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === OPENING_ATTEMPTS || !(error instanceof Refusal) || error.code !== "unavailable") throw error;
      await setTimeout(50);
    }
  }
}

async function disconnect({ pool, raw, connection }: Opened): Promise<void> {
  await connection.turns.take(async () => {
    await connection.finalize();
    await pool.client.releaseConnection(raw);
    await pool.destroy();
  });
}

/** Only the service's own user reads the data: the folder is made for it, and the files beside the database take its mode. */
async function prepareFile(path: string): Promise<string> {
  const filename = resolve(path);
  await mkdir(dirname(filename), { recursive: true, mode: 0o700 });
  const file = await open(filename, "a", 0o600);
  await file.close();
  return filename;
}

/** The pool's only connection is held for good, and lent back to knex while it migrates. */
async function migrateWith({ pool, raw, connection }: Opened): Promise<readonly string[]> {
  return connection.turns.take(async () => {
    await pool.client.releaseConnection(raw);
    try {
      return await migrateSqlite(pool);
    } finally {
      await pool.client.acquireConnection();
    }
  });
}

function connectReader(filename: string): Promise<Opened> {
  return connect(filename, "pragma query_only = on; pragma cache_size = -32000;");
}

/**
 * Quick look-ups that wait for the same turn take it together: each of them would wait longer for its thread than it takes.
 * INVARIANT: a turn begins when nothing else runs, so that its statements see everything that was committed before.
 */
function inTurns(connection: SqliteConnection): Sql {
  const waiting: (() => Promise<unknown>)[] = [];
  const together = () => Promise.all(waiting.splice(0).map((begin) => begin()));
  const run = (statement: Fragment) => connection.turns.take(() => connection.run(statement));
  return {
    all: <Row>(statement: Fragment) => {
      if (!statement.quick) return connection.turns.take(() => connection.all<Row>(statement));
      return new Promise<readonly Row[]>((resolve, reject) => {
        waiting.push(() => connection.all<Row>(statement).then(resolve, reject));
        if (waiting.length === 1) void connection.turns.take(together);
      });
    },
    run,
    send: sendingBy(run),
  };
}

async function loadAsReader(connection: SqliteConnection): Promise<void> {
  await connection.exec("pragma query_only = off");
  await loadStatistics(connection);
  await connection.exec("pragma query_only = on");
}

export async function openSqlite(path: string): Promise<Database> {
  const filename = path === MEMORY ? MEMORY : await prepareFile(path);
  // WAL with NORMAL: a commit survives the end of the process at once, and a loss of power from the next checkpoint on
  const writer = await connect(
    filename,
    `pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -32000;
      pragma wal_autocheckpoint = ${CHECKPOINT_PAGES};`,
  );
  const readers = path === MEMORY ? [] : [await connectReader(filename), await connectReader(filename)];
  const [reader = writer, walker = writer] = readers;
  const queue = new WriteQueue(writer.connection, writer.connection.turns);
  return {
    dialect: SQLITE,
    reader: inTurns(reader.connection),
    walker: inTurns(walker.connection),
    transaction: (work) => queue.submit(() => new TransactionSql(writer.connection, "several").during(work)),
    async migrate() {
      const ran = await migrateWith(writer);
      await writer.connection.turns.take(() => writeStatistics(writer.connection));
      for (const { connection } of readers) await connection.turns.take(() => loadAsReader(connection));
      return ran;
    },
    async close() {
      await disconnect(writer);
      for (const one of readers) await disconnect(one);
    },
  };
}
