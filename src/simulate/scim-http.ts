/** Owns the wire between a provisioning client and a SCIM server: requests with their retries, and the record of what was exchanged. */
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { Json, JsonObject } from "../model/json.js";
import { type Answer, type Complaint, envelopeFaults, isObject } from "./answer.js";

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

export interface ScimHttp {
  readonly base: URL;
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tuning: Required<HttpTuning>;
  readonly agent: HttpAgent;
  readonly exchanges: Exchange[];
  readonly complaints: Complaint[];
  readonly onExchange: (exchange: Exchange) => void;
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
  const agent = base.protocol === "https:" ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const tuning = { ...DEFAULTS, ...connection.tuning };
  const { token, onExchange = () => undefined } = connection;
  return { base, token, headers, tuning, agent, exchanges: [], complaints: [], onExchange };
}

/** Sends, retries, records, and notes what is wrong with the last answer whatever was asked. Never throws: a dead server is an answer too. */
export async function send(http: ScimHttp, request: ScimRequest): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    const answer = await attemptOnce(http, request);
    if (!RETRIED.has(answer.status) || request.expect.includes(answer.status) || attempt >= http.tuning.retries) {
      note(http, envelopeFaults(answer));
      return answer;
    }
    await http.tuning.wait(pauseAfter(answer, attempt, http.tuning));
  }
}

export function note(http: ScimHttp, complaints: readonly Complaint[]): void {
  http.complaints.push(...complaints);
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

function pauseAfter(answer: Answer, attempt: number, tuning: Required<HttpTuning>): number {
  const asked = retryAfterMs(answer.retryAfter);
  return Math.min(asked ?? tuning.backoffMs * 2 ** attempt, tuning.maxPauseMs);
}

function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

async function attemptOnce(http: ScimHttp, request: ScimRequest): Promise<Answer> {
  const path = request.query === undefined ? request.path : `${request.path}?${request.query}`;
  const started = performance.now();
  const received = await transmit(http, request).catch(
    (error: unknown): Received => ({ status: 0, headers: {}, text: "", failure: describeFailure(error) }),
  );
  const { status, headers, text, failure } = received;
  const ms = Math.round((performance.now() - started) * 10) / 10;
  const exchange = { method: request.method, path, status, ms, ...(failure === undefined ? {} : { failure }) };
  http.exchanges.push(exchange);
  http.onExchange(exchange);
  const body = parseObject(text);
  const retryAfter = headers["retry-after"];
  return {
    request: `${request.method} ${path}`,
    status,
    accepted: request.expect.includes(status),
    contentType: headers["content-type"] ?? "",
    text,
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(body === undefined ? {} : { body }),
    ...(failure === undefined ? {} : { failure }),
  };
}

interface Received {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  readonly failure?: string;
}

function transmit(http: ScimHttp, request: ScimRequest): Promise<Received> {
  return new Promise((resolve, reject) => {
    const text = request.body === undefined ? undefined : JSON.stringify(request.body);
    const outgoing = open(http, request, text);
    outgoing.on("response", (incoming) => {
      const { statusCode: status = 0, headers } = incoming;
      readText(incoming).then((answered) => resolve({ status, headers, text: answered }), reject);
    });
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      // A kept-alive connection may be closed by the server just as it is used again: nothing was read there, so it is no attempt.
      if (outgoing.reusedSocket && error.code === "ECONNRESET") resolve(transmit(http, request));
      else reject(error);
    });
    outgoing.end(text);
  });
}

function open(http: ScimHttp, request: ScimRequest, text: string | undefined): ClientRequest {
  const { base, agent, tuning } = http;
  const query = [base.search.slice(1), request.query ?? ""].filter((part) => part !== "").join("&");
  const url = new URL(
    base.origin + base.pathname.replace(/\/+$/, "") + request.path + (query === "" ? "" : `?${query}`),
  );
  const { "Content-Type": contentType, ...always } = http.headers;
  const headers = {
    ...always,
    Authorization: `Bearer ${request.token ?? http.token}`,
    ...(text === undefined ? {} : { "Content-Type": contentType, "Content-Length": Buffer.byteLength(text) }),
  };
  const connect = base.protocol === "https:" ? httpsRequest : httpRequest;
  return connect(url, { method: request.method, headers, agent, signal: AbortSignal.timeout(tuning.timeoutMs) });
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return error.name === "AbortError" || error.name === "TimeoutError" ? "no answer in time" : (code ?? error.message);
}
