/** Owns what a log shows of one text of a client: the first letter and the length, unless it says nothing of anybody. */

import { emailDomain } from "../../../model/fold.js";
import { isOpaqueId } from "../../../model/opaque-id.js";
import { isKnownReference, type Vocabulary } from "./vocabulary.js";

/** What redacting needs to know. */
export interface Redacting {
  readonly words: Vocabulary;
  /** E-mail domains that are the tenant's own, in small letters: addresses keep them. */
  readonly domains: ReadonlySet<string>;
}

export const SECRET_TEXT = "(secret)";

/** Lists and objects of schemas whose attributes have fixed values. */
const HAS_FIXED_VALUES = new Set(["type", "resourcetype", "op", "method", "sortorder"]);

/**
 * The text as it stands under this name (the last part of the attribute's, in small letters). Kept: ids that machines make up,
 * "True" and "False", and fixed values where they belong. Never more than 45 characters, and nothing that databases refuse.
 */
export function maskedText(text: string, name: string, redacting: Redacting): string {
  const small = text.toLowerCase();
  if (text === "" || isOpaqueId(text) || small === "true" || small === "false") return text;
  if (HAS_FIXED_VALUES.has(name) && redacting.words.values.has(small)) return text;
  if (name === "schemas" && redacting.words.uris.has(small)) return text;
  if (name === "schemas" && small.startsWith("urn:")) return maskedUrn(text, redacting);
  return masked(text, redacting.domains);
}

const VERSION = /^\d{1,2}(?:\.\d{1,2}){0,2}$/;
const MOST_URN_PARTS = 12;

function isOfUrn(part: string, { names, ofUris }: Vocabulary): boolean {
  const small = part.toLowerCase();
  return part === "" || VERSION.test(part) || ofUris.has(small) || names.has(small);
}

/** Of a schema that nobody declared: the words that declared ones have too. */
function maskedUrn(text: string, { words }: Redacting): string {
  const parts = text.split(":");
  const shown = parts.slice(0, MOST_URN_PARTS).map((part) => (isOfUrn(part, words) ? part : masked(part)));
  return shown.join(":") + (parts.length > MOST_URN_PARTS ? ":…" : "");
}

/** `a…(15)`, of an address `a…(3)@acme.example`, of one or two letters `…(2)`. */
export function masked(text: string, domains: ReadonlySet<string> = new Set()): string {
  const domain = emailDomain(text);
  if (domain !== undefined && domains.has(domain)) return `${masked(text.slice(0, -domain.length - 1))}@${domain}`;
  const [first = ""] = text;
  const shown = text.length > 2 && /[\p{L}\p{N}]/u.test(first) ? first : "";
  return `${shown}…(${text.length})`;
}

/** A number says as much as its digits. */
export function maskedNumber(value: number): string {
  return `…(${String(Math.trunc(Math.abs(value))).length} digits)`;
}

/**
 * What stands where a name is due: keys, parameters, attributes in filters and paths, addresses. Words that the protocol or a schema
 * knows and ids that machines make up stay; whatever else is there may be somebody's name, and is masked.
 */
export function shownName(text: string, redacting: Redacting): string {
  if (isKnownReference(text, redacting.words) || isOpaqueId(text)) return text;
  if (text.toLowerCase().startsWith("urn:")) return maskedUrn(text, redacting);
  return text.includes("/") ? shownAddress(text, redacting) : masked(text, redacting.domains);
}

/** With what stands before the first slash, which is nothing in an address. */
const MOST_SEGMENTS = 9;
/** Of the base itself: where it is there twice, the admin sees it. */
const OF_BASE = /^(?:api|scim|v\d{1,2})$/i;

/** Segment by segment. */
export function shownAddress(path: string, redacting: Redacting): string {
  const segments = path.split("/");
  const shown = segments.slice(0, MOST_SEGMENTS).map((segment) => {
    const text = decoded(segment);
    return text === "" || OF_BASE.test(text) ? text : shownName(text, redacting);
  });
  return `${shown.join("/")}${segments.length > MOST_SEGMENTS ? "/…" : ""}`;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
