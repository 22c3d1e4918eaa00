/** HTTP over kept sockets with nothing in between: the client shall cost less than the servers that it measures. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

export interface WireAnswer {
  readonly status: number;
  readonly body: string;
}

/** One connection: the next request is sent when the last one is answered. */
export interface Wire {
  send(request: WireRequest): Promise<WireAnswer>;
  close(): void;
}

/** `url`: what paths are put behind. */
export async function openWire(url: string, token: string): Promise<Wire> {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, "connect");
  const reader = readAnswers(socket);
  const prefix = pathname.replace(/\/$/, "");
  return {
    send(request) {
      const answered = reader.next();
      socket.write(requestText(request, prefix, hostname, token));
      return answered;
    },
    close: () => socket.destroy(),
  };
}

function requestText({ method, path, body }: WireRequest, prefix: string, host: string, token: string): string {
  const head = `${method} ${prefix}${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n`;
  if (body === undefined) return `${head}\r\n`;
  return `${head}Content-Type: application/scim+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

interface Awaited {
  readonly answered: (answer: WireAnswer) => void;
  readonly failed: (error: Error) => void;
}

function readAnswers(socket: Socket): { next(): Promise<WireAnswer> } {
  let awaited: Awaited | undefined;
  let received: Buffer = Buffer.alloc(0);
  const fail = (error: Error): void => {
    awaited?.failed(error);
    awaited = undefined;
  };
  socket.on("data", (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const answer = wholeAnswer(received);
    if (answer === undefined) return;
    received = Buffer.alloc(0);
    const { answered } = awaited ?? {};
    awaited = undefined;
    answered?.(answer);
  });
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("the connection was closed")));
  return {
    next: () =>
      new Promise((answered, failed) => {
        awaited = { answered, failed };
      }),
  };
}

const HEAD_END = "\r\n\r\n";
const BODYLESS = [204, 304];

function wholeAnswer(received: Buffer): WireAnswer | undefined {
  const headEnd = received.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = received.toString("latin1", 0, headEnd);
  const status = Number(head.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length));
  if (BODYLESS.includes(status)) return { status, body: "" };
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error("an answer came without its length");
  const start = headEnd + HEAD_END.length;
  if (received.length < start + Number(length)) return undefined;
  return { status, body: received.toString("utf8", start, start + Number(length)) };
}

/** A request with the status that it must be answered with. */
export interface Exchange extends WireRequest {
  readonly status: number;
}

/** Sends and checks; a wrong status ends the bench, since nothing after it would count. */
export async function exchange(wire: Wire, { status, ...request }: Exchange): Promise<WireAnswer> {
  const answer = await wire.send(request);
  if (answer.status === status) return answer;
  throw new Error(`${request.method} ${request.path} was answered ${answer.status}: ${answer.body.slice(0, 500)}`);
}

/** Requests a second, for so many milliseconds; each connection takes the next exchange when its last one is done. */
export async function rateOf(
  wires: readonly Wire[],
  exchanges: Iterator<Exchange, undefined>,
  milliseconds: number,
): Promise<number> {
  const started = performance.now();
  let done = 0;
  await Promise.all(
    wires.map(async (wire) => {
      while (performance.now() - started < milliseconds) {
        const next = exchanges.next();
        if (next.done === true) return;
        await exchange(wire, next.value);
        done++;
      }
    }),
  );
  return (done * 1000) / (performance.now() - started);
}
