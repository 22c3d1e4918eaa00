/** What of an error may be told: refusals as they are, anything else as a fault of ours without a word of its own. */

import { REFUSAL_STATUS, Refusal, type RefusalCode } from "../model/problem.js";
import type { Answer, HttpRequest } from "./exchange.js";

export interface Failure {
  readonly status: number;
  readonly code: RefusalCode | "internal";
  readonly message: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Refusal)) {
    return {
      status: 500,
      code: "internal",
      message: "something went wrong on our side: quote the request id when you report it",
      detail: {},
    };
  }
  const { code, message, detail } = error;
  return { status: REFUSAL_STATUS[code], code, message, detail };
}

/** A problem document (RFC 9457). The refusal's details become members beside the standard ones, which win. */
export function renderProblem(error: unknown, request: HttpRequest): Answer {
  const { status, code, message, detail } = failureOf(error);
  const title = code.replaceAll("_", " ");
  const body = {
    ...detail,
    type: `urn:rolecall:problem:${code}`,
    title,
    status,
    detail: message,
    code,
    requestId: request.id,
  };
  return { status, headers: { "content-type": "application/problem+json" }, body };
}

/** Headers that go with a refusal whatever its body looks like. */
export function failureHeaders(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof Refusal)) return {};
  const { retryAfterSeconds, allow } = error.detail;
  return {
    ...(error.code === "unauthorized" ? { "www-authenticate": "Bearer" } : {}),
    ...(typeof retryAfterSeconds === "number" ? { "retry-after": String(Math.ceil(retryAfterSeconds)) } : {}),
    ...(error.code === "method_not_allowed" && typeof allow === "string" ? { allow } : {}),
  };
}
