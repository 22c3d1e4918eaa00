/** Owns the socket: taking it, serving on it, and letting it go without cutting anybody off. */

import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createTurns } from "./turns.js";
import { LONGEST_HEAD, type Refuse, watchUnreadable } from "./unreadable.js";

export interface Listener {
  /** `http://HOST:PORT` with the port that was really taken. */
  readonly url: string;
  readonly port: number;
  /** From now on requests are served, and what is none is refused; before, both get 503. */
  serve(app: RequestListener, refuse: Refuse): void;
  /** Takes no new connections, lets requests under way finish for at most the grace, then ends them. */
  close(graceMilliseconds: number): Promise<void>;
}

/** Longer than usual load balancers keep an idle connection, so that it is never ours to close one that they are using. */
const KEEP_ALIVE = 65_000;
const LONGEST_HEADERS = 20_000;
const LONGEST_REQUEST = 60_000;
/** What is longer ends where it is, and may be past its address; so far the app refuses what is too long. */
const LONGEST_PARSED_HEAD = 3 * LONGEST_HEAD;

const STARTING =
  '{"type":"urn:rolecall:problem:unavailable","title":"unavailable","status":503,"detail":"starting","code":"unavailable"}';
const STARTING_HEADERS = { "retry-after": "1", "content-type": "application/problem+json" };

/**
 * Takes the port before anything is opened or migrated: a port in use is told at once, and a free one that was asked
 * for by 0 is known when URLs are made. Rejects with node's error.
 */
export async function bind(host: string, port: number): Promise<Listener> {
  let app: RequestListener = (_, response) => {
    response.writeHead(503, STARTING_HEADERS).end(STARTING);
  };
  let refuse: Refuse = () => "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n\r\n";
  let closing = false;
  const turns = createTurns();
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE,
      headersTimeout: LONGEST_HEADERS,
      requestTimeout: LONGEST_REQUEST,
      maxHeaderSize: LONGEST_PARSED_HEAD,
      // the app says what is missing
      requireHostHeader: false,
    },
    (request, response) => {
      // A kept connection is used for as long as its client likes: while closing, each answer is its last.
      response.on("close", () => closing && setImmediate(() => server.closeIdleConnections()));
      turns.take(response, () => {
        if (closing) response.setHeader("connection", "close");
        app(request, response);
      });
    },
  );
  // expectations that nobody knows are passed over (RFC 9110 section 10.1.1)
  server.on("checkExpectation", (request, response) => server.emit("request", request, response));
  watchUnreadable(server, turns, (unreadable) => refuse(unreadable));
  await listening(server, host, port);
  const taken = (server.address() as AddressInfo).port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${taken}`,
    port: taken,
    serve(next, nextRefuse) {
      app = next;
      refuse = nextRefuse;
    },
    close(graceMilliseconds) {
      closing = true;
      return closed(server, graceMilliseconds);
    },
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function closed(server: Server, graceMilliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMilliseconds);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
