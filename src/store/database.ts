/** What the store's files ask of an open database, whichever it is. */
import { Refusal } from "../model/problem.js";
import type { Dialect } from "./dialect.js";
import type { Fragment, Sql, Writes } from "./sql.js";
import { unstorable } from "./values.js";

export interface Database {
  readonly dialect: Dialect;
  /** Outside transactions: sees what is committed. */
  readonly reader: Sql;
  /** The same for what reads much: nobody else waits behind it. */
  readonly walker: Sql;
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
  if (failure === "unavailable") {
    const refusal = new Refusal("unavailable", "the database is busy or away: retry in a moment");
    refusal.cause = error;
    return refusal;
  }
  return failure === "unstorable" ? unstorable() : error;
}

const NOT_AWAITED = "a call of the writer outlives its `write`: await every call inside it";

/**
 * A transaction's statements until it is over: where the driver takes several at a time, those that are asked for without awaiting
 * one another go to it together, else one after the other.
 * INVARIANT: nothing runs after it is over, and it is neither committed nor rolled back with a call half done.
 */
export class TransactionSql implements Sql {
  readonly #inner: Sql;
  readonly #together: boolean;
  #tail: Promise<unknown> = Promise.resolve();
  #pending = 0;
  #open = true;

  constructor(inner: Sql, takes: "several" | "one") {
    this.#inner = inner;
    this.#together = takes === "several";
  }

  all<Row>(statement: Fragment): Promise<readonly Row[]> {
    return this.#next(() => this.#inner.all<Row>(statement));
  }

  run(statement: Fragment): Promise<number> {
    return this.#next(() => this.#inner.run(statement));
  }

  send(statement: Fragment, must?: Writes): Promise<void> {
    return this.#next(() => this.#inner.send(statement, must));
  }

  /** Runs the work with this, and ends with it. */
  async during<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    try {
      const value = await work(this);
      if (this.#pending > 0) throw new Error(NOT_AWAITED);
      return value;
    } finally {
      this.#open = false;
      await this.#tail;
    }
  }

  #next<T>(statement: () => Promise<T>): Promise<T> {
    if (!this.#open) return Promise.reject(new Error(NOT_AWAITED));
    const begin = (): Promise<T> => (this.#open ? statement() : Promise.reject(new Error(NOT_AWAITED)));
    const result = this.#together || this.#pending === 0 ? statement() : this.#tail.then(begin);
    this.#pending++;
    const settle = (): void => {
      this.#pending--;
    };
    const before = this.#tail;
    const settled = result.then(settle, settle);
    this.#tail = this.#together ? settled.then(() => before) : settled;
    return result;
  }
}
