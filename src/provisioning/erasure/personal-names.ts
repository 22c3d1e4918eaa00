/** Names owns what of somebody's records tells who they are, and what is left of a text when that is taken out. */
import type { Json, JsonObject } from "../../model/json.js";
import type { PersonalRecords } from "../ports/erasure.js";

const ERASED = "[erased]";

/** What texts may call a person by. */
export interface PersonalNames {
  /** What stands for this person alone: user names, addresses, phone numbers, ids of the source, whole names. */
  readonly identifying: readonly string[];
  /** Those, and parts of names and numbers, which other texts have too. */
  readonly all: readonly string[];
  readonly userNames: readonly string[];
}

/** Attributes of a SCIM resource (RFC 7643 section 4.1) by what their texts are; of complex ones the sub-attributes. */
const IDENTIFYING = new Set(["userName", "displayName", "externalId", "profileUrl"]);
const LISTED = new Set(["emails", "phoneNumbers", "ims", "photos"]);
const CLAIMED = new Set(["userName", "email", "displayName"]);
const PARTS = new Set(["givenName", "familyName", "middleName", "nickName", "employeeNumber"]);
/** Claims that speak of the person as a whole; others (a department, a locale) many people share. */
const IDENTIFYING_CLAIM = /mail|upn|name|phone|oid|sub|picture|photo|nickname|employee|address/i;

/** Keys under which journals hold a person's names. */
const JOURNAL = new Set(["userName", "email", "displayName", "photo"]);
const JOURNAL_PARTS = new Set(["givenName", "familyName"]);
const WRITTEN = new Set(["reason", "note"]);

/**
 * All names that are found in a person's records, and in what journals tell of them: those that they had before stand there.
 * Whole names and addresses, whatever their case; nothing of one letter.
 */
export function personalNames(records: readonly PersonalRecords[], journal: readonly JsonObject[]): PersonalNames {
  const identifying = new Set<string>();
  const parts = new Set<string>();
  const userNames = new Set<string>();
  for (const record of records) {
    userNames.add(record.userName);
    take(identifying, record.userName, record.email, record.displayName, record.photo);
    take(parts, record.givenName, record.familyName);
    for (const row of record.rows) {
      take(identifying, row.userName, row.externalId, row.subject);
      if (row.resource) takeResource(row.resource, identifying, parts);
      for (const [name, asserted] of Object.entries(row.claims?.attributes ?? {})) {
        if (CLAIMED.has(name)) take(identifying, asserted.value);
        if (PARTS.has(name)) take(parts, asserted.value);
      }
      for (const [name, values] of Object.entries(row.claims?.claims ?? {})) {
        if (IDENTIFYING_CLAIM.test(name)) take(parts, ...values);
      }
    }
  }
  for (const detail of journal) {
    for (const [key, value] of Object.entries(detail)) {
      if (key === "userName" && typeof value === "string") userNames.add(value);
      if (JOURNAL.has(key)) take(identifying, value);
      if (JOURNAL_PARTS.has(key)) take(parts, value);
    }
  }
  return { identifying: [...identifying], all: [...new Set([...identifying, ...parts])], userNames: [...userNames] };
}

function take(into: Set<string>, ...values: readonly (Json | undefined)[]): void {
  for (const value of values) if (typeof value === "string" && value.trim().length > 1) into.add(value.trim());
}

function takeResource(resource: JsonObject, identifying: Set<string>, parts: Set<string>): void {
  for (const [key, value] of Object.entries(resource)) {
    if (IDENTIFYING.has(key)) take(identifying, value);
    else if (PARTS.has(key)) take(parts, value);
    else if (LISTED.has(key)) for (const one of listed(value)) take(identifying, one["value"]);
    else if (key === "name" || key.startsWith("urn:")) {
      for (const one of listed(value)) {
        take(identifying, one["formatted"], one["employeeNumber"]);
        take(parts, one["givenName"], one["familyName"], one["middleName"]);
      }
    } else if (key === "addresses") for (const one of listed(value)) take(identifying, one["formatted"]);
  }
}

function listed(value: Json): readonly JsonObject[] {
  const values: readonly Json[] = Array.isArray(value) ? value : [value];
  return values.filter((one): one is JsonObject => typeof one === "object" && one !== null && !Array.isArray(one));
}

/** Takes names out of a text; `undefined` when it names nobody. Words of which a name is only a part stay. */
export type Redaction = (text: string) => string | undefined;

export function redaction(names: readonly string[]): Redaction {
  if (names.length === 0) return () => undefined;
  const longestFirst = [...names].sort((a, b) => b.length - a.length);
  const escaped = longestFirst.map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${escaped.join("|")})(?![\\p{L}\\p{N}])`, "giu");
  return (text) => {
    const without = text.replace(pattern, ERASED);
    return without === text ? undefined : without;
  };
}

/**
 * An entry of a journal without the person. `pseudonym`: it is filed under them, so that all names in it are theirs; absent:
 * only what somebody wrote is looked at. `undefined` when nothing would change.
 */
export function redactEntry(text: string, redact: Redaction, pseudonym?: string): string | undefined {
  const redacted = JSON.stringify(JSON.parse(text), (key: string, value: Json) => {
    if (typeof value !== "string") return value;
    if (WRITTEN.has(key)) return redact(value) ?? value;
    if (pseudonym === undefined) return value;
    if (key === "userName") return pseudonym;
    return JOURNAL.has(key) || JOURNAL_PARTS.has(key) ? null : value;
  });
  return redacted === JSON.stringify(JSON.parse(text)) ? undefined : redacted;
}

/** Evidence tells of groups and values, which may be called like the person: only what is no mere word is taken out. */
export function redactEvidence(text: string, { identifying }: PersonalNames): string | undefined {
  const redact = redaction(identifying.filter((name) => /[@\s]/.test(name)));
  const redacted = JSON.stringify(JSON.parse(text), (_, value: Json) =>
    typeof value === "string" ? (redact(value) ?? value) : value,
  );
  return redacted === JSON.stringify(JSON.parse(text)) ? undefined : redacted;
}

/** Whether any text in a JSON document is, in any case, one of these. */
export function namesOneOf(text: string, names: readonly string[]): boolean {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  let found = false;
  JSON.parse(text, (_, value: Json) => {
    if (typeof value === "string" && wanted.has(value.toLowerCase())) found = true;
    return value;
  });
  return found;
}
