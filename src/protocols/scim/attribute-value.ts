/** Owns the border between a client's JSON and an attribute's type: leniently read, named in every refusal. */

import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { isBase64 } from "./base64.js";
import { instantOf } from "./date-time.js";
import type { Reading } from "./dialect.js";
import { ScimError } from "./errors.js";
import { isList, isObject } from "./json-value.js";
import { joinElements, refuseSeveralPrimaries } from "./multi-value.js";
import {
  appRoleFromJson,
  booleanFromText,
  isEmptyManager,
  MANAGER,
  managerFromList,
  managerFromText,
  ROLES,
  unwrapped,
} from "./quirks/entra.js";
import { isReference } from "./reference.js";
import { isBlankRole, isRoles } from "./roles.js";
import type { Attribute } from "./schema.js";
import { isStorable } from "./storable-text.js";

/** A whole attribute's value; `undefined` is absent, which null and `[]` mean too (RFC-06). */
export function readValue(attribute: Attribute, value: Json, reading: Reading): Json | undefined {
  if (value === null) return undefined;
  if (!attribute.multiValued) return readElement(attribute, value, reading);
  if (isList(value)) return readElements(attribute, value, reading);
  reading.quirks.add("lone_value");
  return readElements(attribute, [value], reading);
}

/** A list's elements, each once, with at most one primary; `undefined` when nothing is left. */
export function readElements(
  attribute: Attribute,
  values: readonly Json[],
  reading: Reading,
): readonly Json[] | undefined {
  refuseMany(attribute, values, reading);
  if (values.includes(null)) reading.quirks.add("null_element");
  const elements = values.flatMap((value) => (value === null ? [] : (readElement(attribute, value, reading) ?? [])));
  const distinct = joinElements(attribute, [], elements, reading);
  refuseSeveralPrimaries(attribute, distinct);
  return distinct.length === 0 ? undefined : distinct;
}

/** Before any of them is looked at. */
export function refuseMany(attribute: Attribute, values: readonly Json[], { limits }: Reading): void {
  if (values.length <= limits.values) return;
  throw new ScimError("invalidValue", `${quote(attribute.id)} has more than ${limits.values} values`);
}

/** One value of the attribute, or the only one. */
export function readElement(attribute: Attribute, value: Json, reading: Reading): Json | undefined {
  if (attribute.type !== "complex") return readPlain(attribute, unwrap(attribute, value, reading), reading);
  const parts = readParts(attribute, value, reading);
  const element: Record<string, Json> = {};
  for (const [sub, part] of parts) if (part !== undefined) element[sub.name] = part;
  // An assignment without a value is none.
  if (isRoles(attribute) && isBlankRole(element["value"] ?? null) && "type" in element) {
    reading.quirks.add("blank_role");
    return undefined;
  }
  return Object.keys(element).length === 0 ? undefined : element;
}

/** The parts that a complex value names; a part that is named and absent (null) is there as `undefined`. */
export function readParts(
  attribute: Attribute,
  value: Json,
  reading: Reading,
): ReadonlyMap<Attribute, Json | undefined> {
  const object = settle(attribute, value, reading);
  if (!isObject(object)) throw mistyped(attribute, "an object", object);
  if (attribute.subs.get("$ref")?.mutability === "readOnly") noteLink(object, reading);
  const parts = new Map<Attribute, Json | undefined>();
  for (const [name, item] of Object.entries(object)) {
    const sub = attribute.subs.get(name.toLowerCase());
    if (sub === undefined) reading.quirks.add("unknown_attribute");
    else if (parts.has(sub)) throw givenTwice(sub.id);
    else if (sub.mutability !== "readOnly") parts.set(sub, readWritable(sub, item, reading));
  }
  return parts;
}

