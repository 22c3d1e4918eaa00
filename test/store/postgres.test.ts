import { setImmediate } from "node:timers/promises";
import { expect } from "chai";
import type { TenantWriter } from "../../src/provisioning/ports/store.js";
import { openStore } from "../../src/store/open.js";
import { openPostgres } from "../../src/store/postgres.js";
import { sql, verbatim } from "../../src/store/sql.js";
import { conformance } from "./conformance.js";
import { postgresUrl } from "./postgres-server.js";
import { expectRefusal, groupDocument, LATER, MUCH_LATER, makeWorld, NOW, register, userDocument } from "./world.js";

/** The advisory lock of migrations. */
const MIGRATORS = 7_265_118_804;

conformance("PostgreSQL", async () => {
  const store = await openStore(await postgresUrl());
  await store.migrate();
  return store;
});

describe("PostgreSQL alone", () => {
  it("lets instances that start together migrate one database", async () => {
    const url = await postgresUrl();
    const stores = await Promise.all([1, 2, 3, 4].map(() => openStore(url)));
    try {
      const ran = await Promise.all(stores.map((store) => store.migrate()));
      expect(ran.filter((names) => names.length > 0)).to.have.length(1);
      await Promise.all(stores.map((store) => store.check()));
    } finally {
      await Promise.all(stores.map((store) => store.close()));
    }
  });

  it("loses nothing when two instances write to one group and one user", async () => {
    const url = await postgresUrl();
    const [first, second] = [await openStore(url), await openStore(url)];
    try {
      await first.migrate();
      const world = await makeWorld(first);
      const { connection, tenant } = world;
      const ann = await world.push("ann");
      const group = await world.group("Eng");
      const people = [];
      for (let index = 0; index < 20; index++) people.push(await world.push(`p${index}`));
      await Promise.all(
        people.map(({ row }, index) =>
          (index % 2 === 0 ? first : second).write(tenant.id, async (tx) => {
            await tx.markDirty([ann.user], "facts", NOW);
            await tx.addMembers(group, [row], NOW);
            await tx.updateScim(connection.id, ann.row, userDocument("ann"), undefined, NOW);
          }),
        ),
      );
      expect((await second.read(tenant.id).directoryGroup(connection.id, group))?.memberCount).to.equal(20);
      expect((await second.read(tenant.id).people([ann.user]))[0]?.factsVersion).to.equal(20);
      expect((await second.read(tenant.id).directoryUser(connection.id, ann.row))?.version).to.equal(21);
    } finally {
      await Promise.all([first.close(), second.close()]);
    }
  });

  it("runs the work again when the database undid it for a deadlock", async () => {
    const store = await openStore(await postgresUrl());
    try {
      await store.migrate();
      const world = await makeWorld(store);
      const [a, b] = [await world.group("a"), await world.group("b")];
      let attempts = 0;
      let holding = 0;
      let arrived: () => void = () => undefined;
      const both = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const cross = (own: typeof a, other: typeof a) =>
        world.write(async (tx) => {
          const isFirst = ++attempts <= 2;
          await tx.touchGroup(own, NOW);
          if (++holding === 2) arrived();
          if (isFirst) await both;
          await tx.touchGroup(other, NOW);
        });
      await Promise.all([cross(a, b), cross(b, a)]);
      expect(attempts).to.be.greaterThan(2);
      const versions = [a, b].map(async (id) => (await world.read.directoryGroup(world.connection.id, id))?.version);
      expect(await Promise.all(versions)).to.deep.equal([3, 3]);
    } finally {
      await store.close();
    }
  });

  for (const first of ["opens", "ends"] as const) {
    it(`keeps no session alive that its provider ends while it is opened, where who ${first} it is first`, async () => {
      const url = await postgresUrl();
      const [store, watcher] = [await openStore(url), await openPostgres(url)];
      try {
        await store.migrate();
        const world = await makeWorld(store);
        const { id: connection } = world.connection;
        const { user } = await world.push("ann");
        await register(world, [user]);
        const names = { subject: "sub" };
        const ended = [{ marks: ["a mark"], after: NOW }];
        const session = { hash: "hash", user, connection, ...names, epoch: 0, expiresAt: MUCH_LATER, ended };
        const open = (tx: TenantWriter): Promise<unknown> => tx.insertSession(session, NOW);
        const end = async (tx: TenantWriter): Promise<unknown> => {
          await tx.markUntil(connection, "a mark", LATER);
          return tx.endIdpSessions(connection, names, NOW);
        };
        const [former, latter] = first === "opens" ? [open, end] : [end, open];
        let isOver = false;
        let other: Promise<unknown> = Promise.resolve();
        await world.write(async (tx) => {
          await former(tx);
          other = world.write(latter).finally(() => {
            isOver = true;
          });
          const waits = async () =>
            (await watcher.reader.all(sql`select 1 from pg_locks where not granted`)).length > 0;
          while (!isOver && !(await waits())) await setImmediate();
        });
        await other;
        expect(await store.instance.sessionByHash("hash")).to.equal(undefined);
      } finally {
        await Promise.all([store.close(), watcher.close()]);
      }
    });
  }

  it("says that the database is away, to readers, writers and checks", async () => {
    const store = await openStore("postgres://nobody:x@127.0.0.1:1/none");
    await expectRefusal(store.instance.tenantBySlug("x"), "unavailable");
    const tenant = { slug: "x", name: "x", domains: [], seats: null, scim: true };
    await expectRefusal(store.instance.createTenant(tenant, NOW), "unavailable");
    expect(await store.check().catch(String)).to.match(/unavailable|away/);
    await store.close();
  });

  it("takes a statement that the operator's time ended for a busy database, and migrates without such a time", async () => {
    const url = await postgresUrl();
    const name = new URL(url).pathname.slice(1);
    // open before the time is set, and so without one
    const other = await openPostgres(url);
    await other.reader.run(sql`alter database ${verbatim(name)} set statement_timeout = '1s'`);
    const database = await openPostgres(url);
    try {
      let holds: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        holds = resolve;
      });
      const migrator = other.transaction(async (tx) => {
        await tx.all(sql`select pg_advisory_xact_lock(${MIGRATORS})`);
        holds();
        await tx.all(sql`select pg_sleep(2)`);
      });
      await held;
      expect(await database.migrate()).not.to.deep.equal([]);
      await migrator;
      await expectRefusal(database.reader.all(sql`select pg_sleep(60)`), "unavailable");
      await expectRefusal(
        database.transaction((tx) => tx.run(sql`select pg_sleep(60)`)),
        "unavailable",
      );
    } finally {
      await other.close();
      await database.close();
    }
  });

  it("says that it is not migrated, and what to do", async () => {
    const store = await openStore(await postgresUrl());
    try {
      const said = await store.check().catch(String);
      expect(said).to.match(/lacks \d+ migrations.*run `rolecall migrate`/);
    } finally {
      await store.close();
    }
  });

  it("keeps a transaction usable after a refused insert or rename inside it", async () => {
    const store = await openStore(await postgresUrl());
    try {
      await store.migrate();
      const world = await makeWorld(store);
      await world.push("ann");
      const bob = await world.push("bob");
      await world.write(async (tx) => {
        const user = await tx.insertPendingUser({ userName: "ann" }, NOW);
        const row = {
          connection: world.connection.id,
          user,
          linkedBy: "created",
          scim: userDocument("ann"),
          userName: "ann",
        };
        expect(await tx.insertUserRow(row, NOW).catch((error: { code: string }) => error.code)).to.equal("uniqueness");
        const rename = tx.updateScim(world.connection.id, bob.row, userDocument("ann"), undefined, NOW);
        expect(await rename.catch((error: { code: string }) => error.code)).to.equal("uniqueness");
        await tx.insertGroup(world.connection.id, groupDocument("Eng"), NOW);
      });
      const list = await world.read.directoryGroupsList(world.connection.id, { offset: 0, limit: 9 });
      expect(list.rows).to.have.length(1);
    } finally {
      await store.close();
    }
  });
});
