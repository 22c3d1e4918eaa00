/** Owns how a refusal's own words look in a log: what they quote of the request is masked like the request. */

import { cutText } from "../../../model/cut-text.js";
import type { Json, JsonObject } from "../../../model/json.js";
import { isOpaqueId } from "../../../model/opaque-id.js";
import { isList } from "../json-value.js";
import { masked, type Redacting } from "./masked-text.js";
import { redactExpression } from "./redacted-expression.js";

const LONGEST = 1_000;
/** Those that clients are known to send, by mistake or not. */
const MEDIA_TYPE =
  /^(?:application\/(?:scim\+json|json|xml|octet-stream|x-www-form-urlencoded)|text\/(?:plain|html|json|xml|csv)|multipart\/form-data)(?:; ?charset=(?:utf-?8|utf-16|us-ascii|iso-8859-1|windows-1252))?$/i;
/** Shorter texts are found in too many words. */
const SHORTEST = 5;
const MOST_TEXTS = 500;
/** Values of a body that are looked at for texts. */
const MOST_VALUES = 10_000;
const MOST_WORDS = 10_000;
/** Characters of one text that are split into words: a message quotes no more of it. */
const MOST_SPLIT = 4_000;

/**
 * What stands in backticks or quotes is from outside, or a name of ours: it is masked unless it is known by name. Whatever else
 * of the request's texts is found in the message is masked as well: no message has to be written with the log in mind. Each place
 * is looked at once, so that nothing masked is masked again, and no name of ours for a text that it begins with.
 */
export function redactMessage(message: string, sent: readonly string[], redacting: Redacting): string {
  const text = cutText(message, LONGEST);
  return text.replace(placesOf(personalIn(text, sent, redacting)), (found) => {
    const mark = found.charAt(0);
    if (mark !== "`" && mark !== '"') return masked(found, redacting.domains);
    const end = found.length > 1 && found.endsWith(mark) ? mark : "";
    return mark + quoted(found.slice(1, found.length - end.length), redacting) + end;
  });
}

/** Where a message may hold somebody: in quotes, the longest first where what was sent has quotes itself, and where it was sent. */
function placesOf(personal: readonly string[]): RegExp {
  const any = personal.map((one) => one.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|") || "(?!)";
  return new RegExp(`\`(?:${any})\`|"(?:${any})"|\`[^\`]*(?:\`|$)|"[^"]*(?:"|$)|${any}`, "g");
}

function quoted(text: string, redacting: Redacting): string {
  if (isKnown(text, redacting) || isOpaqueId(text) || MEDIA_TYPE.test(text)) return text;
  return redactExpression(text, redacting);
}

function isKnown(text: string, { words: { names, values, uris } }: Redacting): boolean {
  const small = text.toLowerCase();
  return names.has(small.replace(/^\//, "")) || values.has(small) || uris.has(small);
}

function personalIn(message: string, sent: readonly string[], redacting: Redacting): readonly string[] {
  const found = new Set(sent.filter((one) => one.length >= SHORTEST && message.includes(one)));
  const personal = [...found].filter((one) => !isKnown(one, redacting) && !isOpaqueId(one));
  return personal.sort((a, b) => b.length - a.length);
}

/**
 * The texts of a request that a message may quote: those of the body, of the query, the parts of the path, and their words.
 * INVARIANT: however large the body is, so many are looked at and no more.
 */
export function textsOf(body: Json | undefined, query: URLSearchParams, path: string): readonly string[] {
  const texts: string[] = [...query.values(), ...path.split("/")];
  const left: Json[] = body === undefined ? [] : [body];
  for (let seen = 0; seen < MOST_VALUES && texts.length < MOST_TEXTS; seen += 1) {
    const next = left.pop();
    if (next === undefined) break;
    if (typeof next === "string") texts.push(next);
    else if (typeof next === "object" && next !== null) {
      left.push(...(isList(next) ? next : Object.values(next as JsonObject)).slice(0, MOST_TEXTS));
    }
  }
  return [...texts, ...wordsOf(texts)];
}

function wordsOf(texts: readonly string[]): readonly string[] {
  const words: string[] = [];
  for (const text of texts) {
    for (const word of cutText(text, MOST_SPLIT).split(/[\s"()[\]]+/)) if (word.length >= SHORTEST) words.push(word);
    if (words.length >= MOST_WORDS) break;
  }
  return words;
}
