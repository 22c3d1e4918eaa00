/** Owns answers that are text, which node writes by itself. */

import type { ServerResponse } from "node:http";
import type { Answer } from "./exchange.js";

/** An answer with the headers of every answer. */
export interface Ready {
  readonly answer: Answer;
  readonly standard: Readonly<Record<string, string>>;
}

const BODYLESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** The whole body as text, where it is one and its type is known. */
export function textOf({ status, body, headers }: Answer): string | undefined {
  if (BODYLESS.has(status) || body === undefined || body instanceof Uint8Array || isStreamed(body)) return undefined;
  if (typeof body !== "string") return JSON.stringify(body);
  return headers?.["content-type"] === undefined ? undefined : body;
}

/** By node itself: most answers are such, and what Koa makes of a body costs as much as all the rest of it. */
export function sendText(response: ServerResponse, { answer, standard }: Ready, text: string): void {
  const { status, headers, cookies = [] } = answer;
  response.writeHead(status, {
    "content-type": "application/json",
    ...standard,
    ...headers,
    ...(cookies.length > 0 && { "set-cookie": [...cookies] }),
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

export function isStreamed(body: unknown): body is AsyncIterable<string> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}
