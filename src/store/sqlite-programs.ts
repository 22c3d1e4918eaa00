/** Statements that are sent at the same time, as one: each handing over to the driver costs more than most of what is handed over. */
import { Fragment, type Sql, sendingBy, type Writes } from "./sql.js";

interface Sent {
  readonly statement: Fragment;
  readonly must: Writes | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

type Connection = Pick<Sql, "run"> & { exec(text: string): Promise<void> };

/** Of one connection; past them, statements run one by one. */
const MOST_PROGRAMS = 200;
/** What a program says of the first statement that did not write what it must. */
const MISSED = /\bmissed (\d+)$/;

/**
 * A program is a trigger of a view that nobody reads: an insert into the view runs all statements of the trigger with the values
 * that it inserts. INVARIANT: what any of them fails with undoes them all, as the failing transaction does.
 */
export class SqlitePrograms {
  readonly #connection: Connection;
  readonly #alone: Sql["send"];
  /** Inserts by the statements that they run. */
  readonly #inserts = new Map<string, string>();
  /** Those made in the present transaction, and of them those made in its present job: undone with it. */
  readonly #fresh = { transaction: new Set<string>(), job: new Set<string>() };
  #made = 0;
  #sent: Sent[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#alone = sendingBy((statement) => connection.run(statement));
  }

  send(statement: Fragment, must?: Writes): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sent.push({ statement, must, resolve, reject });
      if (this.#sent.length === 1) process.nextTick(() => void this.#sendAll());
    });
  }

  /** To be called once it is done: a commit that fails undoes what was made. */
  done(what: "transaction" | "job"): void {
    this.#fresh.job.clear();
    if (what === "transaction") this.#fresh.transaction.clear();
  }

  undone(what: "transaction" | "job"): void {
    for (const text of this.#fresh[what]) this.#inserts.delete(text);
    this.done(what);
  }

  async #sendAll(): Promise<void> {
    const sent = this.#sent;
    this.#sent = [];
    try {
      await this.#run(sent);
    } catch (error) {
      for (const { reject } of sent) reject(error);
      return;
    }
    for (const { resolve } of sent) resolve();
  }

  async #run(sent: readonly Sent[]): Promise<void> {
    const insert = sent.length > 1 ? await this.#insertFor(sent) : undefined;
    if (insert === undefined) {
      for (const { statement, must } of sent) await this.#alone(statement, must);
      return;
    }
    const values = sent.flatMap(({ statement, must }) => [...statement.values, ...(must ? [must.rows] : [])]);
    try {
      await this.#connection.run(new Fragment(insert, values));
    } catch (error) {
      const missed = error instanceof Error ? MISSED.exec(error.message)?.[1] : undefined;
      throw (missed !== undefined && sent[Number(missed)]?.must?.otherwise()) || error;
    }
  }

  async #insertFor(sent: readonly Sent[]): Promise<string | undefined> {
    const text = programOf(sent);
    const known = this.#inserts.get(text);
    if (known !== undefined || this.#inserts.size >= MOST_PROGRAMS) return known;
    const name = `program_${++this.#made}`;
    const count = sent.reduce((sum, { statement, must }) => sum + statement.values.length + (must ? 1 : 0), 0);
    const columns = Array.from({ length: count }, (_, at) => `p${at}`);
    const nothing = columns.map(() => "null").join(", ");
    await this.#connection.exec(
      `create temp view ${name} (${columns.join(", ")}) as select ${nothing};
      create temp trigger run_${name} instead of insert on ${name} begin ${text} end`,
    );
    const insert = `insert into ${name} values (${columns.map(() => "?").join(", ")})`;
    this.#inserts.set(text, insert);
    this.#fresh.transaction.add(text);
    this.#fresh.job.add(text);
    return insert;
  }
}

/** The statements with their values as columns of the row that is inserted. */
function programOf(sent: readonly Sent[]): string {
  let at = 0;
  const next = (): string => `new.p${at++}`;
  return sent
    .map(({ statement, must }, index) => {
      const text = `${statement.text.replace(/\?/g, next)};`;
      if (must === undefined) return text;
      return `${text} select raise(abort, 'missed ${index}') where changes() <> ${next()};`;
    })
    .join(" ");
}
