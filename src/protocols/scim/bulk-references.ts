/**
 * Owns references between the operations of a bulk request (RFC 7644 section 3.7.2): `bulkId:x` stands for the id of what
 * the operation with the bulkId `x` makes.
 */

import type { Json } from "../../model/json.js";
import { isList, isObject } from "./json-value.js";

const PREFIX = "bulkId:";

/** The bulkId that a text is a reference to; `undefined` for any other text. */
export function bulkIdOf(text: string): string | undefined {
  return text.startsWith(PREFIX) && text.length > PREFIX.length ? text.slice(PREFIX.length) : undefined;
}

/** Where else a text may hold references: at the end of a link, and as operands in the path of a PATCH operation. */
const INSIDE: Readonly<Record<string, RegExp>> = {
  $ref: /(?<=\/)bulkId:([^/]+)$/g,
  path: /(?<=")bulkId:([^"]+)(?=")/g,
};

/** Every bulkId that a value refers to, each once. */
export function referencesIn(value: Json): ReadonlySet<string> {
  const found = new Set<string>();
  replaceReferences(value, "", (bulkId) => {
    found.add(bulkId);
    return undefined;
  });
  return found;
}

/** The value with ids where it refers to operations; references to those that `ids` does not know stay as they are. */
export function resolveReferences(value: Json, ids: ReadonlyMap<string, string>): Json {
  return replaceReferences(value, "", (bulkId) => ids.get(bulkId));
}

function replaceReferences(value: Json, key: string, idOf: (bulkId: string) => string | undefined): Json {
  if (typeof value === "string") return replaceInText(value, key, idOf);
  if (isList(value)) return value.map((item) => replaceReferences(item, key, idOf));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, replaceReferences(item, name, idOf)]));
}

function replaceInText(text: string, key: string, idOf: (bulkId: string) => string | undefined): string {
  if (!text.includes(PREFIX)) return text;
  const bulkId = bulkIdOf(text);
  if (bulkId !== undefined) return idOf(bulkId) ?? text;
  const inside = Object.hasOwn(INSIDE, key) ? INSIDE[key] : undefined;
  return inside === undefined ? text : text.replace(inside, (whole, named: string) => idOf(named) ?? whole);
}
