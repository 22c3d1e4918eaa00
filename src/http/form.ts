/** Owns how a posted form becomes fields: by hand, as `URLSearchParams` takes a third of a second for a megabyte of plus signs. */
import { Refusal } from "../model/problem.js";
import { fieldsOf, MOST_FIELDS, tooMany } from "./fields.js";

const PLUS = 0x2b;
const BLANK = 0x20;

/** `application/x-www-form-urlencoded` as browsers write it; escapes that are broken, or no UTF-8, are refused. Changes the bytes. */
export function formFields(bytes: Buffer, decode: (bytes: Buffer) => string): Readonly<Record<string, string>> {
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] === PLUS) bytes[at] = BLANK;
  return fieldsOf(pairsOf(decode(bytes)), "form field");
}

/** INVARIANT: empty fields count too: a megabyte of `&` is a million of them. */
function pairsOf(text: string): readonly (readonly [name: string, value: string])[] {
  const fields = text.split("&", MOST_FIELDS + 1);
  if (fields.length > MOST_FIELDS) throw tooMany("form field");
  return fields.filter((field) => field !== "").map(pairOf);
}

function pairOf(pair: string): readonly [name: string, value: string] {
  const equals = pair.indexOf("=");
  if (equals < 0) return [unescaped(pair), ""];
  return [unescaped(pair.slice(0, equals)), unescaped(pair.slice(equals + 1))];
}

function unescaped(text: string): string {
  const plain = text.includes("%") ? tryUnescape(text) : text;
  if (plain !== undefined) return plain;
  throw new Refusal("bad_request", "a form field has an escape that is broken or no UTF-8: write `%` as `%25`");
}

function tryUnescape(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
