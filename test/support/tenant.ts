import { type Opened, openProvisioning } from "../../src/compose.js";
import type { Connection, Tenant } from "../../src/model/connection.js";
import type { DirectoryChange } from "../../src/model/directory.js";
import type { DirectoryGroupId, DirectoryUserId, UserId } from "../../src/model/ids.js";
import type { HeldReason, PersonState } from "../../src/model/person.js";
import type { Run } from "../../src/model/plan.js";
import { targetLabel } from "../../src/model/target.js";
import { loadConfig } from "../../src/platform/config.js";
import { createLogger } from "../../src/platform/log.js";
import { type ConnectionInput, createConnection } from "../../src/provisioning/connections.js";
import type { Context, Provisioning } from "../../src/provisioning/deps.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { push } from "../../src/provisioning/push.js";
import { startWorker, type Worker } from "../../src/provisioning/runs/worker.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { createTenant, type TenantInput } from "../../src/provisioning/tenants.js";
import { scimGroup, scimUser, signInOf } from "./people.js";

export const ADMIN: Context = { actor: { kind: "operator" }, door: "admin" };
export const IDP: Context = { actor: { kind: "scim_token" }, door: "scim" };

/** Provisioning over a real database, without the web: for tests of use cases. */
export interface TenantInTest {
  readonly p: Provisioning;
  readonly worker: Worker;
  tenant(): Promise<Tenant>;
  connection(slug: string): Promise<Connection>;
  connect(input: ConnectionInput): Promise<Connection>;
  mapping(document: unknown, options?: Parameters<typeof saveMapping>[3]): ReturnType<typeof saveMapping>;
  /** Pushes a user; answers with the SCIM id. */
  pushUser(
    slug: string,
    userName: string,
    more?: Parameters<typeof scimUser>[1] & { id?: string },
  ): Promise<DirectoryUserId>;
  pushGroup(slug: string, name: string, members?: readonly DirectoryUserId[]): Promise<DirectoryGroupId>;
  change(slug: string, ...changes: readonly DirectoryChange[]): ReturnType<typeof push>;
  signIn(slug: string, subject: string, more?: Parameters<typeof signInOf>[1]): ReturnType<typeof signIn>;
  /** What a user holds, as labels in order; `deactivated` and `nobody` in words. */
  holds(userName: string): Promise<readonly string[] | "deactivated" | "nobody">;
  userId(userName: string): Promise<UserId>;
  /** The access ledger's state of a person, also of one whom nobody has registered yet. */
  person(userName: string): Promise<PersonState>;
  /** People in the connection's open held run, by user name, with the reason. */
  held(slug: string): Promise<Readonly<Record<string, HeldReason>>>;
  heldRun(slug: string): Promise<Run>;
  /** Waits until nothing is left to do. */
  settled(): Promise<void>;
}

/** A tenant on a database of its own. */
export interface TestTenant extends TenantInTest {
  close(): Promise<void>;
}

export interface TestDatabaseOptions {
  readonly databaseUrl?: string;
  /** Changes what provisioning was made of, for instance its clock. */
  readonly with?: (p: Provisioning) => Provisioning;
  /** The same for the worker alone. */
  readonly withWorker?: (p: Provisioning) => Provisioning;
}

/** Provisioning and its worker over one database; each test makes tenants of its own. */
export interface TestDatabase {
  readonly p: Provisioning;
  readonly worker: Worker;
  tenant(input?: Partial<TenantInput>): Promise<TenantInTest>;
  close(): Promise<void>;
}

export async function openDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const same = (p: Provisioning) => p;
  const { databaseUrl = "sqlite::memory:", with: change = same, withWorker: changeWorker = same } = options;
  const config = loadConfig({
    ROLECALL_DATABASE_URL: databaseUrl,
    ROLECALL_OPERATOR_TOKEN: "rco_test",
    ROLECALL_SECRET_KEY: Buffer.alloc(32, 7).toString("base64"),
  });
  const opened: Opened = await openProvisioning(
    // A busy machine must not turn what a push does before it answers into what the worker does later.
    { ...config, worker: { pollMilliseconds: 20 }, sync: { ...config.sync, inlineMilliseconds: 30_000 } },
    createLogger("silent"),
  );
  const p = change(opened.p);
  const worker = startWorker(changeWorker(p));
  opened.onWake(worker.wake);
  let tenants = 0;
  return {
    p,
    worker,
    async tenant(input = {}) {
      const slug = input.slug ?? `acme-${++tenants}`;
      const { id } = await createTenant(p, { name: "Acme", ...input, slug }, ADMIN);
      return testTenant(p, worker, slug, id);
    },
    async close() {
      await worker.stop();
      await opened.close();
    },
  };
}