/** Of an object whose `value` is the id of another resource: `$ref` should lead there, and is not followed. */
export function noteLink(object: JsonObject, { quirks }: Pick<Reading, "quirks">): void {
  const link = memberOf(object, "$ref");
  const value = memberOf(object, "value");
  if (typeof link !== "string" || typeof value !== "string" || link === "") return;
  const [path = ""] = link.split(/[?#]/);
  if (path.slice(path.lastIndexOf("/") + 1) !== value) quirks.add("wrong_link");
}

/**
 * The value of an attribute, or of a part, that a client may set. What is write-only is looked at for its type alone, and goes
 * no further than here (OKTA-04).
 */
export function readWritable(attribute: Attribute, value: Json, reading: Reading): Json | undefined {
  const read = readValue(attribute, value, reading);
  if (attribute.returned === "request") reading.sent.add(attribute);
  if (attribute.mutability !== "writeOnly") return read;
  if (attribute.id === "password" && read !== undefined) reading.quirks.add("placeholder_password");
  return undefined;
}

/** Undoes what particular clients do to particular attributes, before their type is looked at. */
function settle(attribute: Attribute, value: Json, reading: Reading): Json {
  if (attribute.id === MANAGER) return settleManager(value, reading);
  return attribute.id === ROLES ? settleRole(value, reading) : value;
}

function settleManager(value: Json, reading: Reading): Json {
  const single = managerFromList(value);
  if (single !== undefined) reading.quirks.add("manager_as_list");
  const manager = single ?? value;
  if (isObject(manager)) refuseKeysTwice(manager);
  if (isEmptyManager(manager)) {
    reading.quirks.add("manager_emptied");
    return { value: null };
  }
  const object = managerFromText(manager);
  if (object !== undefined) reading.quirks.add("manager_as_text");
  return object ?? manager;
}

function settleRole(value: Json, reading: Reading): Json {
  const text = isObject(value) ? value["value"] : value;
  const role = typeof text === "string" ? appRoleFromJson(text) : undefined;
  if (role === undefined) return value;
  reading.quirks.add("app_role_as_json");
  return isObject(value) ? { ...value, ...role } : { ...role };
}

function unwrap(attribute: Attribute, value: Json, reading: Reading): Json {
  const inner = attribute.multiValued ? unwrapped(value) : undefined;
  if (inner === undefined) return value;
  reading.quirks.add("wrapped_value");
  return inner;
}

function readPlain(attribute: Attribute, value: Json, reading: Reading): Json {
  switch (attribute.type) {
    case "boolean":
      return readBoolean(attribute, value, reading);
    case "integer":
      return Number.isSafeInteger(value)
        ? value
        : refuse(attribute, `a whole number of at most ${Number.MAX_SAFE_INTEGER}`, value);
    case "decimal":
      // JSON's own numbers end where JavaScript's become infinite, and infinity cannot be kept
      return Number.isFinite(value) ? value : refuse(attribute, "a number below 1.8e308", value);
    case "dateTime":
      return isText(value) && instantOf(value) !== undefined
        ? value
        : refuse(attribute, "a date and time with its zone, as 2026-01-31T12:00:00Z", value);
    case "binary":
      return isText(value) && isBase64(value) ? value : refuse(attribute, "base64", value);
    case "reference":
      return isText(value) && isReference(value) ? value : refuse(attribute, "a URI", value);
    default:
      return isText(value) ? value : refuse(attribute, "text", value);
  }
}

function readBoolean(attribute: Attribute, value: Json, reading: Reading): boolean {
  if (typeof value === "boolean") return value;
  const read = booleanFromText(value);
  if (read === undefined) return refuse(attribute, "true or false", value);
  reading.quirks.add("boolean_as_text");
  return read;
}

function isText(value: Json): value is string {
  return typeof value === "string" && isStorable(value);
}

function refuse(attribute: Attribute, wanted: string, value: Json): never {
  throw mistyped(attribute, wanted, value);
}

/** Values of attributes that are never returned stay out of messages too (RFC-13). */
function mistyped(attribute: Attribute, wanted: string, value: Json): ScimError {
  const shown = attribute.returned !== "never" && typeof value === "string" ? ` ${quote(value)}` : "";
  const isOther = typeof value === "number" && (attribute.type === "integer" || attribute.type === "decimal");
  const sent = isOther ? "this one" : `${kindOf(value)}${shown}`;
  return new ScimError("invalidValue", `${quote(attribute.id)} must be ${wanted}, not ${sent}`);
}

function kindOf(value: Json): string {
  if (value === null) return "null";
  if (isList(value)) return "a list";
  if (isObject(value)) return "an object";
  return typeof value === "string" ? "the text" : `a ${typeof value}`;
}

export function givenTwice(name: string): ScimError {
  return new ScimError("invalidValue", `${quote(name)} is given twice: letter case makes no difference`);
}

/** Of an object that `memberOf` reads: of two spellings one would be passed over. */
export function refuseKeysTwice(object: JsonObject): void {
  const seen = new Set<string>();
  for (const key of Object.keys(object)) {
    if (seen.has(key.toLowerCase())) throw givenTwice(key);
    seen.add(key.toLowerCase());
  }
}

/** A client's object under any spelling of one key. */
export function memberOf(object: JsonObject, name: string): Json | undefined {
  if (Object.hasOwn(object, name)) return object[name];
  const key = Object.keys(object).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : object[key];
}
