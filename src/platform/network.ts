/** Owns the way out to URLs that tenants give: what may be called, how long it may take and how much it may answer. */

import { lookup as resolveName } from "node:dns/promises";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { addressKind, isInRanges, parseRanges } from "./addresses.js";
import { exchange, NetworkFault } from "./network-exchange.js";

export interface NetworkPolicy {
  /** Development and tests: http, loopback and private addresses too. */
  readonly allowPrivateNetwork: boolean;
  /** CIDR ranges of the operator's own network. */
  readonly allow: readonly string[];
  /** For the whole call, redirects included. */
  readonly timeoutMilliseconds: number;
  readonly responseBytes: number;
}

/** INVARIANT: no signal of the caller's: one clock says when a call is over, whatever others a library would bring along. */
export interface FetchOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>> | Headers;
  readonly body?: ArrayBuffer | null | ReadableStream | string | Uint8Array | undefined | URLSearchParams;
  /** `follow` (the default) goes along with three redirects of a GET or HEAD. */
  readonly redirect?: "follow" | "manual";
  /** May be sent again where a kept connection turns out to be closed, as what only reads always is. */
  readonly repeatable?: boolean;
}

/** Like `fetch`; throws Refusal `address_refused` or `unavailable`, and `TooLate` where it took too long. */
export type GuardedFetch = (url: string | URL, options?: FetchOptions) => Promise<Response>;

/** Refusal `unavailable`: the other side had all its time, and would take as much again. */
export class TooLate extends Refusal {
  constructor(url: URL) {
    super("unavailable", `${quote(url.host)} did not answer in time`);
  }
}

/** All addresses of a name. */
export type Resolver = (name: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

const MOST_REDIRECTS = 3;

const systemResolver: Resolver = (name) => resolveName(name, { all: true });

export function createGuardedFetch(policy: NetworkPolicy, resolve: Resolver = systemResolver): GuardedFetch {
  const ranges = parseRanges(policy.allow) ?? [];
  const permits = (address: string): boolean => {
    const kind = addressKind(address);
    return kind === "public" || (kind === "private" && policy.allowPrivateNetwork) || isInRanges(address, ranges);
  };
  const settings = { keepAlive: true, maxSockets: 50, maxFreeSockets: 10, lookup: guardedLookup(permits, resolve) };
  const agents = { "http:": new HttpAgent(settings), "https:": new HttpsAgent(settings) };

  return async (input, options = {}) => {
    const signal = AbortSignal.timeout(policy.timeoutMilliseconds);
    const body = await bodyOf(options);
    let url = new URL(input);
    for (let redirects = 0; ; redirects += 1) {
      checkUrl(url, policy.allowPrivateNetwork, permits);
      const agent = url.protocol === "https:" ? agents["https:"] : agents["http:"];
      const call = {
        url,
        method: options.method ?? "GET",
        ...body,
        signal,
        agent,
        responseBytes: policy.responseBytes,
        repeatable: options.repeatable ?? ["GET", "HEAD"].includes(options.method ?? "GET"),
      };
      const response = await exchange(call).catch((error: unknown) => {
        throw refusalFor(error, url, signal.aborted);
      });
      const next = redirectOf(response, url, options);
      if (next === undefined) return response;
      if (redirects === MOST_REDIRECTS) throw unavailable(url, "redirects more than three times");
      if (next.origin !== url.origin) body.headers.delete("authorization");
      url = next;
    }
  };
}

// INVARIANT: the addresses that are judged are the ones that are handed to `connect`, so that a name cannot point
// elsewhere a moment later. One address out of bounds refuses the name: an answer of both kinds is an attack.
function guardedLookup(permits: (address: string) => boolean, resolve: Resolver): LookupFunction {
  return (name, options, callback) => {
    resolve(name).then(
      (found) => {
        const [first] = found;
        if (first === undefined || !found.every(({ address }) => permits(address)))
          callback(addressRefused(name), "", 0);
        else if (options.all) callback(null, [...found]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, "", 0),
    );
  };
}

/** Addresses written out are never looked up, so they are judged here; the URL parser has already made `0x7f.1` into `127.0.0.1`. */
function checkUrl(url: URL, httpToo: boolean, permits: (address: string) => boolean): void {
  if (url.protocol !== "https:" && !(url.protocol === "http:" && httpToo)) {
    throw new Refusal("address_refused", `only https URLs may be called, not ${quote(url.protocol)}`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new Refusal("address_refused", "a URL with a user or password in it may not be called: take them out");
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(host) !== 0 && !permits(host)) throw addressRefused(url.hostname);
}

function redirectOf(response: Response, url: URL, options: FetchOptions): URL | undefined {
  if (options.redirect === "manual" || !["GET", "HEAD"].includes(options.method ?? "GET")) return undefined;
  const location = [301, 302, 303, 307, 308].includes(response.status) ? response.headers.get("location") : null;
  return location !== null && URL.canParse(location, url.href) ? new URL(location, url) : undefined;
}

async function bodyOf(options: FetchOptions): Promise<{ readonly headers: Headers; readonly body?: Buffer }> {
  const headers = new Headers(options.headers);
  if (options.body === undefined || options.body === null) return { headers };
  const carrier = new Response(options.body instanceof Uint8Array ? Buffer.from(options.body) : options.body);
  const type = carrier.headers.get("content-type");
  if (type !== null && !headers.has("content-type")) headers.set("content-type", type);
  return { headers, body: Buffer.from(await carrier.arrayBuffer()) };
}

function refusalFor(error: unknown, url: URL, late: boolean): unknown {
  if (error instanceof Refusal) return error;
  if (late) return new TooLate(url);
  if (error instanceof NetworkFault) return unavailable(url, error.message);
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  return unavailable(url, `cannot be reached${typeof code === "string" ? ` (${code})` : ""}`);
}

function unavailable(url: URL, what: string): Refusal {
  return new Refusal("unavailable", `${quote(url.host)} ${what}`);
}

/** Says nothing of the address itself: a tenant must not learn what the operator's names stand for. */
function addressRefused(host: string): Refusal {
  const advice = "only public addresses may be called, or those that the operator lists in `network.allow`";
  return new Refusal("address_refused", `${quote(host)} is not on the public network: ${advice}`);
}
