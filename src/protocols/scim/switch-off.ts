/** Owns that whatever else a request brings keeps nobody in whom it switches off. */
import type { ScimUserDocument } from "../../model/directory.js";
import type { Json, JsonObject } from "../../model/json.js";
import { Refusal } from "../../model/problem.js";
import { refusePrototypeKeys } from "./attribute-reference.js";
import { givenTwice, memberOf } from "./attribute-value.js";
import type { Reading } from "./dialect.js";
import { readWritten, userDocument } from "./document.js";
import { ScimError } from "./errors.js";
import { isList, isObject, sameJson } from "./json-value.js";
import { requireAttributes } from "./kept-rules.js";
import { applyPatch } from "./patch.js";
import { findTarget } from "./patch-path.js";
import { readPatchRequest } from "./patch-request.js";
import { refuseTooLarge } from "./resource-size.js";
import type { Attribute, ResourceType } from "./schema.js";
import { saidOf } from "./unfolded.js";

/** What the store and the directory refuse a document for. Anything else, such as another version, is no fault of its values. */
const OF_VALUES: readonly string[] = ["uniqueness", "unknown_owner", "conflict", "foreign_domain"];

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
    if (reading.refused) throw reading.refused;
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
  if (!isObject(body)) return false;
  const said = saidOf(ACTIVE, body, reading.type);
  const isOff = (active: Json) => readWritten({ schemas: schemasOf(body), active }, reading)["active"] === false;
  return said.length > 0 && said.every(isOff);
}

/**
 * The document of a user of whom a POST's body says nothing but their names, and that they leave. Of the names other than the
 * userName those count that can be read: what is wrong with one hides nobody. Throws ScimErrors.
 */
export function namesLeaving(body: Json, reading: Reading): ScimUserDocument {
  const read = (names: readonly string[]): ScimUserDocument => {
    const named = { ...readWritten(only(names, body, reading.type), reading), active: false };
    requireAttributes(reading.type.core, named);
    refuseTooLarge(named, reading.limits.resourceBytes, undefined);
    return userDocument(named, reading);
  };
  return read([USER_NAME, ...OTHER_NAMES.filter((name) => isReadAs(true, () => Boolean(read([USER_NAME, name]))))]);
}

/** Of a body: what is said twice counts where it is the same. */
function only(names: readonly string[], body: Json, type: ResourceType): JsonObject {
  const from = isObject(body) ? body : {};
  const said = names.flatMap((name): readonly (readonly [string, Json])[] => {
    const [value, ...others] = saidOf(name, from, type);
    if (value === undefined) return [];
    if (!others.every((other) => sameJson(value, other))) throw givenTwice(name);
    return [[name, value]];
  });
  return { schemas: schemasOf(from), ...Object.fromEntries(said) };
}

function spellingsOf(name: string, object: JsonObject): readonly string[] {
  return Object.keys(object).filter((key) => key.toLowerCase() === name);
}

function schemasOf(body: JsonObject): Json {
  return memberOf(body, "schemas") ?? null;
}

const ACTIVE = "active";
const USER_NAME = "username";
const OTHER_NAMES = ["externalid", "emails"] as const;

/** Of a PATCH: the operations on `active` are carried out, and no other. Each list of operations must say it. */
export function patchSaysOff(body: Json, stored: JsonObject, reading: Reading): boolean {
  refusePrototypeKeys(body);
  if (!isObject(body)) return false;
  const lists = spellingsOf("operations", body).map((key) => body[key] ?? null);
  const saysOff = (listed: Json): boolean => {
    if (!isList(listed)) return false;
    const said = { schemas: schemasOf(body), Operations: listed.flatMap((one) => onActive(one, reading)) };
    return applyPatch(stored, readPatchRequest(said, reading), reading).resource["active"] === false;
  };
  return lists.length > 0 && lists.every(saysOff);
}

function onActive(operation: Json, reading: Reading): readonly Json[] {
  if (!isObject(operation)) return [];
  const [op = null, path = null, value] = ["op", "path", "value"].map((name) => memberOf(operation, name));
  if (typeof path === "string" && meansActive(path, reading)) return [saidOnce(operation)];
  const isWhole = path === null || (typeof path === "string" && isCore(path, reading.type));
  const [said, ...others] = isWhole ? valuesOfActive(value, reading) : [];
  if (said === undefined) return [];
  if (!others.every((other) => isSame(said, other))) throw givenTwice(ACTIVE);
  return [{ op, value: { active: said } }];
}

/** Its own keys, without those that say again what another spelling of them says. */
function saidOnce(operation: JsonObject): JsonObject {
  const own = Object.entries(operation).filter(([key]) => OF_OPERATION.has(key.toLowerCase()));
  const isRepeated = ([key, value]: readonly [string, Json], at: number): boolean =>
    own.slice(0, at).some(([other, said]) => other.toLowerCase() === key.toLowerCase() && isSame(said, value));
  return Object.fromEntries(own.filter((entry, at) => !isRepeated(entry, at)));
}

const OF_OPERATION: ReadonlySet<string> = new Set(["op", "path", "value"]);

/** Of `op`, `path` and a truth, which texts may stand for, letter case means nothing. */
function isSame(one: Json, other: Json): boolean {
  return sameJson(plain(one), plain(other));
}

function plain(value: Json): Json {
  return typeof value === "string" || typeof value === "boolean" ? String(value).toLowerCase() : value;
}

/** All that a value without a path says of it, by any spelling of its name. */
function valuesOfActive(value: Json | undefined, reading: Reading): readonly Json[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]): readonly Json[] => {
    if (meansActive(key, reading)) return [item];
    return isCore(key, reading.type) ? valuesOfActive(item, reading) : [];
  });
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
