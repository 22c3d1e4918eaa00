/** Owns what the characteristics `required` and `immutable` ask of one value that is stored. */
import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { ScimError } from "./errors.js";
import { isList, isObject, sameJson } from "./json-value.js";
import type { Attribute, ResourceType, Schema } from "./schema.js";
import { searchValue } from "./search-document.js";

/** How a resource came about. */
export interface Coming {
  /** What is stored; absent for a POST. */
  readonly previous: JsonObject | undefined;
  /** By a PATCH, which need not bring what was missing before. */
  readonly patched: boolean;
}

/** Refuses data of an extension that is not as it must be. */
export function checkExtension(
  { schema, required }: ResourceType["extensions"][number],
  resource: JsonObject,
  { previous, patched }: Coming,
): void {
  const data = resource[schema.urn];
  const before = previous?.[schema.urn];
  const had = isObject(before) ? before : {};
  if (isObject(data)) requireAttributes(schema, data, patched ? had : undefined);
  else if (required && !(patched && before === undefined)) {
    throw new ScimError("invalidValue", `${quote(schema.urn)} is required`);
  }
}

/** `had`: what was missing there already may go on missing, where there was anything. */
export function requireAttributes(schema: Schema, data: JsonObject, had: JsonObject = {}): void {
  const isNew = Object.keys(had).length === 0;
  for (const attribute of schema.attributes.values()) {
    if (attribute.mutability === "readOnly" || attribute.mutability === "writeOnly") continue;
    const missing = missingIn(attribute, data[attribute.name]);
    if (missing === undefined || (!isNew && missingIn(attribute, had[attribute.name]) === missing)) continue;
    throw new ScimError("invalidValue", `${quote(missing)} is required`);
  }
}

/** The id of what is required and is not there. */
function missingIn(attribute: Attribute, value: Json | undefined): string | undefined {
  if (attribute.required && isBlank(value)) return attribute.id;
  const elements = isList(value) ? value : [value];
  const lacks = ({ name, required }: Attribute) =>
    required && elements.some((element) => isObject(element) && isBlank(element[name]));
  return [...attribute.subs.values()].find(lacks)?.id;
}

function isBlank(value: Json | undefined): boolean {
  return value === undefined || (typeof value === "string" && value.trim() === "");
}

/** RFC-19: what is set stays as it is, to the letter; the same value, as filters compare it, may be sent again. */
export function keepImmutable<T extends Json | undefined>(
  attribute: Attribute,
  before: Json | undefined,
  after: T,
): Json | T {
  if (attribute.mutability !== "immutable" || before === undefined || before === after) return after;
  if (after !== undefined && sameJson(searchValue(attribute, before), searchValue(attribute, after))) return before;
  throw new ScimError("mutability", `${quote(attribute.id)} cannot be changed once it is set`);
}
