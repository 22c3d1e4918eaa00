/** A SCIM server in memory, small enough to be seen through, that records what it is asked and can be made to answer wrongly. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { JsonObject } from "../../src/model/json.js";
import { applyPatch, type Row } from "./tiny-scim-patch.js";

export interface Recorded {
  readonly method: string;
  /** Path and query below the SCIM base, as they came. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body?: JsonObject;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface TinyScimServer {
  readonly baseUrl: string;
  readonly requests: Recorded[];
  readonly users: Map<string, Row>;
  readonly groups: Map<string, Row>;
  /** What is answered instead of doing anything. */
  refuse: (request: Recorded) => Reply | undefined;
  /** What is answered instead of the right reply, when all was done. */
  twist: (reply: Reply, request: Recorded) => Reply | "hang up" | "hang";
  /** The highest number of requests that were being answered at the same time. */
  mostAtOnce: number;
  /** How long each request is kept waiting. */
  delayMs: number;
  created: number;
  /** Groups go on listing users who were deleted. */
  keepsMembers: boolean;
  /** How many requests ended before they were whole. */
  brokenOff: number;
  /** The right reply. */
  answer(request: Recorded): Reply;
  close(): Promise<void>;
}

export const TOKEN = "a-token-of-the-tests";

export async function startTinyScimServer(): Promise<TinyScimServer> {
  let busy = 0;
  const server = createServer((request, response) => {
    busy++;
    tiny.mostAtOnce = Math.max(tiny.mostAtOnce, busy);
    const answerIt = async (recorded: Recorded) => {
      await sleep(tiny.delayMs);
      tiny.requests.push(recorded);
      const reply = tiny.twist(tiny.refuse(recorded) ?? answer(tiny, recorded), recorded);
      busy--;
      if (reply === "hang") return;
      if (reply === "hang up") {
        request.socket.destroy();
        return;
      }
      const text =
        reply.body === undefined ? "" : typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body);
      response.writeHead(reply.status, { "Content-Type": "application/scim+json", ...reply.headers }).end(text);
    };
    void record(request).then(answerIt, () => {
      busy--;
      tiny.brokenOff++;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const tiny: TinyScimServer = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/scim/v2`,
    requests: [],
    users: new Map(),
    groups: new Map(),
    refuse: () => undefined,
    twist: (reply) => reply,
    mostAtOnce: 0,
    delayMs: 0,
    created: 0,
    keepsMembers: false,
    brokenOff: 0,
    answer: (request) => answer(tiny, request),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return tiny;
}

async function record(request: IncomingMessage): Promise<Recorded> {
  let text = "";
  for await (const chunk of request) text += chunk;
  const url = (request.url ?? "").replace("/scim/v2", "");
  const { method = "", headers } = request;
  return { method, url, headers, ...(text === "" ? {} : { body: JSON.parse(text) as JsonObject }) };
}

function answer(tiny: TinyScimServer, request: Recorded): Reply {
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return scimError(401, "the token is not known");
  const url = new URL(request.url, "http://tiny");
  const [, endpoint, id] = url.pathname.split("/");
  const rows = endpoint === "Users" ? tiny.users : tiny.groups;
  if (id === undefined) return request.method === "POST" ? create(tiny, rows, request) : list(rows, url.searchParams);
  const row = rows.get(id);
  if (row === undefined) return scimError(404, `\`${id}\` is not there`);
  return change(tiny, rows, row, request, url.searchParams);
}

function create(tiny: TinyScimServer, rows: Map<string, Row>, { body = {} }: Recorded): Reply {
  const { password: _, ...kept } = body;
  const key = kept["userName"] === undefined ? "displayName" : "userName";
  if ([...rows.values()].some((row) => matches(row, key, String(kept[key]))))
    return scimError(409, `\`${kept[key]}\` is taken`, "uniqueness");
  const id = `${key === "userName" ? "u" : "g"}${++tiny.created}`;
  const row = { ...kept, id, meta: { resourceType: key === "userName" ? "User" : "Group" } };
  rows.set(id, row);
  return { status: 201, body: row };
}

function change(
  tiny: TinyScimServer,
  rows: Map<string, Row>,
  row: Row,
  request: Recorded,
  query: URLSearchParams,
): Reply {
  const id = String(row["id"]);
  const { body = {} } = request;
  if (request.method === "DELETE") {
    rows.delete(id);
    if (!tiny.keepsMembers) for (const [key, group] of tiny.groups) tiny.groups.set(key, withoutMember(group, id));
    return { status: 204 };
  }
  if (request.method === "PUT") rows.set(id, { ...body, id });
  if (request.method === "PATCH") rows.set(id, applyPatch(row, body));
  return { status: 200, body: shown(rows.get(id) ?? row, query) };
}

function withoutMember(group: Row, id: string): Row {
  const { members } = group;
  if (!Array.isArray(members)) return group;
  return { ...group, members: (members as JsonObject[]).filter((member) => member["value"] !== id) };
}

function list(rows: Map<string, Row>, query: URLSearchParams): Reply {
  const filter = /^(?<attribute>emails\[type eq "work"\]\.value|\w+) eq "(?<value>.*)"$/.exec(
    query.get("filter") ?? "",
  )?.groups;
  const found = [...rows.values()].filter(
    (row) => filter === undefined || matches(row, filter["attribute"], filter["value"]),
  );
  const start = Number(query.get("startIndex") ?? 1);
  const page = found.slice(start - 1, start - 1 + Number(query.get("count") ?? 100));
  const body = {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
    totalResults: found.length,
    startIndex: start,
    itemsPerPage: page.length,
    Resources: page.map((row) => shown(row, query)),
  };
  return { status: 200, body };
}

function matches(row: Row, attribute = "", value = ""): boolean {
  if (attribute.startsWith("emails")) return JSON.stringify(row["emails"] ?? []).includes(JSON.stringify(value));
  return String(row[attribute] ?? "").toLowerCase() === value.toLowerCase();
}

function shown(row: Row, query: URLSearchParams): Row {
  const { members, ...others } = row;
  return members === undefined || query.get("excludedAttributes") === "members" ? others : row;
}

export function scimError(status: number, detail: string, scimType?: string): Reply {
  const schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"];
  return { status, body: { schemas, status: String(status), detail, ...(scimType === undefined ? {} : { scimType }) } };
}
