/** What contestants without a web framework have in common: node:http, four routes, JSON in and out. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { JsonObject } from "../../src/model/json.js";
import type { Contest } from "./contest-shape.js";
import type { Ready } from "./contestant.js";

/** Whatever it throws, or `undefined` for what is not there, is answered as a failure. */
export interface PlainStore {
  readonly ids: readonly string[];
  read(id: string): Promise<object | undefined>;
  find(userName: string): Promise<object>;
  create(body: JsonObject): Promise<object>;
  patch(id: string, body: JsonObject): Promise<object | undefined>;
}

const USERS = "/Users";

export function contestOf(): Contest {
  return JSON.parse(process.argv[2] ?? "") as Contest;
}

export async function servePlainly(store: PlainStore): Promise<void> {
  const server = createServer((request, response) => {
    route(store, request).then(
      ({ status, body }) => send(response, status, body),
      (fault: unknown) => send(response, 500, { detail: String(fault) }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  announce({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ids: store.ids });
}

/** Tells the bench that this program serves, and answers what it asks. */
export function announce(ready: Ready): void {
  process.on("message", (question: string) => {
    if (question === "stop") process.exit(0);
    process.send?.(process.memoryUsage().rss / (1024 * 1024));
  });
  process.send?.(ready);
}

interface Answered {
  readonly status: number;
  readonly body: object | undefined;
}

async function route(store: PlainStore, request: IncomingMessage): Promise<Answered> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const id = pathname.slice(USERS.length + 1);
  if (request.method === "POST") return { status: 201, body: await store.create(await readJson(request)) };
  if (request.method === "PATCH") return found(await store.patch(id, await readJson(request)));
  if (id !== "") return found(await store.read(id));
  const userName = /^userName eq "(.*)"$/.exec(searchParams.get("filter") ?? "")?.[1] ?? "";
  return { status: 200, body: await store.find(userName) };
}

function found(body: object | undefined): Answered {
  return { status: body === undefined ? 404 : 200, body };
}

async function readJson(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as JsonObject;
}

function send(response: ServerResponse, status: number, body: object | undefined): void {
  const text = JSON.stringify(body ?? {});
  response.writeHead(status, { "content-type": "application/scim+json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

export function listOf(resources: readonly object[]): object {
  return {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
    totalResults: resources.length,
    startIndex: 1,
    itemsPerPage: resources.length,
    Resources: resources,
  };
}
