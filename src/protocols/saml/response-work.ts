/** Owns how a response is read and verified apart from the main thread: the same steps, with plain values going in and out. */
import type { JsonObject } from "../../model/json.js";
import { type Guard, SamlFailure } from "./failure.js";
import { type OpenedResponse, openResponse } from "./response.js";
import type { Expected, VerifiedAssertion } from "./verified.js";
import { verifyResponse } from "./verify.js";

/** What is known of a response that nobody has verified, without what only its own thread can hold. */
export type ReadShape = Omit<OpenedResponse, "shape">;

/** `expected`: it is verified; it is read anew for that, since no thread keeps anything. */
export interface ResponseJob {
  readonly samlResponse: string;
  readonly expected?: Expected;
}

export type ResponseReply =
  | { readonly kind: "read"; readonly read: ReadShape }
  | { readonly kind: "verified"; readonly assertion: VerifiedAssertion }
  | { readonly kind: "refused"; readonly guard: Guard; readonly detail: JsonObject };

export function work({ samlResponse, expected }: ResponseJob): ResponseReply {
  try {
    const { shape, ...read } = openResponse(samlResponse);
    if (expected === undefined) return { kind: "read", read };
    return { kind: "verified", assertion: verifyResponse({ shape, ...read }, expected) };
  } catch (error) {
    if (error instanceof SamlFailure) return { kind: "refused", guard: error.guard, detail: error.detail };
    throw error;
  }
}
