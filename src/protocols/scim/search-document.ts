import { fold } from "../../model/fold.js";
import type { Json, JsonObject } from "../../model/json.js";
import { base64Form } from "./base64.js";
import { instantOf } from "./date-time.js";
import { isList, isObject } from "./json-value.js";
import type { Attribute, ResourceType, Schema } from "./schema.js";

/** The form in which filters compare a resource: case-insensitive texts folded, times as epoch milliseconds, bytes in one alphabet. */
export function searchDocument(type: ResourceType, resource: JsonObject): JsonObject {
  const document: Record<string, Json> = searchAttributes(type.core, resource);
  for (const { schema } of type.extensions) {
    const data = resource[schema.urn];
    if (isObject(data)) document[schema.urn] = searchAttributes(schema, data);
  }
  return document;
}

function searchAttributes(schema: Schema, data: JsonObject): Record<string, Json> {
  const document: Record<string, Json> = {};
  for (const [name, value] of Object.entries(data)) {
    const attribute = schema.attributes.get(name.toLowerCase());
    if (attribute !== undefined) document[name] = searchValue(attribute, value);
  }
  return document;
}

/** The search form of one attribute's value, or of one of its elements. */
export function searchValue(attribute: Attribute, value: Json): Json {
  if (isList(value)) return value.map((item) => searchValue(attribute, item));
  if (isObject(value)) {
    const document: Record<string, Json> = {};
    for (const [name, item] of Object.entries(value)) {
      const sub = attribute.subs.get(name.toLowerCase());
      if (sub !== undefined) document[name] = searchValue(sub, item);
    }
    return document;
  }
  if (typeof value !== "string") return value;
  if (attribute.type === "binary") return base64Form(value);
  if (attribute.type === "dateTime") return instantOf(value) ?? value;
  return attribute.caseExact ? value : fold(value);
}
