/** One request and its whole answer over node's own client, because the global `fetch` lets nobody choose the address. */

import { type ClientRequest, type Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { type Agent as HttpsAgent, request as httpsRequest } from "node:https";

export interface Call {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body?: Buffer;
  readonly signal: AbortSignal;
  readonly agent: HttpAgent | HttpsAgent;
  readonly responseBytes: number;
  readonly repeatable: boolean;
}

/** The other side answered, but not in a way that is taken; the message goes behind its name. */
export class NetworkFault extends Error {}

/** More stale connections than this are not kept in a pool. */
const MOST_RETRIES = 10;

export async function exchange(call: Call): Promise<Response> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await attempt(call);
    } catch (error) {
      // A server may close an idle connection at the moment when it is used again: that says nothing about the server.
      const again = error instanceof DroppedConnection && call.repeatable;
      if (!again || retries === MOST_RETRIES) throw error;
    }
  }
}

class DroppedConnection extends Error {}

function attempt({ url, method, headers, body, signal, agent, responseBytes }: Call): Promise<Response> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === "https:";
    const sent = Object.fromEntries([...headers, ["accept-encoding", "identity"]]);
    const request = (secure ? httpsRequest : httpRequest)(url, { method, headers: sent, agent, signal });
    request.on("error", (error) =>
      reject(isDropped(request, error) ? new DroppedConnection(error.message, { cause: error }) : error),
    );
    request.on("response", (message) => {
      collect(message, responseBytes).then((bytes) => resolve(responseFrom(message, bytes)), reject);
    });
    request.end(body);
  });
}

function isDropped(request: ClientRequest, error: NodeJS.ErrnoException): boolean {
  return request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
}

async function collect(message: IncomingMessage, responseBytes: number): Promise<Buffer> {
  const encoding = message.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    message.destroy();
    throw new NetworkFault("answered in an encoding that was not asked for");
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Leaving the loop destroys the message, and with it the connection.
    if (length > responseBytes) throw new NetworkFault(`answered with more than ${responseBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

function responseFrom(message: IncomingMessage, bytes: Buffer): Response {
  const headers = new Headers();
  for (let index = 0; index + 1 < message.rawHeaders.length; index += 2) {
    headers.append(message.rawHeaders[index] ?? "", message.rawHeaders[index + 1] ?? "");
  }
  const status = message.statusCode ?? 0;
  if (status < 200 || status > 599) throw new NetworkFault("answered with a status that HTTP does not know");
  return new Response(WITHOUT_BODY.has(status) ? null : new Uint8Array(bytes), { status, headers });
}
