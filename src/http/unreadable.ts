/** Owns what becomes of bytes that are no request: an answer where one can still be given, and the end of their connection. */

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { Refusal } from "../model/problem.js";
import type { Turns } from "./turns.js";

/** What came instead of a request, or in the middle of one. */
export interface Unreadable {
  readonly refusal: Refusal;
  readonly method: string;
  /** As sent, with its query; empty where it is not known. */
  readonly target: string;
  /** The client's, or that of the proxy before it. */
  readonly address: string;
}

/** The answer, whole, as it goes over the wire. */
export type Refuse = (unreadable: Unreadable) => string;

/** So long a client may take to read its answer before the connection is cut. */
const LAST_READ = 2_000;
/** Enough to tell whom an address is for. */
const LONGEST_TARGET = 4_096;
/** Bytes of request line and headers together. */
export const LONGEST_HEAD = 16_384;

export function headTooLarge(): Refusal {
  return new Refusal(
    "head_too_large",
    `request line and headers may have at most ${LONGEST_HEAD} bytes: send less in the address and the headers`,
  );
}

/** Node would end such connections with a bare status line, in the middle of another request's answer too. */
export function watchUnreadable(server: Server, turns: Turns, refuse: Refuse): void {
  const ending = new WeakSet<Duplex>();
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    // what comes behind it is no request either
    if (ending.has(socket)) return;
    ending.add(socket);
    const open = turns.open(socket);
    const [before, last] = [open.at(-2), open.at(-1)];
    if (last?.req.complete === false) turns.dropLast(socket);
    // INVARIANT: nothing is written into an answer, nor where another one is expected first
    const end = () => {
      if (before && last?.writableEnded) endBehind(last, socket);
      else if (last?.headersSent || !socket.writable) socket.destroy();
      else endWith(refuse({ refusal: refusalOf(error), ...whatCame(error, last?.req, socket) }), socket);
    };
    if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else if (last?.req.complete) endBehind(last, socket);
    else if (before) before.once("close", end);
    else end();
  });
  server.on("connect", (request, socket) => {
    // node listens to it no more
    socket.on("error", () => socket.destroy());
    ending.add(socket);
    const refusal = new Refusal("bad_request", "this is no proxy for CONNECT: use another method");
    if (turns.open(socket).length > 0) socket.destroy();
    else endWith(refuse({ refusal, ...whatCame(refusal, request, socket) }), socket);
  });
}

/** Requests that came whole before it are answered. */
function endBehind(last: ServerResponse, socket: Duplex): void {
  if (!last.headersSent) last.setHeader("connection", "close");
  last.once("close", () => socket.end());
}

/** What is still on its way is let come: cut off at once, the client might lose the answer. */
function endWith(answer: string, socket: Duplex): void {
  const timer = setTimeout(() => socket.destroy(), LAST_READ);
  socket.once("close", () => clearTimeout(timer));
  socket.end(answer);
}

function refusalOf({ code = "", ...error }: NodeJS.ErrnoException): Refusal {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return headTooLarge();
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return new Refusal("body_too_large", "the extensions of the body's chunks are too long: send none");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new Refusal("request_timeout", "the request did not come whole in time: send it again");
    case "HPE_INVALID_METHOD":
      return new Refusal("bad_request", "the request does not begin with a method of HTTP");
    default: {
      // the parser's own words, never the client's
      const reason = "reason" in error && typeof error.reason === "string" ? `: ${error.reason.toLowerCase()}` : "";
      const hint = "encode spaces and whatever is not ASCII in the address by %";
      return new Refusal("bad_request", `the request cannot be read as HTTP${reason}; ${hint}`);
    }
  }
}

function whatCame(error: Error, request: IncomingMessage | undefined, socket: Duplex): Omit<Unreadable, "refusal"> {
  const address = "remoteAddress" in socket && typeof socket.remoteAddress === "string" ? socket.remoteAddress : "";
  if (request !== undefined) return { method: request.method ?? "", target: request.url ?? "", address };
  const packet = "rawPacket" in error && error.rawPacket instanceof Uint8Array ? error.rawPacket : new Uint8Array();
  const [, method = "", target = ""] = FIRST_LINE.exec(Buffer.from(packet).toString("latin1", 0, LONGEST_TARGET)) ?? [];
  return { method, target, address };
}

const FIRST_LINE = /^\s*([!-~]+) +(\S+)/;
