/** The whole service over a real database, with SCIM connections and clients that speak to them over real HTTP. */
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, type IncomingMessage, request as startRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Connection, Tenant } from "../../src/model/connection.js";
import type { Instant } from "../../src/model/ids.js";
import type { Json, JsonObject } from "../../src/model/json.js";
import { readUser } from "../../src/protocols/scim/document.js";
import { type ConnectionInput, createConnection } from "../../src/provisioning/connections.js";
import { push } from "../../src/provisioning/push.js";
import { createTenant, type TenantInput } from "../../src/provisioning/tenants.js";
import { createToken } from "../../src/provisioning/tokens.js";
import { postgresUrl } from "../store/postgres-server.js";
import { startService, type TestService, type TestServiceOptions } from "../support/service.js";
import { ADMIN, IDP } from "../support/tenant.js";
import { GROUP, PATCH_OP, USER, userReading } from "./tables.js";

export interface ScimReply {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** An empty object where the answer has no body. */
  readonly json: JsonObject;
}

type Headers = Readonly<Record<string, string | null>>;
type Body = JsonObject | string | Buffer;

export interface ScimRequest {
  readonly method: string;
  /** Below the SCIM base, as it goes over the wire. */
  readonly path: string;
  /** Objects are sent as JSON, texts and bytes as they are. */
  readonly body?: Body | undefined;
  /** Over the token and the content type; one that is null is not sent. */
  readonly headers?: Headers;
}

/** One connection, and a client with a token for it. */
export interface ScimDirectory {
  readonly tenant: Tenant;
  readonly connection: Connection;
  readonly token: string;
  send(request: ScimRequest): Promise<ScimReply>;
  get(path: string, headers?: Headers): Promise<ScimReply>;
  post(path: string, body: Body, headers?: Headers): Promise<ScimReply>;
  put(path: string, body: Body, headers?: Headers): Promise<ScimReply>;
  /** Sends these operations. */
  patch(path: string, operations: readonly Json[], headers?: Headers): Promise<ScimReply>;
  delete(path: string, headers?: Headers): Promise<ScimReply>;
  /** Makes a user; answers with the id. Throws where the service refuses. */
  user(userName: string, more?: JsonObject): Promise<string>;
  group(displayName: string, members?: readonly string[]): Promise<string>;
  /** Many users by one push, called by the name and a number; their ids. */
  crowd(count: number, name?: string): Promise<readonly string[]>;
  /** Ids of a group's members, in order. */
  members(group: string): Promise<readonly string[]>;
  newToken(expiresAt?: Instant): Promise<{ readonly id: string; readonly token: string }>;
}

export type DirectoryOptions = Partial<ConnectionInput> & {
  /** Instead of a tenant of its own. */
  readonly tenant?: Tenant;
  readonly of?: Partial<TenantInput>;
};

export interface ScimService extends TestService {
  /** A new connection, with sync live unless told otherwise. */
  connect(options?: DirectoryOptions): Promise<ScimDirectory>;
  /** Another client, with a token of its own, for a connection that is there, maybe by another instance. */
  join(directory: Pick<ScimDirectory, "tenant" | "connection">): Promise<ScimDirectory>;
}

export function userBody(userName: string, more: JsonObject = {}): JsonObject {
  return { schemas: [USER], userName, ...more };
}

export function groupBody(displayName: string, members?: readonly string[]): JsonObject {
  return { schemas: [GROUP], displayName, ...(members && { members: members.map((value) => ({ value })) }) };
}

export async function startScimService(options: TestServiceOptions = {}): Promise<ScimService> {
  const service = await startService(options);
  const agent = new Agent({ keepAlive: true });
  let made = 0;
  return {
    ...service,
    async connect({ tenant: given, of, ...input } = {}) {
      made += 1;
      const tenant = given ?? (await createTenant(service.p, { slug: `t${made}`, name: `T${made}`, ...of }, ADMIN));
      const wanted = { slug: `c${made}`, protocol: "scim", sync: "live", ...input } as const;
      const connection = await createConnection(service.p, tenant, wanted, ADMIN);
      return openDirectory(service, agent, tenant, connection);
    },
    join: ({ tenant, connection }) => openDirectory(service, agent, tenant, connection),
    async close() {
      agent.destroy();
      await service.close();
    },
  };
}

