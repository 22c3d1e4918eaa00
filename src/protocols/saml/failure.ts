import type { JsonObject } from "../../model/json.js";

/** The check that refused a response. The trace names it; the browser hears one uniform code and a reference. */
export type Guard =
  // before anything is parsed
  | "encoding"
  | "size"
  | "markup"
  // the shape of the message
  | "xml"
  | "structure"
  | "version"
  // what the provider answered
  | "status"
  | "encrypted"
  // signatures
  | "unsigned"
  | "signature_form"
  | "algorithm"
  | "signature"
  // whom it is from, whom it is for, and when
  | "issuer"
  | "destination"
  | "in_response_to"
  | "recipient"
  | "subject_confirmation"
  | "audience"
  | "conditions"
  | "expired"
  | "not_yet_valid"
  | "lifetime"
  | "issue_instant"
  | "session_ended"
  | "authn_statement"
  // the person
  | "subject"
  | "name_id"
  | "attributes"
  // used before
  | "replay"
  // the login that it should answer
  | "pending_login";

/** A sign-in that ended before anybody was recognised. INVARIANT: `detail` holds no library text and nothing decrypted. */
export class SamlFailure extends Error {
  readonly guard: Guard;
  readonly detail: JsonObject;

  constructor(guard: Guard, detail: JsonObject = {}, options?: { readonly cause?: unknown }) {
    super(`sign-in refused: ${guard}`, options);
    this.name = "SamlFailure";
    this.guard = guard;
    this.detail = detail;
  }
}
