/** Owns what counts as a value in a claim: IdPs are read leniently, and nothing unbounded or unprintable gets in. */
import { dnsName } from "../../model/domain-form.js";

/** Longer texts are no names of anything. */
const LONGEST_TEXT = 1_024;

/** More groups than this are unknown rather than half known. */
export const MOST_GROUPS = 5_000;

/** Raw claims that rules may read by name. */
export const MOST_CLAIMS = 100;
export const MOST_VALUES = 200;

/** INVARIANT: no control characters (a NUL ends a PostgreSQL transaction) and no half surrogates leave this room. */
const UNPRINTABLE = /[\p{Cc}\p{Surrogate}]/u;

/** A text of a bearable length, or a number as text; `undefined` for anything else, the empty text included. */
export function textOf(value: unknown, longest: number = LONGEST_TEXT): string | undefined {
  const text = typeof value === "number" && Number.isFinite(value) ? String(value) : value;
  if (typeof text !== "string" || text === "" || text.length > longest) return undefined;
  return UNPRINTABLE.test(text) ? undefined : text;
}

/** One value or a list of them as a list without repetitions; `undefined` when one of them is no text. */
export function textsOf(value: unknown, most: number): readonly string[] | undefined {
  const values = Array.isArray(value) ? value : [value];
  if (values.length > most) return undefined;
  const texts = new Set<string>();
  for (const one of values) {
    const text = typeof one === "boolean" ? String(one) : textOf(one);
    if (text === undefined) return undefined;
    texts.add(text);
  }
  return [...texts];
}

/**
 * An e-mail by which people may be recognised: an ASCII local part, because look-alikes (U+212A KELVIN SIGN for `k`) take
 * accounts, and the domain as DNS knows it. `undefined` when there is no such form of it.
 */
export function linkableEmail(email: string): string | undefined {
  const at = email.lastIndexOf("@");
  const local = email.slice(0, at);
  const domain = dnsName(email.slice(at + 1));
  if (at < 1 || domain === undefined || !/^[\x21-\x7e]+$/.test(local) || local.includes("@")) return undefined;
  return `${local}@${domain}`;
}