/** One tenant on a database of its own; its `close` closes both. */
export async function openTenant(options: TestDatabaseOptions & Partial<TenantInput> = {}): Promise<TestTenant> {
  const { databaseUrl, with: change, withWorker, ...input } = options;
  const database = await openDatabase({
    ...(databaseUrl && { databaseUrl }),
    ...(change && { with: change }),
    ...(withWorker && { withWorker }),
  });
  return { ...(await database.tenant({ slug: "acme", ...input })), close: database.close };
}

/** Nothing is left to do for the tenant: no mark, no run, nothing due, no event that waits for its place. */
export async function isSettled(p: Provisioning, id: Tenant["id"]): Promise<boolean> {
  const reader = p.store.read(id);
  if ((await p.store.instance.tenantsWithWork(p.now(), 1000)).includes(id)) return false;
  const open = (await reader.runs({ limit: 100 })).items.filter((run) => /queued|running/.test(run.status));
  const people = await reader.people(await reader.peopleIds({ limit: 1000 }));
  const { activeVersion } = await reader.tenantNow();
  // Whom the worker is at has no work that is due, and may be behind without a mark.
  const isDone = ({ dirty, reconciledVersion }: PersonState) => !dirty && reconciledVersion >= activeVersion;
  return open.length === 0 && people.every(isDone);
}

function testTenant(p: Provisioning, worker: Worker, slug: string, id: Tenant["id"]): TenantInTest {
  const reader = p.store.read(id);
  const tenant = async () => {
    const found = await p.store.instance.tenantBySlug(slug);
    if (!found) throw new Error("the test's tenant is gone");
    return found;
  };
  const connection = async (name: string) => {
    const found = await reader.connectionBySlug(name);
    if (!found) throw new Error(`no connection ${name}`);
    return found;
  };
  const change: TenantInTest["change"] = async (name, ...changes) =>
    push(p, { tenant: await tenant(), connection: await connection(name), changes, context: IDP });
  const find = async (userName: string) => {
    const listed = (await reader.users({ userName, limit: 2 })).items.find((user) => user.userName === userName);
    return listed && reader.user(listed.id);
  };
  return {
    p,
    worker,
    tenant,
    connection,
    change,
    connect: async (input) => createConnection(p, await tenant(), input, ADMIN),
    mapping: async (document, options = {}) => saveMapping(p, await tenant(), JSON.stringify(document), options, ADMIN),
    async pushUser(name, userName, more = {}) {
      const document = scimUser(userName, more);
      const id = more.id === undefined ? {} : { id: more.id as DirectoryUserId };
      const { rows } = await change(name, { kind: "upsertUser", ...id, document });
      return rows[0]?.id as DirectoryUserId;
    },
    async pushGroup(name, displayName, members = []) {
      const { rows } = await change(name, { kind: "upsertGroup", document: scimGroup(displayName), members });
      return rows[0]?.id as DirectoryGroupId;
    },
    signIn: async (name, subject, more = {}) =>
      signIn(p, { tenant: await tenant(), connection: await connection(name), observed: signInOf(subject, more) }),
    async holds(userName) {
      const user = await find(userName);
      if (!user) return "nobody";
      return user.status === "deactivated" ? "deactivated" : user.assignments.map(targetLabel).sort();
    },
    async userId(userName) {
      const user = await find(userName);
      if (!user) throw new Error(`no user ${userName}`);
      return user.id;
    },
    async person(userName) {
      const people = await reader.people(await reader.peopleIds({ limit: 1000 }));
      const found = people.find((person) => person.userName === userName);
      if (!found) throw new Error(`no person ${userName}`);
      return found;
    },
    async held(name) {
      const run = await reader.heldRun((await connection(name)).id);
      const people = run ? await reader.heldPeople(run.id, { afterSeq: 0, limit: 1000 }) : [];
      return Object.fromEntries(people.map((one) => [one.userName, one.reason]));
    },
    async heldRun(name) {
      const run = await reader.heldRun((await connection(name)).id);
      if (!run) throw new Error(`nobody is held at ${name}`);
      return run;
    },
    async settled() {
      for (;;) {
        worker.wake();
        if (await isSettled(p, id)) return;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}
