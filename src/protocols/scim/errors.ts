/** Owns the refusals of the SCIM room: a closed list of kinds, and the error body of RFC 7644 section 3.12. */

import type { JsonObject } from "../../model/json.js";

/** Status and `scimType` of every refusal. Kinds without a `scimType` are told apart by their status. */
const KINDS = {
  expiredCursor: { status: 400, scimType: "expiredCursor" },
  invalidCount: { status: 400, scimType: "invalidCount" },
  invalidCursor: { status: 400, scimType: "invalidCursor" },
  invalidFilter: { status: 400, scimType: "invalidFilter" },
  invalidPath: { status: 400, scimType: "invalidPath" },
  invalidSyntax: { status: 400, scimType: "invalidSyntax" },
  invalidValue: { status: 400, scimType: "invalidValue" },
  invalidVers: { status: 400, scimType: "invalidVers" },
  mutability: { status: 400, scimType: "mutability" },
  noTarget: { status: 400, scimType: "noTarget" },
  tooMany: { status: 400, scimType: "tooMany" },
  uniqueness: { status: 409, scimType: "uniqueness" },
  badRequest: { status: 400 },
  unauthorized: { status: 401 },
  forbidden: { status: 403 },
  notFound: { status: 404 },
  methodNotAllowed: { status: 405 },
  timeout: { status: 408 },
  conflict: { status: 409 },
  preconditionFailed: { status: 412 },
  tooLarge: { status: 413 },
  unsupportedMediaType: { status: 415 },
  tooManyRequests: { status: 429 },
  headTooLarge: { status: 431 },
  fault: { status: 500 },
  notImplemented: { status: 501 },
  unavailable: { status: 503 },
} as const satisfies Record<string, { readonly status: number; readonly scimType?: string }>;

export type ScimErrorKind = keyof typeof KINDS;

/** A refusal that the client sees: `detail` says what was wrong and what to do, and holds nothing private. */
export class ScimError extends Error {
  readonly kind: ScimErrorKind;
  readonly status: number;

  constructor(kind: ScimErrorKind, detail: string) {
    super(detail);
    this.name = "ScimError";
    this.kind = kind;
    this.status = KINDS[kind].status;
  }
}

const ERROR_URN = "urn:ietf:params:scim:api:messages:2.0:Error";

/**
 * The body of a refusal. `status` is a string and there are no keys beside those of the RFC,
 * because strict clients refuse any other (C2, C5).
 */
export function errorBody(error: ScimError): JsonObject {
  const kind: { readonly status: number; readonly scimType?: string } = KINDS[error.kind];
  return {
    schemas: [ERROR_URN],
    status: String(kind.status),
    ...(kind.scimType === undefined ? {} : { scimType: kind.scimType }),
    detail: error.message,
  };
}
