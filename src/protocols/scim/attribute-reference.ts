import type { Json } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { ScimError, type ScimErrorKind } from "./errors.js";
import { isList, isObject } from "./json-value.js";

/** How a client names an attribute: `userName`, `name.givenName`, `urn:...:User:manager.value`; letter case as sent. */
export interface AttributeReference {
  readonly uri?: string;
  readonly name: string;
  readonly sub?: string;
}

const NAME = /^[A-Za-z$][\w$-]*$/;
const URI = /^[A-Za-z][\w.~%+/:@-]*$/;
/** Keys by which an object's prototype is reached; no attribute is called so (security: prototype pollution). */
const PROTOTYPE_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

export function isPrototypeKey(name: string): boolean {
  return PROTOTYPE_KEYS.has(name.toLowerCase());
}

/**
 * Reads one reference; `undefined` for a text that is none. The last colon ends the URI, so that the dot in `2.0`
 * is never taken for the dot before a sub-attribute.
 */
export function parseReference(text: string): AttributeReference | undefined {
  const colon = text.lastIndexOf(":");
  const uri = colon < 0 ? undefined : text.slice(0, colon);
  const tail = text.slice(colon + 1);
  const dot = tail.indexOf(".");
  const name = dot < 0 ? tail : tail.slice(0, dot);
  const sub = dot < 0 ? undefined : tail.slice(dot + 1);
  if (!NAME.test(name) || (sub !== undefined && !NAME.test(sub))) return undefined;
  if (uri !== undefined && !URI.test(uri)) return undefined;
  return { ...(uri === undefined ? {} : { uri }), name, ...(sub === undefined ? {} : { sub }) };
}

export function printReference(reference: AttributeReference): string {
  const uri = reference.uri === undefined ? "" : `${reference.uri}:`;
  return `${uri}${reference.name}${reference.sub === undefined ? "" : `.${reference.sub}`}`;
}

/** A quoted operand, up to the end where it does not end. INVARIANT: it never backtracks, so that a scan is linear. */
const QUOTED = /"(?:[^"\\]|\\.?)*(?:"|$)/gs;

/** Refuses a path any step of which is a prototype key, in whatever letter case; quoted operands are no steps. */
export function refusePrototypePath(path: string, kind: ScimErrorKind): void {
  const steps = path.replace(QUOTED, "").split(/[.:[\]()\s]+/);
  const bad = steps.find(isPrototypeKey);
  if (bad !== undefined) throw new ScimError(kind, `${quote(bad)} names no attribute: remove it from the path`);
}

const MAX_NESTING = 16;
const MAX_KEYS = 1_000;

/**
 * Refuses prototype keys anywhere in a client's value, also under attributes that are ignored, and values nested deeper
 * or with more keys than any resource has, so that later walks need no guard of their own.
 */
export function refusePrototypeKeys(value: Json | undefined, depth = 1): void {
  if (!isList(value) && !isObject(value)) return;
  if (depth > MAX_NESTING) throw new ScimError("invalidValue", `the body is nested deeper than ${MAX_NESTING} levels`);
  if (isList(value)) {
    for (const item of value) refusePrototypeKeys(item, depth + 1);
    return;
  }
  const entries = Object.entries(value);
  if (entries.length > MAX_KEYS) {
    throw new ScimError("tooLarge", `an object has ${entries.length} keys: send at most ${MAX_KEYS} in one`);
  }
  for (const [key, item] of entries) {
    if (isPrototypeKey(key)) {
      throw new ScimError("invalidValue", `${quote(key)} names no attribute: remove it from the body`);
    }
    refusePrototypeKeys(item, depth + 1);
  }
}
