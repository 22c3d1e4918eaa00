import { cutText } from "../../model/cut-text.js";
import type { JsonObject } from "../../model/json.js";
import { Refusal } from "../../model/problem.js";

/** The check that refused a sign-in. The trace names it; the browser hears one uniform code and a reference. */
export type Guard =
  | "state"
  | "provider_unreachable"
  | "provider_metadata"
  | "provider_error"
  | "response"
  | "token_request"
  | "id_token"
  | "algorithm"
  | "key"
  | "signature"
  | "issuer"
  | "audience"
  | "authorized_party"
  | "nonce"
  | "expiry"
  | "issued_at"
  | "subject"
  | "tenant"
  | "access_token"
  | "userinfo_subject"
  | "token"
  | "token_type"
  | "token_id"
  | "claims"
  | "events"
  | "replay";

/** Where claims came from; the trace calls them so. */
type ClaimsOf = "idToken" | "userinfo";

export interface FailureOptions {
  readonly cause?: unknown;
  /** Claims as they came, for the trace to redact; verified or not. */
  readonly claims?: JsonObject;
  readonly claimsOf?: ClaimsOf;
}

/** A sign-in that ended before anybody was recognised. INVARIANT: `detail` holds no token, code or secret. */
export class OidcFailure extends Error {
  readonly guard: Guard;
  readonly detail: JsonObject;
  readonly claims: JsonObject | undefined;
  readonly claimsOf: ClaimsOf;

  constructor(guard: Guard, detail: JsonObject = {}, { cause, claims, claimsOf = "idToken" }: FailureOptions = {}) {
    super(`sign-in refused: ${guard}`, { cause });
    this.name = "OidcFailure";
    this.guard = guard;
    this.detail = detail;
    this.claims = claims;
    this.claimsOf = claimsOf;
  }
}

const CLAIM_GUARDS: ReadonlyMap<unknown, Guard> = new Map<unknown, Guard>([
  ["iss", "issuer"],
  ["aud", "audience"],
  ["azp", "authorized_party"],
  ["nonce", "nonce"],
  ["sub", "subject"],
  ["iat", "issued_at"],
  ["exp", "expiry"],
]);

/** What the relying-party library throws, by its codes; how they nest was read from openid-client 6.8. */
export function failureFrom(error: unknown, where: "discovery" | "grant" | "userinfo"): OidcFailure {
  if (error instanceof OidcFailure) return error;
  if (error instanceof Refusal)
    return new OidcFailure("provider_unreachable", { refusal: error.code }, { cause: error });
  const code = text(property(error, "code"));
  const cause = property(error, "cause");
  const claimsOf = where === "userinfo" ? where : "idToken";
  const options: FailureOptions = { cause: error, claimsOf, ...claimsIn(property(cause, "cause")) };
  const check = sentence(cause) ?? sentence(error);
  const detail: JsonObject = {
    ...(code === undefined ? {} : { library: code }),
    ...(check === undefined ? {} : { check }),
  };
  if (where === "userinfo") return new OidcFailure(userinfoGuard(code, cause), detail, options);
  if (code === "OAUTH_AUTHORIZATION_RESPONSE_ERROR")
    return new OidcFailure("provider_error", providerError(error), options);
  if (code === "OAUTH_RESPONSE_BODY_ERROR") return new OidcFailure("token_request", providerError(error), options);
  if (where === "discovery")
    return new OidcFailure(
      code === undefined || isServerFault(cause) ? "provider_unreachable" : "provider_metadata",
      detail,
      options,
    );
  return new OidcFailure(grantGuard(code, cause), detail, options);
}

/** What cannot be read as an answer is none; what can is held against the sign-in. */
function userinfoGuard(code: string | undefined, cause: unknown): Guard {
  const isOfNobody = /"sub" property/.test(sentence(cause) ?? "");
  if (isOfNobody || property(property(cause, "cause"), "attribute") === "sub") return "userinfo_subject";
  const guard = grantGuard(code, cause);
  return guard === "response" || guard === "token_request" ? "provider_unreachable" : guard;
}

function grantGuard(code: string | undefined, cause: unknown): Guard {
  if (isUnusableKey(cause)) return "key";
  const inner = property(cause, "cause");
  switch (code) {
    case "OAUTH_JWT_CLAIM_COMPARISON_FAILED":
      return CLAIM_GUARDS.get(property(inner, "claim")) ?? "id_token";
    case "OAUTH_JWT_TIMESTAMP_CHECK_FAILED":
      return "expiry";
    case "OAUTH_KEY_SELECTION_FAILED":
      return "key";
    case "OAUTH_RESPONSE_IS_NOT_CONFORM":
    case "OAUTH_RESPONSE_IS_NOT_JSON":
      return "token_request";
    case undefined:
      return "provider_unreachable";
    default:
      return invalidResponseGuard(cause, inner);
  }
}

/** One code of the library covers a wrong algorithm, a wrong signature, a missing claim and a malformed answer. */
function invalidResponseGuard(cause: unknown, inner: unknown): Guard {
  const message = sentence(cause) ?? "";
  if (/signature verification failed/.test(message)) return "signature";
  if (property(inner, "header") !== undefined || /"alg"/.test(message)) return "algorithm";
  if (/"state" response parameter|response parameter "state"/.test(message)) return "state";
  if (/"iss" \(issuer\) response parameter|response parameter "iss"/.test(message)) return "issuer";
  return CLAIM_GUARDS.get(/JWT "(\w+)"/.exec(message)?.[1]) ?? "response";
}

/** The provider answered, and said that it is out of order; the library hands out the answer itself, at different depths. */
function isServerFault(cause: unknown): boolean {
  return [cause, property(cause, "cause")].some((answer) => Number(property(answer, "status")) >= 500);
}

/** The keys of which the library could not tell the right one, because the token does not name it. */
export function keysInDoubt(error: unknown): readonly unknown[] {
  const candidates = property(property(property(error, "cause"), "cause"), "candidates");
  return property(error, "code") === "OAUTH_KEY_SELECTION_FAILED" && Array.isArray(candidates) ? candidates : [];
}

/** The library picks a key by its name: what cannot be read as one, or is too short, shows itself when it is used. */
function isUnusableKey(cause: unknown): boolean {
  return cause instanceof DOMException || /^unsupported (JWK|.* modulusLength)/.test(sentence(cause) ?? "");
}

/** The library hands out the claims that it compared; they were parsed from JSON. */
function claimsIn(compared: unknown): FailureOptions {
  const claims = property(compared, "claims");
  return typeof claims === "object" && claims !== null ? { claims: claims as JsonObject } : {};
}

/** What the provider said of itself (RFC 6749 sections 4.1.2.1 and 5.2). */
function providerError(error: unknown): JsonObject {
  const said = text(property(error, "error"));
  const description = text(property(error, "error_description"));
  return {
    ...(said === undefined ? {} : { error: shown(said, 100) }),
    ...(description === undefined ? {} : { description: shown(description, 300) }),
  };
}

/** A provider's words as a trace can keep them. */
function shown(words: string, most: number): string {
  return cutText(words.replace(/[\p{Cc}\p{Surrogate}]/gu, "\uFFFD"), most);
}

/** The library's own sentences are constants; values stand beside them, never inside. */
function sentence(error: unknown): string | undefined {
  return error instanceof Error ? error.message.slice(0, 200) : undefined;
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && name in value ? Reflect.get(value, name) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
