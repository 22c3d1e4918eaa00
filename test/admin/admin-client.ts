/** The admin API as a program calls it, over HTTP, with what its tests set up again and again. */
import { expect } from "chai";
import request from "supertest";
import type { Config } from "../../src/platform/config.js";
import { compileSchema } from "../../src/platform/schemas.js";
import { postgresUrl } from "../store/postgres-server.js";
import { startService, type TestService } from "../support/service.js";

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The JSON of the answer; tests know what they read. */
  readonly body: Record<string, unknown> & { readonly items?: readonly Record<string, unknown>[] };
}

export interface CallOptions {
  readonly body?: unknown;
  /** Sent as it is, as JSON. */
  readonly text?: string;
  /** `null`: no Authorization header. The operator's when absent. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface AdminClient {
  readonly service: TestService;
  readonly log: readonly string[];
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  get(path: string, options?: CallOptions): Promise<Reply>;
  post(path: string, body?: unknown, options?: CallOptions): Promise<Reply>;
  /** The run that an answer tells of, once it is over. */
  finished(tenant: string, reply: Reply): Promise<Reply>;
  /** Types in the event feed, once these are among them: the worker publishes what a request has written. */
  published(tenant: string, ...types: readonly string[]): Promise<readonly unknown[]>;
  /** A tenant of its own; answers with the path of it. */
  tenant(more?: object): Promise<string>;
  /** The secret of a new API key of the tenant at this path. */
  key(tenant: string, ...scopes: readonly string[]): Promise<string>;
  /** A SCIM connection that is live, with these people; answers with how to push to it. */
  directory(tenant: string, ...people: readonly string[]): Promise<Directory>;
  close(): Promise<void>;
}

export interface Directory {
  readonly connection: string;
  readonly token: string;
  /** SCIM ids by userName. */
  readonly ids: ReadonlyMap<string, string>;
  scim(method: string, path: string, body?: unknown): Promise<Reply>;
  /** Pushes a person; answers with their SCIM id. */
  push(userName: string, more?: object): Promise<string>;
  /** Pushes a group with these people in it. */
  group(name: string, ...members: readonly string[]): Promise<string>;
  deactivate(userName: string): Promise<void>;
}

/** A worker that is soon back, for tests that wait for it. */
export function quickWorker(config: Config): Config {
  return { ...config, worker: { pollMilliseconds: 20 } };
}

/** A brake that lets one deactivation pass. */
export function tightBrake(config: Config): Config {
  const brake = { ...config.brake, deactivationsFloor: 1, deactivationsShare: 0, dripPerHour: 0 };
  return { ...quickWorker(config), brake };
}

/** Each database that the service runs on, as the URL of an empty one. */
export const DATABASES: readonly (readonly [name: string, newUrl: () => Promise<string>])[] = [
  ["SQLite", async () => "sqlite::memory:"],
  ["PostgreSQL", postgresUrl],
];

