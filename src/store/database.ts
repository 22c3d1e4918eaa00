/** What the store's files ask of an open database, whichever it is. */
import { Refusal } from "../model/problem.js";
import type { Dialect } from "./dialect.js";
import type { Fragment, Sql } from "./sql.js";
import { unstorable } from "./values.js";

export interface Database {
  readonly dialect: Dialect;
  /** Outside transactions: sees what is committed. */
  readonly reader: Sql;
  /** Commits what `work` did, or nothing of it when it throws. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** Names of the migrations that ran. */
  migrate(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A driver's error as a refusal where the caller is at fault, else as it is. */
export function translated(dialect: Dialect, error: unknown): unknown {
  const failure = dialect.failure(error);
  if (failure === "unique")
    return new Refusal("conflict", "a row with the same key was written first: read again, then retry");
  if (failure === "foreign_key") return new Refusal("not_found", "something that this refers to does not exist");
  return failure === "unstorable" ? unstorable() : error;
}

/**
 * A transaction's statements, one after the other in the order they were asked for, until it is closed.
 * INVARIANT: nothing runs after `close`: a caller that forgot to await would otherwise write into another transaction.
 */
export class TransactionSql implements Sql {
  readonly #inner: Sql;
  #tail: Promise<unknown> = Promise.resolve();
  #open = true;

  constructor(inner: Sql) {
    this.#inner = inner;
  }

  all<Row>(statement: Fragment): Promise<readonly Row[]> {
    return this.#next(() => this.#inner.all<Row>(statement));
  }

  run(statement: Fragment): Promise<number> {
    return this.#next(() => this.#inner.run(statement));
  }

  /** Waits for the statement under way; those still behind it are refused. */
  async close(): Promise<void> {
    this.#open = false;
    await this.#tail;
  }

  #next<T>(statement: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(() => {
      if (!this.#open) throw new Error("the transaction has ended: await every call of a writer inside `write`");
      return statement();
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }
}
