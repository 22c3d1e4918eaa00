/** Owns the texts of a resource that the store indexes, and which of them no other resource may have. */

import type { UniqueValue } from "../../model/directory.js";
import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { ScimError } from "./errors.js";
import { isList, isObject } from "./json-value.js";
import type { ResourceType, UniqueAttribute } from "./schema.js";

const MAX_INDEXED = 512;

/** Texts that the store indexes are bounded: a database refuses longer keys. Empty ones are absent. */
export function indexed(name: string, value: Json | undefined): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  if (value.length > MAX_INDEXED) {
    throw new ScimError("invalidValue", `${quote(name)} is longer than ${MAX_INDEXED} characters`);
  }
  return value;
}

/** By a search document, whose values are in the form in which they are compared (RFC-20, RFC-21). */
export function uniqueValues(type: ResourceType, search: JsonObject): { readonly unique?: readonly UniqueValue[] } {
  if (type.unique.length === 0) return {};
  const values = type.unique.flatMap((unique) => valuesOf(unique, search));
  return { unique: [...new Map(values.map((item) => [JSON.stringify(item), item])).values()] };
}

function valuesOf({ schema, attribute, sub }: UniqueAttribute, search: JsonObject): readonly UniqueValue[] {
  const data = schema.extension ? search[schema.urn] : search;
  const found = isObject(data) ? data[attribute.name] : undefined;
  const { id, uniqueness } = sub ?? attribute;
  return (isList(found) ? found : [found]).flatMap((element): readonly UniqueValue[] => {
    const value = indexed(id, textOf(sub === undefined ? element : partOf(element, sub.name)));
    const within = uniqueness === "global" ? "tenant" : "connection";
    return value === undefined ? [] : [{ within, attribute: id, value }];
  });
}

function partOf(element: Json | undefined, name: string): Json | undefined {
  return isObject(element) ? element[name] : undefined;
}

/** Numbers, and times in milliseconds, as texts. */
function textOf(value: Json | undefined): Json | undefined {
  return typeof value === "number" ? String(value) : value;
}
