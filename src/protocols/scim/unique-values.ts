/** Owns the texts of a resource that the store indexes, and which of them no other resource may have. */

import type { UniqueValue } from "../../model/directory.js";
import { fold } from "../../model/fold.js";
import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { ScimError } from "./errors.js";
import { isList, isObject } from "./json-value.js";
import type { ResourceType, UniqueAttribute } from "./schema.js";

const MAX_INDEXED = 512;
/** Of a text as it is compared, the longest that every index carries beside its other columns: only normalization makes more. */
const MAX_INDEXED_BYTES = 2_048;
/** What normalization makes of one unit of UTF-16 has at most so many bytes. */
const MOST_BYTES = 9;

/** Texts that the store indexes are bounded, as they were sent: a database refuses longer keys. Empty ones are absent. */
export function indexed(name: string, value: Json | undefined): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  if (value.length > MAX_INDEXED && [...value].length > MAX_INDEXED) {
    throw new ScimError("invalidValue", `${quote(name)} is longer than ${MAX_INDEXED} characters`);
  }
  if (value.length * MOST_BYTES > MAX_INDEXED_BYTES && Buffer.byteLength(fold(value)) > MAX_INDEXED_BYTES) {
    const what = `has more than ${MAX_INDEXED_BYTES} bytes once it is normalized`;
    throw new ScimError("invalidValue", `${quote(name)} ${what}: shorten it`);
  }
  return value;
}

/** By a search document, whose values are in the form in which they are compared (RFC-20, RFC-21); the resource has them as sent. */
export function uniqueValues(
  type: ResourceType,
  resource: JsonObject,
  search: JsonObject,
): { readonly unique?: readonly UniqueValue[] } {
  if (type.unique.length === 0) return {};
  const values = type.unique.flatMap((unique) => {
    const { id, uniqueness } = unique.sub ?? unique.attribute;
    for (const sent of textsAt(unique, resource)) indexed(id, sent);
    const within = uniqueness === "global" ? "tenant" : "connection";
    return textsAt(unique, search).map((value): UniqueValue => ({ within, attribute: id, value }));
  });
  return { unique: [...new Map(values.map((item) => [JSON.stringify(item), item])).values()] };
}

function textsAt({ schema, attribute, sub }: UniqueAttribute, document: JsonObject): readonly string[] {
  const data = schema.extension ? document[schema.urn] : document;
  const found = isObject(data) ? data[attribute.name] : undefined;
  return (isList(found) ? found : [found]).flatMap((element) => {
    const text = textOf(sub === undefined ? element : partOf(element, sub.name));
    return typeof text === "string" && text !== "" ? [text] : [];
  });
}

function partOf(element: Json | undefined, name: string): Json | undefined {
  return isObject(element) ? element[name] : undefined;
}

/** Numbers, and times in milliseconds, as texts. */
function textOf(value: Json | undefined): Json | undefined {
  return typeof value === "number" ? String(value) : value;
}
