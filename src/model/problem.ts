/** One mistake in a document, addressed so that an editor can show it (RFC 6901 pointer). */
export interface Problem {
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
  readonly suggestion?: string;
  /** Offset of the character inside the text at `pointer`, for expressions and patterns. */
  readonly position?: number;
  /** Lines that say more, for an example that fails: `- Team/role: why it did not come`, `+ Team/role: who gives it`. */
  readonly difference?: readonly string[];
}

/**
 * A refusal that a caller may see: a code from a closed list, a message that says what to do, and nothing private.
 * Each protocol has one renderer for it; anything else that is thrown is a fault of ours and is answered as such.
 */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(code: RefusalCode, message: string, detail: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = "Refusal";
    this.code = code;
    this.detail = detail;
  }
}

/** HTTP status of each refusal, where a protocol has no better answer of its own. */
export const REFUSAL_STATUS = {
  bad_request: 400,
  unsupported_media_type: 415,
  body_too_large: 413,
  head_too_large: 431,
  request_timeout: 408,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  rate_limited: 429,
  unavailable: 503,
  slug_taken: 409,
  domain_taken: 409,
  domain_not_proved: 400,
  public_domain: 400,
  invalid_document: 422,
  version_conflict: 409,
  plan_changed: 409,
  digest_required: 409,
  on_disable_required: 400,
  read_only: 409,
  last_owner: 409,
  no_seat: 403,
  uniqueness: 409,
  foreign_domain: 400,
  scim_disabled: 403,
  sync_off: 403,
  unknown_member: 400,
  unknown_owner: 400,
  conflict: 409,
  run_not_held: 409,
  address_refused: 400,
  metadata_refused: 400,
  // sign-in outcomes
  sign_in_failed: 401,
  sign_in_expired: 400,
  logout_failed: 400,
  provisioning_off: 403,
  not_assigned: 403,
  deactivated: 403,
  groups_unknown: 403,
  needs_review: 403,
  connection_disabled: 403,
  expression_busy: 503,
} as const;

export type RefusalCode = keyof typeof REFUSAL_STATUS;
