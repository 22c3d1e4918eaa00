/** Owns the look of SCIM answers: the media type without a charset, and refusals of every kind as SCIM errors. */

import type { Answer } from "../../http/exchange.js";
import { failureOf } from "../../http/failure.js";
import type { ErrorRenderer } from "../../http/route.js";
import type { JsonObject } from "../../model/json.js";
import { Refusal, type RefusalCode } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import { listText, textInPieces } from "./apart.js";
import { errorBody, ScimError, type ScimErrorKind } from "./errors.js";
import type { Outcome } from "./resource-handler.js";
import { SCIM_PREFIX, SCIM_UNVERSIONED } from "./scim-request.js";
import { writtenText } from "./written.js";

const MEDIA_TYPE = "application/scim+json";

/** C3: no charset behind the media type. */
export function scimAnswer(status: number, body?: JsonObject, headers: Readonly<Record<string, string>> = {}): Answer {
  if (body === undefined) return { status, headers };
  return {
    status,
    headers: { ...headers, "content-type": MEDIA_TYPE },
    body: textInPieces(body) ?? writtenText(body) ?? body,
  };
}

/** INVARIANT: the text is made here, so that nothing of the page but this is held until the client has taken it. */
export async function listAnswer(body: JsonObject): Promise<Answer> {
  return { status: 200, headers: { "content-type": MEDIA_TYPE }, body: textInPieces(body) ?? (await listText(body)) };
}

/** RFC-10: where the resource in the body is, and for a new one where it will be. */
export function outcomeAnswer({ status, resource, location, etag, run }: Outcome): Answer {
  return scimAnswer(status, resource, {
    ...(etag !== undefined && { etag }),
    ...(location !== undefined && { "content-location": location }),
    ...(location !== undefined && status === 201 && { location }),
    ...(run !== undefined && { "rolecall-run": String(run) }),
  });
}

const KIND_OF: Partial<Record<RefusalCode, ScimErrorKind>> = {
  bad_request: "invalidSyntax",
  unsupported_media_type: "unsupportedMediaType",
  body_too_large: "tooLarge",
  head_too_large: "headTooLarge",
  request_timeout: "timeout",
  unauthorized: "unauthorized",
  forbidden: "forbidden",
  scim_disabled: "forbidden",
  sync_off: "forbidden",
  connection_disabled: "forbidden",
  no_seat: "forbidden",
  not_found: "notFound",
  method_not_allowed: "methodNotAllowed",
  rate_limited: "tooManyRequests",
  unavailable: "unavailable",
  uniqueness: "uniqueness",
  version_conflict: "conflict",
  foreign_domain: "invalidValue",
  unknown_member: "invalidValue",
  unknown_owner: "invalidValue",
  conflict: "conflict",
};

/** RFC-54: the Error schema on every path below the base, whatever went wrong. */
export const renderScimError: ErrorRenderer = (error, { path }) => {
  const scim = error instanceof ScimError ? error : (otherVersion(error, path) ?? ofRefusal(error));
  return scimAnswer(scim.status, errorBody(scim));
};

const OTHER_VERSION = new RegExp(`^${SCIM_UNVERSIONED}/(v\\d+(?:\\.\\d+)*)(?:/|$)`, "i");

/** RFC-55: where there is nothing because the path asks for another version of the protocol. */
function otherVersion(error: unknown, path: string): ScimError | undefined {
  if (!(error instanceof Refusal) || error.code !== "not_found") return undefined;
  const version = OTHER_VERSION.exec(path)?.[1];
  if (version === undefined || version.toLowerCase() === "v2") return undefined;
  return new ScimError("invalidVers", `SCIM ${quote(version)} is not spoken here: use \`${SCIM_PREFIX}\``);
}

function ofRefusal(error: unknown): ScimError {
  const { message } = failureOf(error);
  const kind = error instanceof Refusal ? (KIND_OF[error.code] ?? "badRequest") : "fault";
  return new ScimError(kind, message);
}
