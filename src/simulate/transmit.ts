/** Owns one HTTP exchange with a server that may answer anything, or nothing: it ends in time, and what came is kept within bounds. */
import { type ClientRequest, type Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";

/** No answer that a client asks for comes near it. */
const LONGEST_ANSWER = 32 * 1024 * 1024;

export interface Outgoing {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text?: string;
  readonly agent: HttpAgent;
  readonly timeoutMs: number;
  readonly cut?: Cut;
}

/** Where the connection breaks: in the middle of the request's body, or when the answer begins, which nobody reads then. */
export type Cut = "answer" | "request";

export interface Received {
  /** 0 where no whole answer came; `failure` then says why. */
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  readonly failure?: string;
}

/** Never throws. */
export async function transmit(outgoing: Outgoing): Promise<Received> {
  const signal = AbortSignal.timeout(outgoing.timeoutMs);
  try {
    return await exchange(outgoing, signal);
  } catch (error) {
    return { status: 0, headers: {}, text: "", failure: signal.aborted ? "no answer in time" : describeFailure(error) };
  }
}

function exchange(outgoing: Outgoing, signal: AbortSignal): Promise<Received> {
  return new Promise((resolve, reject) => {
    const request = open(outgoing, signal);
    request.on("response", (incoming) => {
      const { statusCode: status = 0, headers } = incoming;
      if (outgoing.cut === undefined) {
        readText(incoming).then((text) => resolve({ status, headers, text }), reject);
        return;
      }
      incoming.on("error", () => undefined);
      request.destroy();
      resolve(broken());
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      // A kept-alive connection may be closed by the server just as it is used again: nothing was read there, so it is no attempt.
      if (outgoing.cut === undefined && request.reusedSocket && error.code === "ECONNRESET")
        resolve(exchange(outgoing, signal));
      else reject(error);
    });
    if (outgoing.cut === "request") sendHalf(request, outgoing.text ?? "", () => resolve(broken()));
    else request.end(outgoing.text);
  });
}

function open({ url, method, headers, text, agent, timeoutMs: _, cut }: Outgoing, signal: AbortSignal): ClientRequest {
  const connect = url.protocol === "https:" ? httpsRequest : httpRequest;
  const length = text === undefined ? {} : { "Content-Length": String(Buffer.byteLength(text)) };
  // A connection that is to break is nobody else's.
  const own = cut === undefined ? { agent } : { agent: false as const };
  return connect(url, { method, headers: { ...headers, ...length }, ...own, signal });
}

function sendHalf(request: ClientRequest, text: string, done: () => void): void {
  const bytes = Buffer.from(text);
  request.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => {
    done();
    request.destroy();
  });
}

function broken(): Received {
  return { status: 0, headers: {}, text: "", failure: "cut off by the client" };
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_ANSWER) throw new Error(`an answer of more than ${LONGEST_ANSWER / 1024 / 1024} MB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code ?? error.message;
}
