import { expect } from "chai";
import type { Database } from "../../src/store/database.js";
import { type Sql, sql } from "../../src/store/sql.js";
import { openSqlite } from "../../src/store/sqlite.js";

interface Row {
  readonly id: number;
  readonly name: string | null;
}

describe("statements that are sent together on SQLite", () => {
  let database: Database;
  const rows = () => database.reader.all<Row>(sql`select id, name from things order by id`);
  const insert = (db: Sql, id: number, name: string | null) =>
    db.send(sql`insert into things (id, name) values (${id}, ${name})`);

  beforeEach(async () => {
    database = await openSqlite(":memory:");
    await database.transaction((db) => db.run(sql`create table things (id integer primary key, name text) strict`));
  });
  afterEach(() => database.close());

  it("run in the order of sending, each with its own values", async () => {
    for (const name of ["a", 'it\'s "b"; ?']) {
      await database.transaction((db) =>
        Promise.all([
          db.send(sql`delete from things`),
          insert(db, 1, name),
          insert(db, 2, null),
          db.send(sql`update things set name = name || ${"!"}, id = id + ${10} where id = ${1} and ${true}`),
        ]),
      );
      expect(await rows()).to.deep.equal([
        { id: 2, name: null },
        { id: 11, name: `${name}!` },
      ]);
    }
  });

  it("tell which of them did not write what it must, and leave nothing of all behind", async () => {
    const overtaken = new Error("overtaken");
    const seatless = new Error("seatless");
    const one = (otherwise: () => Error) => ({ rows: 1, otherwise });
    const attempt = (id: number) =>
      database.transaction((db) =>
        Promise.all([
          insert(db, 5, "kept"),
          db.send(
            sql`update things set name = ${"x"} where id = 5`,
            one(() => overtaken),
          ),
          db.send(
            sql`update things set name = ${"y"} where id = ${id}`,
            one(() => seatless),
          ),
        ]),
      );
    for (let round = 0; round < 2; round++) {
      const failure = await attempt(9).catch((error: unknown) => error);
      expect(failure).to.equal(seatless);
      expect(await rows()).to.deep.equal([]);
    }
    await attempt(5);
    expect(await rows()).to.deep.equal([{ id: 5, name: "y" }]);
  });

  it("fail as they would alone, and work again after the transaction that first sent them was undone", async () => {
    const both = (first: number, second: number) =>
      database.transaction((db) => Promise.all([insert(db, first, "a"), insert(db, second, "b")]));
    for (let round = 0; round < 2; round++) {
      const failure: unknown = await both(1, 1).catch((error: unknown) => error);
      expect(failure).to.have.property("code", "conflict");
      expect(await rows()).to.deep.equal([]);
    }
    await both(1, 2);
    await both(3, 4);
    expect(await rows()).to.have.length(4);
  });

  it("work again after a commit that failed", async () => {
    await database.transaction((db) =>
      db.run(sql`create table parts (thing integer references things (id) deferrable initially deferred)`),
    );
    const both = (first: number, part: number) =>
      database.transaction((db) =>
        Promise.all([insert(db, first, "a"), db.send(sql`insert into parts (thing) values (${part})`)]),
      );
    for (let round = 0; round < 2; round++) {
      const failure: unknown = await both(1, 7).catch((error: unknown) => error);
      expect(failure).to.have.property("message").that.includes("refers to");
      expect(await rows()).to.deep.equal([]);
    }
    await both(1, 1);
    expect(await rows()).to.deep.equal([{ id: 1, name: "a" }]);
  });

  it("are made once, however many other transactions of their commits fail", async () => {
    const both = (first: number, second: number) =>
      database.transaction((db) => Promise.all([insert(db, first, "a"), insert(db, second, "b")]));
    for (let round = 0; round < 5; round++) {
      const at = round * 10;
      const outcomes = await Promise.allSettled([both(at, at + 1), both(at, at), both(at + 2, at + 3)]);
      expect(outcomes.map(({ status }) => status)).to.deep.equal(["fulfilled", "rejected", "fulfilled"]);
    }
    const views = await database.transaction((db) =>
      db.all(sql`select name from sqlite_temp_schema where type = 'view'`),
    );
    expect(views).to.have.length(1);
  });

  it("are not lost to another transaction of the same commit that fails", async () => {
    const both = (first: number, second: number) =>
      database.transaction((db) => Promise.all([insert(db, first, "a"), insert(db, second, "b")]));
    const outcomes = await Promise.allSettled([both(1, 2), both(2, 3), both(3, 4)]);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(["fulfilled", "rejected", "fulfilled"]);
    expect((await rows()).map(({ id }) => id)).to.deep.equal([1, 2, 3, 4]);
  });
});
