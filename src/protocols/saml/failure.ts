import { cutText } from "../../model/cut-text.js";
import type { Json, JsonObject } from "../../model/json.js";

/** The check that refused a response. The trace names it; the browser hears one uniform code and a reference. */
export type Guard =
  // there was no time for it
  | "busy"
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

/** A sign-in that ended before anybody was recognised. INVARIANT: `detail` holds no library text, and of what a stranger sent only short pieces, cut. */
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

const LONGEST_SHOWN = 200;
const MOST_SHOWN = 10;

type Shown = string | number | readonly string[] | undefined;

/** The two things that should have been equal, or should have fitted each other. */
export interface Compared {
  readonly wanted?: Shown;
  readonly got?: Shown;
}

/** A failure that an admin can act on: `problem` is a sentence without a stop; values are cut, so that no stranger fills a trace. */
export function refusal(guard: Guard, problem: string, compared: Compared = {}): SamlFailure {
  const shown = Object.entries(compared).flatMap(([name, value]: [string, Shown]): [string, Json][] =>
    value === undefined ? [] : [[name, shownAs(value)]],
  );
  return new SamlFailure(guard, { problem, ...Object.fromEntries(shown) });
}

function shownAs(value: string | number | readonly string[]): Json {
  if (typeof value === "number") return value;
  return typeof value === "string" ? cut(value) : value.slice(0, MOST_SHOWN).map(cut);
}

/** What a trace shows of a stranger's text: no more than 200 characters, and none that move a cursor. */
export function cut(text: string): string {
  return cutText(text.replace(/[\p{Cc}\p{Surrogate}]/gu, "\uFFFD"), LONGEST_SHOWN);
}
