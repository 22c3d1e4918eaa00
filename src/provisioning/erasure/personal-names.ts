/** Names owns what of somebody's records tells who they are, and how sure it is that a text with it means them. */
import type { Json, JsonObject } from "../../model/json.js";
import type { PersonalRecords } from "../ports/erasure.js";

/** What texts may call a person by. */
export interface PersonalNames {
  /** What stands for this person alone: user names, addresses, phone numbers, ids of the source, whole names. */
  readonly identifying: readonly string[];
  /** Those, and parts of names and numbers, which other texts have too. */
  readonly all: readonly string[];
  /** What can mean nobody else, whoever wrote it: names with `@`, whole names of two words or more, long ids of a source. */
  readonly unmistakable: readonly string[];
  readonly userNames: readonly string[];
}

/** Ids of sources are that long; dates and names of projects, which may have digits too, are not. */
const LONG_ID = 16;

/** No text that somebody writes about others is longer, in UTF-16 units. */
const LONGEST_WRITTEN = 2_000;

/** Attributes of a SCIM resource (RFC 7643 section 4.1) by what their texts are; of complex ones the sub-attributes. */
const IDENTIFYING = new Set(["userName", "displayName", "externalId", "profileUrl"]);
const LISTED = new Set(["emails", "phoneNumbers", "ims", "photos"]);
const CLAIMED = new Set(["userName", "email", "displayName"]);
const PARTS = new Set(["givenName", "familyName", "middleName", "nickName", "employeeNumber"]);
/** Claims that speak of the person as a whole; others (a department, a locale) many people share. */
const IDENTIFYING_CLAIM = /mail|upn|name|phone|oid|sub|picture|photo|nickname|employee|address/i;

/** Keys under which journals hold a person's names. */
export const JOURNAL = new Set(["userName", "email", "displayName", "photo"]);
export const JOURNAL_PARTS = new Set(["givenName", "familyName"]);

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
      take(identifying, row.userName, row.externalId, row.subject, ...row.otherNames);
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
    // what an admin accepted of a review item: the account's from then on
    if (detail["item"] === undefined) continue;
    take(identifying, detail["subject"], detail["signedInBy"], ...((detail["names"] ?? []) as readonly Json[]));
  }
  const all = [...new Set([...identifying, ...parts])];
  const sure = [
    ...all.filter(hasAddress),
    ...[...wholeNames(records, journal)].filter(hasWords),
    ...sourceIds(records),
  ];
  return {
    identifying: [...identifying],
    all,
    unmistakable: [...new Set(sure)].filter(fits),
    userNames: [...userNames],
  };
}

function fits({ length }: string): boolean {
  return length <= LONGEST_WRITTEN;
}

function hasAddress(name: string): boolean {
  return /[^\s@]@[^\s@]/.test(name);
}

function hasWords(name: string): boolean {
  return name.split(/\s+/).filter((word) => /\p{L}/u.test(word)).length > 1;
}

function wholeNames(records: readonly PersonalRecords[], journal: readonly JsonObject[]): ReadonlySet<string> {
  const names = new Set<string>();
  take(names, ...records.flatMap(({ userName, displayName }) => [userName, displayName]));
  for (const { givenName, familyName } of records) takeJoined(names, givenName, familyName);
  for (const detail of journal) {
    take(names, detail["userName"], detail["displayName"]);
    takeJoined(names, detail["givenName"], detail["familyName"]);
  }
  for (const { userName, resource, claims } of records.flatMap(({ rows }) => rows)) {
    take(names, userName, claims?.attributes.userName?.value, claims?.attributes.displayName?.value);
    take(names, resource?.["userName"], resource?.["displayName"], resource?.["nickName"]);
    takeJoined(names, claims?.attributes.givenName?.value, claims?.attributes.familyName?.value);
    for (const name of listed(resource?.["name"] ?? null)) {
      take(names, name["formatted"]);
      takeJoined(names, name["givenName"], name["familyName"]);
    }
  }
  return names;
}

/** Whoever writes of somebody whose name came in parts puts them together, in either order. */
function takeJoined(into: Set<string>, given: Json | undefined, family: Json | undefined): void {
  if (typeof given !== "string" || typeof family !== "string") return;
  take(into, `${given} ${family}`, `${family} ${given}`, `${family}, ${given}`);
}

function sourceIds(records: readonly PersonalRecords[]): readonly string[] {
  const ids = new Set<string>();
  for (const { externalId, subject, otherNames } of records.flatMap(({ rows }) => rows)) {
    take(ids, externalId, subject, ...otherNames);
  }
  return [...ids].filter((id) => id.length >= LONG_ID && /\d/.test(id));
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
