/** Owns that whatever else a request brings keeps nobody in whom it switches off. */
import type { Json, JsonObject } from "../../model/json.js";
import { Refusal } from "../../model/problem.js";
import { refusePrototypeKeys } from "./attribute-reference.js";
import { memberOf } from "./attribute-value.js";
import type { Reading } from "./dialect.js";
import { readWritten } from "./document.js";
import { ScimError } from "./errors.js";
import { isList, isObject } from "./json-value.js";
import { requireAttributes } from "./kept-rules.js";
import { applyPatch } from "./patch.js";
import { findTarget } from "./patch-path.js";
import { readPatchRequest } from "./patch-request.js";
import type { Attribute, ResourceType } from "./schema.js";

/** What the store and the directory refuse a document for. Anything else, such as another version, is no fault of its values. */
const OF_VALUES: readonly string[] = ["uniqueness", "unknown_owner", "conflict"];

export interface Switching<T> {
  readonly reading: Reading;
  /** As the resource is stored; absent where the request is about a new one. */
  readonly stored?: JsonObject;
  /** Whether the request says `active: false`, whatever else it says. Throws ScimErrors where that cannot be read. */
  saysOff(): boolean;
  /** Everything that the request asks for. */
  write(): Promise<T>;
  /** Nothing but `active: false`. */
  alone(): Promise<T>;
}

/**
 * Writes; where anything that comes with `active: false` of somebody active is refused, that alone is written. A client that was
 * refused a change earlier sends it again with everything else, and whom it switches off must not stay in for it.
 */
export async function orSwitchOff<T>({ reading, stored, saysOff, write, alone }: Switching<T>): Promise<T> {
  try {
    return await write();
  } catch (refusal) {
    if (!isOfValues(refusal) || stored?.["active"] === false || !isReadAs(true, saysOff)) throw refusal;
    const outcome = await alone().catch((error: unknown) => {
      throw isOfNobody(error) ? refusal : error;
    });
    reading.quirks.add("refused_beside_deactivation");
    return outcome;
  }
}

function isOfValues(refusal: unknown): boolean {
  return refusal instanceof ScimError || (refusal instanceof Refusal && OF_VALUES.includes(refusal.code));
}

/** There is nobody to switch off, or it is not clear whom: what was wrong with the request is the answer. */
function isOfNobody(error: unknown): boolean {
  return error instanceof ScimError || (error instanceof Refusal && error.code === "not_found");
}

function isReadAs<T>(wanted: T, read: () => T): boolean {
  try {
    return read() === wanted;
  } catch (refusal) {
    if (refusal instanceof ScimError) return false;
    throw refusal;
  }
}

/** The document of a stored resource, switched off. What others may not have as well is not looked at again: it is there. */
export function switchedOff<D extends { readonly unique?: unknown }>(
  stored: JsonObject,
  document: (resource: JsonObject) => D,
): Omit<D, "unique"> {
  const { unique: _, ...rest } = document({ ...stored, active: false });
  return rest;
}

/** Of a POST's or a PUT's body. */
export function bodySaysOff(body: Json, reading: Reading): boolean {
  refusePrototypeKeys(body);
  return readWritten(only([ACTIVE], body, reading.type), reading)["active"] === false;
}

/** A user of whom a POST's body says nothing but their names, and that they leave. Throws ScimErrors. */
export function namesLeaving(body: Json, reading: Reading): JsonObject {
  const named = readWritten(only([ACTIVE, ...NAMES], body, reading.type), reading);
  requireAttributes(reading.type.core, named);
  return named;
}

/** Of a body. */
function only(names: readonly string[], body: Json, type: ResourceType): Json {
  if (!isObject(body)) return body;
  const entries = Object.entries(body).flatMap(([key, value]): readonly (readonly [string, Json])[] => {
    const name = key.toLowerCase();
    if (name === "schemas" || names.includes(name)) return [[key, value]];
    return name === type.core.urn.toLowerCase() && isObject(value) ? [[key, only(names, value, type)]] : [];
  });
  return Object.fromEntries(entries);
}

const ACTIVE = "active";
const NAMES = ["username", "externalid", "emails"] as const;

/** Of a PATCH: the operations on `active` are carried out, and no other. */
export function patchSaysOff(body: Json, stored: JsonObject, reading: Reading): boolean {
  refusePrototypeKeys(body);
  const listed = isObject(body) ? memberOf(body, "Operations") : undefined;
  if (!isObject(body) || !isList(listed)) return false;
  const said = {
    schemas: memberOf(body, "schemas") ?? null,
    Operations: listed.flatMap((one) => onActive(one, reading)),
  };
  return applyPatch(stored, readPatchRequest(said, reading), reading).resource["active"] === false;
}

function onActive(operation: Json, reading: Reading): readonly Json[] {
  if (!isObject(operation)) return [];
  const [op = null, path = null, value] = ["op", "path", "value"].map((name) => memberOf(operation, name));
  if (typeof path === "string" && meansActive(path, reading)) return [operation];
  const isWhole = path === null || (typeof path === "string" && isCore(path, reading.type));
  const said = isWhole ? valueOnActive(value, reading) : undefined;
  return said === undefined ? [] : [{ op, value: said }];
}

/** The keys of a value that mean it, by any of their spellings. */
function valueOnActive(value: Json | undefined, reading: Reading): JsonObject | undefined {
  if (!isObject(value)) return undefined;
  const said = Object.entries(value).flatMap(([key, item]): readonly (readonly [string, Json])[] => {
    if (meansActive(key, reading)) return [[key, item]];
    const inside = isCore(key, reading.type) ? valueOnActive(item, reading) : undefined;
    return inside === undefined ? [] : [[key, inside]];
  });
  return said.length === 0 ? undefined : Object.fromEntries(said);
}

/** Most paths are told by their end, without being read. */
function meansActive(path: string, reading: Reading): boolean {
  if (!path.toLowerCase().endsWith(ACTIVE)) return false;
  const attribute: Attribute | undefined = findTarget(path, reading)?.attribute;
  return attribute?.id === ACTIVE;
}

function isCore(path: string, { core }: ResourceType): boolean {
  return path.toLowerCase() === core.urn.toLowerCase();
}
