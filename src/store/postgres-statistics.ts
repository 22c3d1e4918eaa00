/**
 * Keeps PostgreSQL's planner informed while a database grows fast. Its own daemon looks once a minute; until then it takes
 * every table for a handful of rows and walks a whole tenant where it should look one row up.
 */
import { type Sql, sql, verbatim } from "./sql.js";

const FIRST_LOOK = 16;
const PAGE_BYTES = 8192;

/** Tables that were never analysed, or have doubled since. */
const OUTGROWN = sql`select c.relname as name from pg_class c
  where c.relkind = 'r' and c.relnamespace = cast(current_schema() as regnamespace)
    and pg_relation_size(c.oid) > case when c.reltuples < 0 then 0 else 2 * ${PAGE_BYTES} * greatest(c.relpages, 1) end`;

async function analyseOutgrown(db: Sql): Promise<void> {
  const tables = await db.all<{ readonly name: string }>(OUTGROWN);
  for (const { name } of tables) await db.run(sql`analyze ${verbatim(`"${name.replaceAll('"', '""')}"`)}`);
}

/** Counts commits, and looks at the tables' sizes each time their number has doubled. Never fails, and never makes a writer wait. */
export class PlannerStatistics {
  readonly #db: Sql;
  #commits = 0;
  #next = FIRST_LOOK;
  #looking: Promise<void> = Promise.resolve();

  constructor(db: Sql) {
    this.#db = db;
  }

  committed(): void {
    this.#commits++;
    if (this.#commits < this.#next) return;
    this.#next *= 2;
    // without fresh figures plans are slower, and nothing is wrong
    this.#looking = this.#looking.then(() => analyseOutgrown(this.#db)).catch(() => undefined);
  }

  /** When the look under way is over. */
  settled(): Promise<void> {
    return this.#looking;
  }
}
