/** Owns what a provisioning client can complain of: each kind by a code, with what the client counted on. */
import type { Json } from "../model/json.js";
import { onOneLine, quote } from "../model/quote.js";

/** What the client counted on, by the code of the complaint. The status that was due is said by the complaint itself. */
export const EXPECTED = {
  active_not_boolean: "`active` as a JSON boolean",
  active_unchanged: "`active` as it was just set",
  attribute_differs: "the value that was sent",
  attribute_missing: "id, userName, active, both names and an address in every user",
  body_missing: "a JSON object",
  deleted_still_there: "nothing any more where the deletion was confirmed",
  excluded_attribute_returned: "no attribute that was excluded",
  filter_ignored: "only what the filter asks for",
  found_though_gone: "nobody under a user name that was given up",
  id_changed: "the id that the resource had before",
  id_missing: "an `id`, a text that is not empty",
  list_malformed: "`Resources` as a list, also where it is empty",
  list_not_integer: "`totalResults`, `startIndex` and `itemsPerPage` as integers",
  lookup_ambiguous: "one resource by a name that one has",
  lookup_missed: "the user by its user name, in any letter case",
  malformed_error: "a SCIM error: `schemas`, `status` as a text, a `detail`",
  member_missing: "every member that was added",
  member_still_there: "no member that was removed",
  no_answer: "an answer",
  not_settled: "nothing left to patch after everything was pushed",
  page_repeats: "each resource on one page",
  page_too_long: "no more resources than the page was asked to hold",
  password_returned: "no password in an answer",
  resource_missing: "every resource that was pushed",
  retry_after_unreadable: "`Retry-After` in seconds or as a date",
  total_wrong: "`totalResults` as the number of all matches",
  unexpected_status: "another status",
  uniqueness_not_named: '`scimType` "uniqueness" with the 409',
  wrong_content_type: "`application/scim+json`",
  wrong_items_per_page: "`itemsPerPage` as the number of resources on this page",
} as const;

export type ComplaintCode = keyof typeof EXPECTED;

export interface Complaint {
  readonly code: ComplaintCode;
  /** Method, path and query, relative to the SCIM base. */
  readonly request: string;
  /** What the request belongs to in what the client is known to send: `OKTA-04`. Absent where no client sends it. */
  readonly row?: string;
  readonly expected: string;
  /** What came. */
  readonly detail: string;
}

/** A server's value in a complaint: on one line, and not all of it where it is long. */
export function shown(value: Json | undefined): string {
  if (value === undefined) return "absent";
  try {
    return quote(JSON.stringify(value), 200);
  } catch {
    return "nested too deeply to be shown";
  }
}

/** A server's words in a complaint. */
export function printable(text: string): string {
  return onOneLine(text.trim(), 200);
}
