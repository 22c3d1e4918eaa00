/** Owns a provisioning client's conversation with a SCIM server: requests with their retries, when to give up, and the record of it all. */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { Json, JsonObject } from "../model/json.js";
import { type Answer, envelopeFaults, isObject, isUsableId, throttleFaults } from "./answer.js";
import type { Complaint } from "./complaint.js";
import { retryAfterMs } from "./retry-after.js";
import { type Cut, type Received, transmit } from "./transmit.js";

export type Method = "DELETE" | "GET" | "PATCH" | "POST" | "PUT";

export interface ScimRequest {
  readonly method: Method;
  /** Relative to the SCIM base, from `/Users` on, without the query. */
  readonly path: string;
  /** Already encoded, in the client's own manner. */
  readonly query?: string;
  readonly body?: JsonObject;
  /** The statuses that the client takes as success. */
  readonly expect: readonly number[];
  /** What the request belongs to in what the client is known to send. */
  readonly row?: string;
  /** Instead of the connection's own: for the probe with a wrong one. */
  readonly token?: string;
}

/** One attempt on the wire: a request that was retried leaves several. */
export interface Exchange {
  readonly method: Method;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
  readonly failure?: string;
  /** The status that the attempt before had, for which the request was sent again; 0 where no answer came. */
  readonly retryAfter?: number;
}

export interface Report {
  readonly exchanges: readonly Exchange[];
  readonly complaints: readonly Complaint[];
}

export interface HttpTuning {
  readonly timeoutMs?: number;
  /** How often a request is sent again after 429, a 5xx or no answer. */
  readonly retries?: number;
  /** The first pause where the server names none; it doubles each time. */
  readonly backoffMs?: number;
  /** The longest pause, also where the server asks for more. */
  readonly maxPauseMs?: number;
  readonly wait?: (ms: number) => Promise<unknown>;
}

/** What an accident does to a request: the connection is cut, or the client is gone before it sends it. */
export type Accident = Cut | "gone";

export interface ScimHttp {
  readonly base: URL;
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tuning: Required<HttpTuning>;
  readonly agent: HttpAgent;
  readonly exchanges: Exchange[];
  readonly complaints: Complaint[];
  /** Paths of the resources that this client made and that are not known to be gone: a server may say so and keep them. */
  readonly made: Set<string>;
  readonly onExchange: (exchange: Exchange) => void;
  /** So many failures in a row, and the client sends nothing more, as an identity provider that puts an application in quarantine. */
  patience: number;
  /** Reads and writes are counted apart: a server that answers the one kind alone is as good as dead. */
  failuresInARow: { read: number; write: number };
  /** Nothing more is sent. */
  isClosed: boolean;
  /** Decides what happens to a request on its way; nothing happens unless told. */
  accident: (request: ScimRequest) => Accident | undefined;
}

const DEFAULTS: Required<HttpTuning> = {
  timeoutMs: 60_000,
  retries: 4,
  backoffMs: 500,
  maxPauseMs: 60_000,
  wait: (ms) => sleep(ms),
};

const RETRIED = new Set([0, 429, 500, 502, 503, 504]);

export interface Connection {
  /** Where the SCIM endpoints begin; a query in it goes along with every request. */
  readonly baseUrl: string;
  readonly token: string;
  readonly tuning?: HttpTuning;
  /** Told of each attempt as it ends; the record keeps it too. */
  readonly onExchange?: (exchange: Exchange) => void;
}

/** Throws where the base URL is none that HTTP can reach. */
export function openScimHttp(connection: Connection, headers: Readonly<Record<string, string>>): ScimHttp {
  if (!URL.canParse(connection.baseUrl)) throw new Error(`\`${connection.baseUrl}\` is no URL`);
  const base = new URL(connection.baseUrl);
  if (!/^https?:$/.test(base.protocol)) throw new Error(`\`${connection.baseUrl}\` is neither http nor https`);
  const { token, onExchange = () => undefined } = connection;
  return {
    base,
    token,
    headers,
    tuning: { ...DEFAULTS, ...connection.tuning },
    agent: base.protocol === "https:" ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true }),
    exchanges: [],
    complaints: [],
    made: new Set(),
    onExchange,
    patience: Number.POSITIVE_INFINITY,
    failuresInARow: { read: 0, write: 0 },
    isClosed: false,
    accident: () => undefined,
  };
}

/** Sends, retries, records, and notes what is wrong with the last answer whatever was asked. Never throws: a dead server is an answer too. */
export async function send(http: ScimHttp, request: ScimRequest): Promise<Answer> {
  const accident = http.accident(request);
  if (accident === "gone" || hasGivenUp(http)) return unsent(request);
  if (accident !== undefined) return attemptOnce(http, request, {}, accident);
  let before: { readonly retryAfter?: number } = {};
  for (let attempt = 0; ; attempt++) {
    const answer = await attemptOnce(http, request, before);
    const isRefused = RETRIED.has(answer.status) && !answer.accepted;
    const isLast = !isRefused || attempt >= http.tuning.retries;
    countFailure(http, request, answer, isLast);
    if (isLast || hasGivenUp(http)) {
      note(http, envelopeFaults(answer));
      remember(http, request, answer);
      return answer;
    }
    note(http, throttleFaults(answer));
    await http.tuning.wait(pauseAfter(answer, attempt, http.tuning));
    if (http.isClosed) return unsent(request);
    before = { retryAfter: answer.status };
  }
}