async function openDirectory(
  { p, url }: TestService,
  agent: Agent,
  tenant: Tenant,
  connection: Connection,
): Promise<ScimDirectory> {
  const newToken: ScimDirectory["newToken"] = (expiresAt) =>
    createToken(p, tenant, connection.slug, { name: "test", ...(expiresAt && { expiresAt }) }, ADMIN);
  const { token } = await newToken();
  const send = ({ headers, ...request }: ScimRequest): Promise<ScimReply> =>
    exchange(agent, `${url}/api/scim/v2`, {
      ...request,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/scim+json", ...headers },
    });
  const write =
    (method: string) =>
    (path: string, body: Body, headers: Headers = {}): Promise<ScimReply> =>
      send({ method, path, body, headers });
  const created = async (path: string, body: JsonObject): Promise<string> => {
    const { status, text, json } = await write("POST")(path, body);
    if (status !== 201) throw new Error(`POST ${path} was answered ${status}: ${text}`);
    return String(json["id"]);
  };
  return {
    tenant,
    connection,
    token,
    newToken,
    send,
    get: (path, headers = {}) => send({ method: "GET", path, headers }),
    delete: (path, headers = {}) => send({ method: "DELETE", path, headers }),
    post: write("POST"),
    put: write("PUT"),
    patch: (path, operations, headers) =>
      write("PATCH")(path, { schemas: [PATCH_OP], Operations: operations }, headers),
    user: (userName, more) => created("/Users", userBody(userName, more)),
    group: (displayName, members) => created("/Groups", groupBody(displayName, members)),
    async crowd(count, name = "crowd") {
      const changes = Array.from({ length: count }, (_, at) => {
        const document = readUser(userBody(`${name}${at}`), userReading());
        return { kind: "upsertUser", document } as const;
      });
      const { rows } = await push(p, { tenant, connection, changes, context: IDP });
      return rows.map((row) => String(row?.id));
    },
    async members(group) {
      const { json } = await send({ method: "GET", path: `/Groups/${group}` });
      return ((json["members"] ?? []) as readonly JsonObject[]).map((member) => String(member["value"]));
    },
  };
}

/** Not fetch, which adds headers of its own and drops a bare `?` behind a path. */
function exchange(agent: Agent, base: string, { method, path, body, headers = {} }: ScimRequest): Promise<ScimReply> {
  const bytes = body === undefined || typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const length = bytes === undefined ? {} : { "Content-Length": String(Buffer.byteLength(bytes)) };
  const given = Object.entries({ ...length, ...headers });
  const sent = given.filter((pair): pair is [string, string] => pair[1] !== null);
  const { hostname, port, pathname } = new URL(base);
  return new Promise((resolve, reject) => {
    const options = { agent, hostname, port, method, path: pathname + path };
    const request = startRequest({ ...options, headers: Object.fromEntries(sent) });
    request.on("error", reject);
    request.on("response", (response) => readReply(response).then(resolve, reject));
    request.end(bytes);
  });
}

async function readReply(response: IncomingMessage): Promise<ScimReply> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
  const json = text === "" ? {} : (JSON.parse(text) as JsonObject);
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), text, json };
}

/** The same tests on both databases, each with one service for all of them. */
export function onEachDatabase(
  tests: (service: () => ScimService, databaseUrl: () => string) => void,
  options: Pick<TestServiceOptions, "settings"> = {},
): void {
  for (const [name, open] of DATABASES) {
    describe(`on ${name}`, () => {
      let running: { readonly service: ScimService; readonly database: TestDatabase } | undefined;
      before(async () => {
        const database = await open();
        running = { service: await startScimService({ ...options, databaseUrl: database.url }), database };
      });
      after(async () => {
        await running?.service.close();
        running?.database.dispose();
      });
      const now = () => {
        if (running === undefined) throw new Error("the service runs only inside tests");
        return running;
      };
      tests(
        () => now().service,
        () => now().database.url,
      );
    });
  }
}

interface TestDatabase {
  readonly url: string;
  dispose(): void;
}

/** SQLite on a file, as in production: only there reads have a connection of their own. */
const DATABASES: readonly (readonly [name: string, open: () => Promise<TestDatabase>])[] = [
  [
    "SQLite",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "rolecall-scim-"));
      return { url: `sqlite:${join(folder, "test.db")}`, dispose: () => rmSync(folder, { recursive: true }) };
    },
  ],
  ["PostgreSQL", async () => ({ url: await postgresUrl(), dispose: () => undefined })],
];
