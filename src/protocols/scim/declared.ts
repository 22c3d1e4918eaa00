/** Owns what of a stored resource the loaded schemas declare: nothing else is shown, and nothing else is lost by a PUT. */

import type { Json, JsonObject } from "../../model/json.js";
import { isList, isObject } from "./json-value.js";
import type { Attribute, ResourceType, Schema } from "./schema.js";

/** Whether everything that is stored may be looked at by its characteristics. What a removed schema hid must stay hidden. */
export function isDeclared(type: ResourceType, resource: JsonObject): boolean {
  return Object.keys(resource).every((key) => {
    const value = resource[key];
    const attribute = type.core.attributes.get(key.toLowerCase());
    if (attribute !== undefined) return areDeclared(attribute, value);
    const schema = extensionOf(type, key);
    return schema !== undefined && isObject(value) && isDeclaredBy(schema, value);
  });
}

function isDeclaredBy(schema: Schema, data: JsonObject): boolean {
  return Object.keys(data).every((key) => {
    const attribute = schema.attributes.get(key.toLowerCase());
    return attribute !== undefined && areDeclared(attribute, data[key]);
  });
}

function areDeclared({ subs }: Attribute, value: Json | undefined): boolean {
  const elements = isList(value) ? value : [value];
  return elements.every(
    (element) => !isObject(element) || Object.keys(element).every((key) => subs.has(key.toLowerCase())),
  );
}

function extensionOf({ extensions }: ResourceType, urn: string): Schema | undefined {
  return extensions.find(({ schema }) => schema.urn === urn)?.schema;
}

/** The resource with those attributes of the stored one that no loaded schema declares: a client cannot know of them. */
export function withUndeclared(type: ResourceType, resource: JsonObject, previous: JsonObject): JsonObject {
  if (isDeclared(type, previous)) return resource;
  const kept: Record<string, Json> = { ...resource };
  for (const [key, value] of Object.entries(previous)) {
    if (type.core.attributes.has(key.toLowerCase())) continue;
    const schema = extensionOf(type, key);
    const rest = schema === undefined || !isObject(value) ? value : undeclaredBy(schema, value);
    const data = kept[key];
    if (!isObject(rest)) kept[key] = rest;
    else if (Object.keys(rest).length > 0) kept[key] = { ...rest, ...(isObject(data) ? data : {}) };
  }
  return kept;
}

function undeclaredBy(schema: Schema, data: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(data).filter(([key]) => !schema.attributes.has(key.toLowerCase())));
}
