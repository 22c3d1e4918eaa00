/** Owns the answer to what never became a request: in the look of the prefix that its address names, and with a log line. */

import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import { networkOf } from "../platform/addresses.js";
import type { Logger } from "../platform/log.js";
import type { HttpRequest } from "./exchange.js";
import { createPlaces } from "./face-places.js";
import { renderProblem } from "./failure.js";
import type { Face } from "./route.js";
import { securityHeaders } from "./security-headers.js";
import type { Refuse, Unreadable } from "./unreadable.js";

export interface RefuseOptions {
  readonly logger: Logger;
  readonly publicUrl: string;
  readonly faces: readonly Face[];
}

export function createRefuse({ logger, publicUrl, faces }: RefuseOptions): Refuse {
  const placeOf = createPlaces(faces);
  const standard = securityHeaders(publicUrl);
  return (unreadable) => {
    const { refusal, method } = unreadable;
    const request = requestOf(unreadable, logger);
    const { status, headers, body } = (placeOf(request.path)?.face.renderError ?? renderProblem)(refusal, request);
    request.log.info("request_unreadable", { status, code: refusal.code });
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const all = {
      date: new Date().toUTCString(),
      ...{ ...standard, "x-request-id": request.id, ...headers },
      "content-length": String(Buffer.byteLength(text)),
      connection: "close",
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    const shown = method === "HEAD" ? "" : text;
    return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${shown}`;
  };
}

/** As much of a request as is known: where it was for. */
function requestOf({ method, target, address }: Unreadable, logger: Logger): HttpRequest {
  const id = randomUUID();
  const [path = ""] = target.replace(/^[a-z]+:\/\/[^/]*/i, "").split(/[?#]/, 1);
  return {
    ...{ id, method, path, address, network: networkOf(address) },
    params: {},
    query: new URLSearchParams(),
    queryText: "",
    log: logger.with({ requestId: id }),
    header: () => undefined,
    cookie: () => undefined,
    identify: () => undefined,
  };
}
