import { spawn } from "node:child_process";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { ConnectionId, TenantId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import type { Store } from "../../src/provisioning/ports/store.js";
import { openStore } from "../../src/store/open.js";
import { sql } from "../../src/store/sql.js";
import { openSqlite } from "../../src/store/sqlite.js";
import { conformance } from "./conformance.js";
import { groupDocument, makeWorld, NOW } from "./world.js";

const folders: string[] = [];

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rolecall-store-"));
  folders.push(folder);
  return folder;
}

async function migrated(url: string): Promise<Store> {
  const store = await openStore(url);
  await store.migrate();
  return store;
}

after(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

conformance("SQLite in memory", () => migrated("sqlite::memory:"));
conformance("SQLite in a file", async () => migrated(`sqlite:${join(await freshFolder(), "data", "rolecall.db")}`));

describe("SQLite alone", () => {
  it("is unavailable while its disk is full, with the reason for the operator alone, and takes writes again afterwards", async () => {
    const database = await openSqlite(":memory:");
    const fill = (bytes: number) =>
      database.transaction((db) => db.run(sql`insert into things (name) values (${"x".repeat(bytes)})`));
    await database.transaction((db) => db.run(sql`create table things (name text) strict`));
    await database.reader.all(sql`pragma max_page_count = 100`);
    const failure: unknown = await fill(1_000_000).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(Refusal).and.to.include({ code: "unavailable" });
    expect(failure).to.have.property("cause").with.property("code", "SQLITE_FULL");
    expect(failure).to.have.property("detail").that.deep.equals({});
    await fill(1_000);
    await database.close();
  });

  it("keeps its files from other users of the machine", async () => {
    const folder = join(await freshFolder(), "data");
    const path = join(folder, "rolecall.db");
    const store = await migrated(`sqlite:${path}`);
    await makeWorld(store);
    const modes = await Promise.all(
      [folder, path, `${path}-wal`, `${path}-shm`].map(async (file) => (await stat(file)).mode),
    );
    expect(modes.map((mode) => (mode & 0o777).toString(8))).to.deep.equal(["700", "600", "600", "600"]);
    await store.close();
  });

  it("gives back after opening again what was written before closing", async () => {
    const url = `sqlite:${join(await freshFolder(), "rolecall.db")}`;
    const first = await migrated(url);
    const { tenant } = await makeWorld(first);
    await first.close();
    const second = await openStore(url);
    await second.check();
    expect(await second.migrate()).to.deep.equal([]);
    expect(await second.instance.tenantBySlug(tenant.slug)).to.deep.equal(tenant);
    await second.close();
  });

  it("answers readers of a file while a write is under way", async () => {
    const store = await migrated(`sqlite:${join(await freshFolder(), "rolecall.db")}`);
    const world = await makeWorld(store);
    const seen = await world.write(async (tx) => {
      await tx.insertGroup(world.connection.id, groupDocument("a"), NOW);
      return (await world.read.directoryGroupsList(world.connection.id, { offset: 0, limit: 9 })).rows;
    });
    expect(seen).to.deep.equal([]);
    await store.close();
  });

  it("says that it is not migrated, and that a URL or a file is none of its own", async () => {
    const store = await openStore("sqlite::memory:");
    expect(await store.check().catch(String)).to.match(/lacks \d+ migrations.*run `rolecall migrate`/);
    await store.close();
    expect(await openStore("mysql://x").catch(String)).to.match(/begins with `mysql:`: use `sqlite:\.\/path`/);
    const path = join(await freshFolder(), "text.db");
    await writeFile(path, "this is no database, however long it is ".repeat(40));
    expect(await openStore(`sqlite:${path}`).catch(String)).to.match(/not a database/);
  });

  it("lets two processes' stores migrate and write one file", async () => {
    const url = `sqlite:${join(await freshFolder(), "rolecall.db")}`;
    const stores = await Promise.all([openStore(url), openStore(url)]);
    const ran = await Promise.all(stores.map((store) => store.migrate()));
    expect(ran.filter((names) => names.length > 0)).to.have.length(1);
    const worlds = await Promise.all(stores.map((store) => makeWorld(store)));
    const inserts = worlds.flatMap((world) =>
      Array.from({ length: 20 }, (_, index) =>
        world.write((tx) => tx.insertGroup(world.connection.id, groupDocument(`g${index}`), NOW)),
      ),
    );
    await Promise.all(inserts);
    for (const world of worlds) {
      const { total } = await world.read.directoryGroupsList(world.connection.id, { offset: 0, limit: 0 });
      expect(total).to.equal(20);
    }
    await Promise.all(stores.map((store) => store.close()));
  });

  it("keeps every committed write when the process is killed", async () => {
    const url = `sqlite:${join(await freshFolder(), "rolecall.db")}`;
    const { tenant, committed } = await killedAfter(60, url);
    const store = await openStore(url);
    const connections = await store.read(tenant).connections();
    const id = connections.find((connection) => connection.slug === "main")?.id as ConnectionId;
    const { rows } = await store.read(tenant).directoryGroupsList(id, { offset: 0, limit: 100_000 });
    expect(rows.map((row) => row.resource["displayName"])).to.include.members(committed);
    await store.close();
  });
});

/** Starts the writer, reads what it committed, and kills it in the midst of more. */
function killedAfter(lines: number, url: string): Promise<{ tenant: TenantId; committed: string[] }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL("./writer-to-kill.js", import.meta.url)), url], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.split("\n").length > lines) child.kill("SIGKILL");
    });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (signal !== "SIGKILL") return reject(new Error(`the writer ended by itself: ${code}`));
      const [first = "", ...rest] = said.split("\n").slice(0, -1);
      return resolve({ tenant: Number(first.replace("tenant ", "")) as TenantId, committed: rest });
    });
  });
}
