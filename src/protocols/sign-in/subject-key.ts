/** Owns how keys of people are written in protocols where several things may name one. */
import { createHash } from "node:crypto";

/** Longer keys are kept as a digest: databases index none that are much longer. In bytes of UTF-8. */
const LONGEST_KEY = 1_000;

/** Whether a value can be a key as it is, to be compared with an externalId. */
export function canBeBare(value: string): boolean {
  return !value.startsWith("=");
}

/**
 * The key of what `head` calls by `value`. INVARIANT: it begins with `=`, which no bare key does, so that nothing that is
 * sent can be written like somebody else's key; `head` is made of `keyPart`s with `;`, `=` or a blank between them.
 */
export function markedKey(head: string, value: string): string {
  return boundedKey(`=${head}:${value}`);
}

/** The key of a person whom an attribute names. */
export function attributeKey(name: string, value: string): string {
  return markedKey(`attribute ${keyPart(name)}`, value);
}

export function boundedKey(key: string): string {
  if (Buffer.byteLength(key, "utf8") <= LONGEST_KEY) return key;
  return `=sha256=${createHash("sha256").update(key, "utf8").digest("hex")}`;
}

/** Without what separates the parts of a key. */
export function keyPart(text: string): string {
  return text.replace(/[%;:= ]/g, encodeURIComponent);
}
