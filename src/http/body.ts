/** Owns the reading of bodies: a limit per route, one media type, UTF-8, and nothing that a JSON parser would let through. */

import type { IncomingMessage } from "node:http";
import getRawBody from "raw-body";
import type { Json } from "../model/json.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { parseJson } from "../platform/json.js";
import { formFields } from "./form.js";
import { withoutBlanks } from "./header-blanks.js";
import type { BodyRule } from "./route.js";

const FORM = "application/x-www-form-urlencoded";

/** What is left of a body that is too long is thrown away, so that its sender gets to read the answer; up to here. */
const MOST_DISCARDED = 64 * 1024 * 1024;

export async function readBody(
  message: IncomingMessage,
  rule: BodyRule,
): Promise<Json | Readonly<Record<string, string>> | undefined> {
  if (announcesBody(message)) checkMediaType(message, rule);
  const bytes = await readBytes(message, rule);
  if (rule.read === "form" && bytes.length > 0) return formFields(bytes, decode);
  const text = decode(bytes);
  if (text === "") {
    if (rule.optional === true) return undefined;
    throw new Refusal("bad_request", "the body is empty: send one");
  }
  if (rule.read !== "json") return text;
  const value = parseJson(text);
  const respelled = rule.respell?.(text) ?? text;
  return respelled === text ? value : parseJson(respelled);
}

function announcesBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

function checkMediaType(message: IncomingMessage, { read, types }: BodyRule): void {
  const accepted = types ?? [read === "form" ? FORM : "application/json"];
  const [type = "", ...parameters] = (message.headers["content-type"] ?? "")
    .split(";")
    .map((part) => withoutBlanks(part).toLowerCase());
  const charset =
    parameters
      .find((parameter) => parameter.startsWith("charset="))
      ?.slice("charset=".length)
      .replaceAll('"', "") ?? "utf-8";
  if (accepted.includes(type) && (charset === "utf-8" || charset === "utf8")) return;
  const sent = type === "" ? "no content type" : quote(message.headers["content-type"] ?? "");
  throw new Refusal(
    "unsupported_media_type",
    `the content type must be ${accepted.map((name) => quote(name)).join(" or ")} in UTF-8, is ${sent}`,
  );
}

async function readBytes(message: IncomingMessage, { bytes }: BodyRule): Promise<Buffer> {
  const encoding = message.headers["content-encoding"] ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    throw new Refusal("unsupported_media_type", `bodies are taken uncompressed, not as ${quote(encoding)}`);
  }
  const length = message.headers["content-length"];
  try {
    return await getRawBody(message, { limit: bytes, ...(length === undefined ? {} : { length }) });
  } catch (error) {
    const type = error instanceof Error && "type" in error ? error.type : undefined;
    if (type === "entity.too.large") discard(message);
    const refusal = brokeOff(message) ? incomplete() : bodyRefusal(type, bytes);
    if (refusal === undefined) throw error;
    throw refusal;
  }
}

/** Whoever hangs up while their token is looked up leaves a body that cannot be read any more, which is no fault of ours. */
function brokeOff(message: IncomingMessage): boolean {
  return message.destroyed && !message.readableEnded;
}

function bodyRefusal(type: unknown, bytes: number): Refusal | undefined {
  if (type === "entity.too.large") {
    return new Refusal("body_too_large", `the body may have at most ${bytes} bytes: send less at a time`, {
      limit: bytes,
    });
  }
  return type === "request.aborted" || type === "request.size.invalid" ? incomplete() : undefined;
}

function incomplete(): Refusal {
  return new Refusal("bad_request", "the body did not arrive in full: send it again");
}

function discard(message: IncomingMessage): void {
  let discarded = 0;
  message.on("data", (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > MOST_DISCARDED) message.socket.destroy();
  });
  message.resume();
}

/** A byte order mark goes, broken UTF-8 is refused: two readers would make different texts of it. */
function decode(bytes: Buffer): string {
  const text = tryDecode(bytes);
  if (text === undefined) throw new Refusal("bad_request", "the body is not valid UTF-8");
  return text;
}

function tryDecode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