/** INVARIANT: no complaint holds the token, whatever the server wrote back. */
export function note(http: ScimHttp, complaints: readonly Complaint[]): void {
  for (const complaint of complaints) {
    const { request, detail } = complaint;
    http.complaints.push({ ...complaint, request: withoutToken(http, request), detail: withoutToken(http, detail) });
  }
}

export function hasGivenUp(http: ScimHttp): boolean {
  const { read, write } = http.failuresInARow;
  return http.isClosed || Math.max(read, write) >= http.patience;
}

/** Takes a client that has given up back to work. */
export function startAfresh(http: ScimHttp, patience: number): void {
  http.patience = patience;
  http.failuresInARow = { read: 0, write: 0 };
}

/** What happened since the last report was taken. */
export function takeReport(http: ScimHttp): Report {
  return { exchanges: http.exchanges.splice(0), complaints: http.complaints.splice(0) };
}

export interface ExchangeCount {
  readonly method: Method;
  readonly endpoint: string;
  readonly status: number;
  readonly count: number;
}

/** Exchanges counted by method, endpoint (`/Users/42` counts as `/Users`) and status, in the order in which each kind first came. */
export function countExchanges(exchanges: readonly Exchange[]): ExchangeCount[] {
  const counts = new Map<string, ExchangeCount>();
  for (const { method, path, status } of exchanges) {
    const endpoint = /^\/\w*/.exec(path)?.[0] ?? path;
    const key = `${method} ${endpoint} ${status}`;
    counts.set(key, { method, endpoint, status, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}

/** In one go: a short token may be a part of what stands in its place. */
function withoutToken({ token }: ScimHttp, text: string): string {
  const encoded = encodeURIComponent(token);
  return text
    .split(token)
    .flatMap((piece) => piece.split(encoded))
    .join("[token]");
}

// Whoever asks for a pause is there, as long as one of the pauses is enough. A refused token makes every later request fail too.
function countFailure(http: ScimHttp, { method }: ScimRequest, answer: Answer, isLast: boolean): void {
  if (answer.status === 429 && !isLast) return;
  const isFailure = !answer.accepted && (RETRIED.has(answer.status) || answer.status === 401);
  const kind = method === "GET" ? "read" : "write";
  http.failuresInARow[kind] = isFailure ? http.failuresInARow[kind] + 1 : 0;
}

function remember(http: ScimHttp, { method, path }: ScimRequest, { status, body }: Answer): void {
  const id = body?.["id"];
  if (method === "POST" && status < 300 && isUsableId(id)) http.made.add(`${path}/${encodeURIComponent(id)}`);
  if (status === 404 && (method === "DELETE" || method === "GET")) http.made.delete(path);
}

function pauseAfter(answer: Answer, attempt: number, tuning: Required<HttpTuning>): number {
  const asked = retryAfterMs(answer.retryAfter);
  return Math.min(asked ?? tuning.backoffMs * 2 ** attempt, tuning.maxPauseMs);
}

async function attemptOnce(
  http: ScimHttp,
  request: ScimRequest,
  before: { readonly retryAfter?: number },
  cut?: Cut,
): Promise<Answer> {
  const path = request.query === undefined ? request.path : `${request.path}?${request.query}`;
  const started = performance.now();
  const received = await exchangeOf(http, request, cut);
  const ms = Math.round((performance.now() - started) * 10) / 10;
  const { status, failure } = received;
  const exchange = {
    method: request.method,
    path,
    status,
    ms,
    ...before,
    ...(failure === undefined ? {} : { failure }),
  };
  http.exchanges.push(exchange);
  http.onExchange(exchange);
  return answerOf(request, path, received);
}

// What a server gave, and is put back to it changed, may be nested too deeply to be written.
async function exchangeOf(http: ScimHttp, request: ScimRequest, cut?: Cut): Promise<Received> {
  try {
    return await transmit({ ...outgoing(http, request), ...(cut === undefined ? {} : { cut }) });
  } catch (error) {
    return { status: 0, headers: {}, text: "", failure: `not sent: ${error instanceof Error ? error.message : error}` };
  }
}

function answerOf(request: ScimRequest, path: string, { status, headers, text, failure }: Received): Answer {
  const body = parseObject(text);
  const { "retry-after": retryAfter, location } = headers;
  return {
    request: `${request.method} ${path}`,
    ...(request.row === undefined ? {} : { row: request.row }),
    status,
    due: request.expect,
    accepted: request.expect.includes(status),
    contentType: headers["content-type"] ?? "",
    text,
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(status >= 300 && status < 400 && location !== undefined ? { location } : {}),
    ...(body === undefined ? {} : { body }),
    ...(failure === undefined ? {} : { failure }),
  };
}

function unsent(request: ScimRequest): Answer {
  return answerOf(request, request.path, { status: 0, headers: {}, text: "", failure: "not sent" });
}

function outgoing(http: ScimHttp, { method, path, query = "", body, token = http.token }: ScimRequest) {
  const { base, agent, tuning } = http;
  const parameters = [base.search.slice(1), query].filter((part) => part !== "").join("&");
  const url = new URL(base.origin + base.pathname.replace(/\/+$/, "") + path + (parameters && `?${parameters}`));
  const text = body === undefined ? undefined : JSON.stringify(body);
  const { "Content-Type": contentType = "application/json", ...always } = http.headers;
  const typed = text === undefined ? {} : { "Content-Type": contentType };
  return {
    url,
    method,
    headers: { ...always, Authorization: `Bearer ${token}`, ...typed },
    ...(text === undefined ? {} : { text }),
    agent,
    timeoutMs: tuning.timeoutMs,
  };
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
