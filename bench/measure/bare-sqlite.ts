/** The sqlite3 driver and nothing else: what every figure about the database is held against. */
import { once } from "node:events";
import sqlite3 from "sqlite3";

type Values = readonly (string | number | null)[];

export interface BareSqlite {
  all<Row>(statement: string, values?: Values): Promise<readonly Row[]>;
  run(statement: string, values?: Values): Promise<void>;
  exec(statements: string): Promise<void>;
  close(): Promise<void>;
}

/** Statements are prepared once; the caller awaits each before the next. */
export async function openBareSqlite(path: string): Promise<BareSqlite> {
  const database = new sqlite3.Database(path);
  await once(database, "open");
  const prepared = new Map<string, sqlite3.Statement>();
  const prepare = (text: string): sqlite3.Statement => {
    const known = prepared.get(text) ?? database.prepare(text);
    prepared.set(text, known);
    return known;
  };
  return {
    all: <Row>(text: string, values: Values = []) =>
      new Promise<readonly Row[]>((done, fail) => {
        prepare(text).all<Row>([...values], (error, rows) => (error ? fail(error) : done(rows)));
      }),
    run: (text, values = []) =>
      new Promise<void>((done, fail) => {
        prepare(text).run([...values], (error) => (error ? fail(error) : done()));
      }),
    exec: (statements) =>
      new Promise<void>((done, fail) => {
        database.exec(statements, (error) => (error ? fail(error) : done()));
      }),
    async close() {
      const all = [...prepared.values()];
      await Promise.all(all.map((one) => new Promise<void>((done) => void one.finalize(() => done()))));
      await new Promise<void>((done, fail) => {
        database.close((error) => (error ? fail(error) : done()));
      });
    },
  };
}
