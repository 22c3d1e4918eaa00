/** Owns what the rooms see of a request, and what is known of it by its end. */

import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Refusal } from "../model/problem.js";
import { networkOf } from "../platform/addresses.js";
import type { Logger } from "../platform/log.js";
import { readCookie } from "./cookies.js";
import type { About, HttpRequest } from "./exchange.js";
import type { GuardedRoute } from "./guard.js";
import type { Arrival } from "./route.js";
import { headTooLarge, LONGEST_HEAD } from "./unreadable.js";

/** What is known of a request by the end of it. */
export interface Trail {
  route: string;
  about: About;
  params: Readonly<Record<string, string>>;
  guarded?: GuardedRoute;
  readonly arrival: Arrival;
}

/** A request as it came: the path without its query, the query without its question mark. */
export interface Sent {
  readonly message: IncomingMessage;
  readonly method: string;
  readonly path: string;
  readonly query: string;
}

/** What node lets through, so that it is answered as anything else. */
export function checkHead({ method = "", url = "", rawHeaders, headers, httpVersion }: IncomingMessage): void {
  // what stands between and behind: " ", " HTTP/1.1\r\n" and the empty line, ": " and "\r\n" of each header
  let bytes = method.length + url.length + 14 + rawHeaders.length * 2;
  for (const part of rawHeaders) bytes += part.length;
  if (bytes > LONGEST_HEAD) throw headTooLarge();
  if (headers.host === undefined && httpVersion === "1.1")
    throw new Refusal("bad_request", "a header is missing: `Host`");
}

export function requestOf(
  { message: { headers }, method, path, query }: Sent,
  trail: Trail,
  logger: Logger,
  address: string,
): HttpRequest {
  const sentId = headers["x-request-id"]?.toString() ?? "";
  const id = /^[\w.-]{1,64}$/.test(sentId) ? sentId : randomUUID();
  let log: Logger | undefined;
  return {
    id,
    method,
    path,
    get params() {
      return trail.params;
    },
    query: new URLSearchParams(query),
    queryText: query,
    address,
    get network() {
      return networkOf(address);
    },
    get log() {
      log ??= logger.with({ requestId: id });
      return log;
    },
    header: (name) => headers[name]?.toString(),
    cookie: (name) => readCookie(headers.cookie, name),
    identify: (about) => {
      trail.about = { ...trail.about, ...about };
    },
  };
}