export async function openAdmin(
  settings: (config: Config) => Config = (config) => config,
  databaseUrl = "sqlite::memory:",
): Promise<AdminClient> {
  const log: string[] = [];
  const service = await startService({ settings, databaseUrl, log: { write: (line) => void log.push(line) } });
  let made = 0;
  const call: AdminClient["call"] = async (method, path, options = {}) => {
    const { token = service.operatorToken, headers = {} } = options;
    const text = options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const sent = request(service.url)[methodOf(method)](path).redirects(0);
    if (token !== null) void sent.set("authorization", `Bearer ${token}`);
    if (text !== undefined) void sent.set("content-type", "application/json");
    const { status, headers: received, text: answered = "", body } = await sent.set(headers).send(text);
    return { status, headers: received, text: answered, body: body ?? {} };
  };
  const post: AdminClient["post"] = (path, body, options) =>
    call("POST", path, { ...options, ...(body === undefined ? {} : { body }) });
  return {
    service,
    log,
    call,
    post,
    get: (path, options) => call("GET", path, options),
    finished: (tenant, reply) => call("GET", `${tenant}/runs/${runOf(reply)}?wait=30`),
    async published(tenant, ...types) {
      for (let left = 500; ; left--) {
        const { body } = await call("GET", `${tenant}/events?limit=1000`);
        const found = body.items?.map(({ type }) => type) ?? [];
        if (left === 0 || types.every((type) => found.includes(type))) return found;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async tenant(more = {}) {
      made += 1;
      const slug = `tenant-${made}`;
      const reply = await post("/api/v1/tenants", { slug, name: `Tenant ${made}`, ...more });
      expect(reply.status, reply.text).to.equal(201);
      return `/api/v1/tenants/${slug}`;
    },
    async key(tenant, ...scopes) {
      const reply = await post(`${tenant}/api-keys`, { name: scopes.join(), scopes });
      expect(reply.status, reply.text).to.equal(201);
      return String(reply.body["key"]);
    },
    directory: (tenant, ...people) => openDirectory({ call, post }, tenant, people),
    close: () => service.close(),
  };
}

async function openDirectory(
  { call, post }: Pick<AdminClient, "call" | "post">,
  tenant: string,
  people: readonly string[],
): Promise<Directory> {
  const connection = `${tenant}/connections/okta`;
  const made = await post(`${tenant}/connections`, { slug: "okta", protocol: "scim", profile: "okta", sync: "live" });
  expect(made.status, made.text).to.equal(201);
  const token = String((await post(`${connection}/tokens`, { name: "okta" })).body["token"]);
  const scim: Directory["scim"] = (method, path, body) =>
    call(method, `/api/scim/v2${path}`, { token, ...(body === undefined ? {} : { body }) });
  const ids = new Map<string, string>();
  const push: Directory["push"] = async (userName, more = {}) => {
    const emails = [{ value: userName, primary: true }];
    const reply = await scim("POST", "/Users", { schemas: [USER], userName, emails, ...more });
    expect(reply.status, reply.text).to.equal(201);
    ids.set(userName, String(reply.body["id"]));
    return String(reply.body["id"]);
  };
  for (const userName of people) await push(userName);
  return {
    connection,
    token,
    ids,
    scim,
    push,
    async group(displayName, ...members) {
      const listed = members.map((userName) => ({ value: ids.get(userName) }));
      const reply = await scim("POST", "/Groups", { schemas: [GROUP], displayName, members: listed });
      expect(reply.status, reply.text).to.equal(201);
      return String(reply.body["id"]);
    },
    async deactivate(userName) {
      const Operations = [{ op: "replace", value: { active: false } }];
      const reply = await scim("PATCH", `/Users/${ids.get(userName)}`, { schemas: [PATCH], Operations });
      expect(reply.status, reply.text).to.equal(200);
    },
  };
}

const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

function methodOf(method: string): "get" | "post" | "put" | "patch" | "delete" {
  return method.toLowerCase() as "get";
}

/** The number of the run that an answer tells of. */
export function runOf({ body, text }: Reply): number {
  const run = body["run"] as { readonly id: number } | undefined;
  expect(run, text).to.be.an("object");
  return Number(run?.id);
}

/** A refusal in the one form that refusals have. */
export function expectProblem(reply: Reply, status: number, code: string): void {
  expect({ status: reply.status, code: reply.body["code"] }, reply.text).to.deep.equal({ status, code });
  expect(reply.headers["content-type"]).to.match(/^application\/problem\+json/);
  expect(compileSchema("admin/problem", "document")(reply.body)).to.have.property("ok", true);
}

/** The mistakes that a refusal lists, as `pointer code`. */
export function mistakes(reply: Reply): readonly string[] {
  const problems = reply.body["problems"] as readonly { readonly pointer: string; readonly code: string }[];
  return (problems ?? []).map(({ pointer, code }) => `${pointer} ${code}`);
}

/** Follows `next` to the end, which no empty page is; every entry of the list. */
export async function wholeList(
  client: AdminClient,
  path: string,
  limit: number,
): Promise<readonly Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  let cursor = "";
  for (;;) {
    const join = path.includes("?") ? "&" : "?";
    const reply = await client.get(`${path}${join}limit=${limit}${cursor === "" ? "" : `&cursor=${cursor}`}`);
    expect(reply.status, reply.text).to.equal(200);
    expect(reply.body.items?.length).to.be.within(1, limit);
    items.push(...(reply.body.items ?? []));
    if (reply.body["next"] === null) return items;
    cursor = String(reply.body["next"]);
  }
}
