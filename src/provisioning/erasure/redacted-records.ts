/** Redacted records are what is left of a stored entry when a person is taken out of it. */
import type { Json, JsonObject } from "../../model/json.js";
import type { PersonalRecords } from "../ports/erasure.js";
import { JOURNAL, JOURNAL_PARTS, type PersonalNames } from "./personal-names.js";
import { folded, type Redaction, redaction } from "./redaction.js";

const WRITTEN = new Set(["reason", "note"]);

/** An entry of a journal that is filed under the person: all names in it are theirs. `undefined` when nothing would change. */
export function redactEntry(text: string, redact: Redaction, pseudonym: string): string | undefined {
  const { item } = JSON.parse(text) as JsonObject;
  if (item !== undefined) return withoutReviewed(text, () => true);
  return rewritten(text, (key, value) => {
    if (WRITTEN.has(key)) return redact(value) ?? value;
    if (key === "userName") return pseudonym;
    return JOURNAL.has(key) || JOURNAL_PARTS.has(key) ? null : value;
  });
}

/**
 * An entry of somebody else, or of nobody, in which somebody wrote a reason: of what was given by hand, or of another removal; or that
 * tells of a review item. INVARIANT: a reason that was not written by hand tells of rules, groups and teams, and stays.
 */
export function redactHandWritten(text: string, redact: Redaction, { ids, all }: WhoseEntry): string | undefined {
  const { origin = "manual", item } = JSON.parse(text) as JsonObject;
  if (origin !== "manual") return undefined;
  // what an admin decided of a review item, which says who it is about
  if (item !== undefined && namesOneOf(text, ids)) {
    return withoutReviewed(text, (subject) => namesOneOf(JSON.stringify(subject), all));
  }
  if (item !== undefined) return rewritten(text, (_, value) => redact(value) ?? value);
  return rewritten(text, (key, value) => (key === "reason" ? (redact(value) ?? value) : value));
}

/** What an admin decided of a review item that names the account by an id: names are of those whom the ids mean, the subject may be another's. */
function withoutReviewed(text: string, isTheirs: (subject: Json) => boolean): string | undefined {
  const { names, signedInBy: _, subject, ...rest } = JSON.parse(text) as JsonObject;
  const goes = subject !== undefined && isTheirs(subject);
  if (names === undefined && !goes) return undefined;
  return JSON.stringify({ ...rest, ...(subject !== undefined && !goes && { subject }) });
}

/** Whose names go. */
export interface WhoseEntry {
  /** Of the account and of its rows. */
  readonly ids: readonly string[];
  readonly all: readonly string[];
}

export function isNoMereWord(name: string): boolean {
  return /[@\s]/.test(name);
}

/** Evidence of theirs tells of groups and values, which may be called like the person: only what is no mere word is taken out. */
export function redactEvidence(
  text: string,
  { identifying }: PersonalNames,
  others: (name: string) => boolean,
): string | undefined {
  const redact = redaction(identifying.filter((name) => isNoMereWord(name) && !others(name)));
  return rewritten(text, (_, value) => redact(value) ?? value);
}

function rewritten(text: string, rewrite: (key: string, value: string) => string | null): string | undefined {
  const before: Json = JSON.parse(text);
  const after = JSON.stringify(before, (key: string, value: Json) =>
    typeof value === "string" ? rewrite(key, value) : value,
  );
  return after === JSON.stringify(before) ? undefined : after;
}

/** Whether any text in a JSON document is, in any case, one of these. */
export function namesOneOf(text: string, names: readonly string[]): boolean {
  const wanted = new Set(names.map(folded));
  let found = false;
  JSON.parse(text, (_, value: Json) => {
    if (typeof value === "string" && wanted.has(folded(value))) found = true;
    return value;
  });
  return found;
}

/**
 * Whether a trace of a sign-in in which nobody was recognised was theirs: by what can mean nobody else, or by the subject or
 * user name that was theirs at that connection.
 */
export function isTraceOf(text: string, rows: PersonalRecords["rows"], sure: readonly string[]): boolean {
  const { connection, subject, userNames, facts } = JSON.parse(text) as JsonObject;
  const { user } = (facts ?? {}) as JsonObject;
  if (namesOneOf(JSON.stringify([subject ?? null, userNames ?? null, user ?? null]), sure)) return true;
  const theirs = rows.filter((row) => row.connection === connection).flatMap(signInNames);
  return namesOneOf(JSON.stringify([subject ?? null, userNames ?? null]), theirs);
}

/** What a sign-in calls the person of this row. */
export function signInNames({
  userName,
  subject,
  externalId,
  otherNames,
  claims,
}: PersonalRecords["rows"][number]): readonly string[] {
  const claimed = claims?.attributes.userName?.value;
  return [userName, subject, externalId, claimed, ...otherNames].filter((name) => typeof name === "string");
}
