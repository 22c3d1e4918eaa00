/**
 * Owns PATCH as a pure function: a stored resource and a list of operations become the next resource, or a refusal that
 * leaves nothing changed (RFC 7644 section 3.5.2). Members of a group come out as differences, never as a list.
 */

import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { atOnce, type Steps, stepByStep } from "../../platform/in-breaths.js";
import { givenTwice, readWritable } from "./attribute-value.js";
import type { Reading } from "./dialect.js";
import { finishResource } from "./document.js";
import { ScimError } from "./errors.js";
import { GROUP_LISTS, isGroupList, joinLists, otherPlace } from "./group-lists.js";
import { isObject, sameJson, without } from "./json-value.js";
import { namesNobody } from "./member-ids.js";
import { type MemberOperation, memberOperations } from "./member-operations.js";
import { onlyUnknown } from "./only-unknown.js";
import { changedValue } from "./patch-attribute.js";
import { countComparisons, countKey, countListed, countSelected, type PatchCost } from "./patch-cost.js";
import { applyMembers, type MemberDraft, type PresentMembers } from "./patch-members.js";
import { type AttributeTarget, findTarget, type PatchTarget, readPath } from "./patch-path.js";
import type { PatchKind, PatchOperation } from "./patch-request.js";
import { isRoles, ROLECALL_GROUP } from "./roles.js";
import { hint, type Schema } from "./schema.js";
import { lastOf } from "./unknown-attribute.js";

export interface PatchOutcome {
  readonly resource: JsonObject;
  /** False: the resource is as it was, and neither its version nor its time may move (RFC-45). */
  readonly changed: boolean;
  readonly members: readonly MemberOperation[];
  /** Members of whom a path asks more than their id: with those of them who are there, the operations are applied again. */
  readonly asked: readonly string[];
}

interface Draft extends MemberDraft, PatchCost {
  /** Replaced as a whole by each operation; what was read from the store is never written to. */
  resource: JsonObject;
  /** What the operation named first that no schema knows. */
  unknown: string | undefined;
}

/** Applies the operations in order. INVARIANT: `stored` is not touched, so a refusal half-way changes nothing (RFC-47). */
export function applyPatch(
  stored: JsonObject,
  operations: readonly PatchOperation[],
  reading: Reading,
  present: PresentMembers = new Map(),
): PatchOutcome {
  return atOnce(patchSteps(stored, operations, reading, present));
}

/** `applyPatch`, with turns for others between the attributes that the operations change. */
export function applyPatchInTurns(
  stored: JsonObject,
  operations: readonly PatchOperation[],
  reading: Reading,
  present: PresentMembers = new Map(),
): Promise<PatchOutcome> {
  return stepByStep(patchSteps(stored, operations, reading, present));
}

function* patchSteps(
  stored: JsonObject,
  operations: readonly PatchOperation[],
  reading: Reading,
  present: PresentMembers,
): Steps<PatchOutcome> {
  const draft: Draft = {
    ...{ reading, members: memberOperations(), present, asked: new Set<string>() },
    ...{ named: 0, keys: 0, comparisons: 0, values: 0, resource: stored, unknown: undefined },
  };
  for (const operation of operations) {
    draft.unknown = undefined;
    yield* applyOperation(draft, operation);
    yield;
  }
  if (takesAwayKept(draft.resource, stored, reading)) reading.quirks.add("kept_value");
  const resource = finishResource(draft.resource, reading, stored, true);
  const members = draft.members.result();
  return { resource, changed: !sameJson(stored, resource), members, asked: [...draft.asked] };
}

/** C17: `active`, and the userName of an account. */
function takesAwayKept(resource: JsonObject, stored: JsonObject, { type }: Reading): boolean {
  const isKept = (name: string): boolean => type.core.attributes.get(name.toLowerCase())?.id === name;
  return ["active", "userName"].some((name) => isKept(name) && name in stored && !(name in resource));
}

function* applyOperation(draft: Draft, { kind, path, value }: PatchOperation): Steps<void> {
  if (path === undefined) {
    if (kind === "remove") throw new ScimError("noTarget", "remove needs a `path`: it says what to remove");
    yield* applyKnown(draft, kind, draft.reading.type.core, value);
    return;
  }
  const target = readPath(path, draft.reading);
  refuseReadOnly(target);
  if (kind !== "remove" && isUnknown(draft, target, value)) throw nothingKnown(draft, kind, path);
  yield* applyTarget(draft, kind, target, value);
}

function* applyTarget(draft: Draft, kind: PatchKind, target: PatchTarget, value: Json | undefined): Steps<void> {
  if (target.attribute === undefined) yield* applyWhole(draft, kind, target.schema, value);
  else if (target.attribute.id === "members") applyMembers(draft, kind, target, value);
  else if (isRoles(target.attribute) && draft.reading.roles?.managed === false)
    draft.reading.quirks.add("unmanaged_roles");
  else applyAttribute(draft, kind, target, value);
}

/** A path that is a schema's URN: the whole extension, or the resource itself. */
function* applyWhole(draft: Draft, kind: PatchKind, schema: Schema, value: Json | undefined): Steps<void> {
  if (!schema.extension) draft.reading.quirks.add("core_below_urn");
  if (kind !== "remove" && value !== null) {
    yield* applyKnown(draft, kind, schema, value);
    return;
  }
  if (!schema.extension) throw new ScimError("mutability", "a resource cannot be removed by PATCH: use DELETE");
  if (kind === "add") return;
  for (const name of GROUP_LISTS) {
    const attribute = schema.attributes.get(name.toLowerCase());
    const isListed = attribute !== undefined && isGroupList(attribute) && name in dataOf(draft.resource, schema);
    if (isListed) yield* applyTarget(draft, "remove", { schema, attribute }, undefined);
  }
  // Roles that the connection does not take are there still.
  const { roles } = dataOf(draft.resource, schema);
  const stays = roles !== undefined && draft.reading.roles?.managed === false && schema.urn === ROLECALL_GROUP;
  draft.resource = withData(draft.resource, schema, stays ? { roles } : {});
}

/** Unknown keys are ignored as in a PUT (C8), yet a value that names nothing known would be a success that does nothing. */
function* applyKnown(draft: Draft, kind: "add" | "replace", schema: Schema, value: Json | undefined): Steps<void> {
  const said = yield* applyObject(draft, kind, schema, value);
  if (said === "something") return;
  if (said === "null members") throw namesNobody("null");
  throw nothingKnown(draft, kind, schema.name);
}

function nothingKnown({ unknown = "nothing", reading: { type } }: Draft, kind: PatchKind, of: string): ScimError {
  const what = `the value of ${kind} names no attribute of ${of}, only ${quote(unknown)}`;
  return new ScimError("noTarget", `${what}${hint(type, lastOf(unknown))}`);
}

/** Whether a value for the whole attribute names none of its parts. */
function isUnknown(draft: Draft, target: PatchTarget, value: Json | undefined): boolean {
  const { attribute } = target;
  if (attribute === undefined || attribute.id === "members") return false;
  const name = onlyUnknown(target, value);
  if (name === undefined) return false;
  draft.reading.quirks.add("unknown_attribute");
  draft.unknown ??= `${attribute.id}.${name}`;
  return true;
}

/** What the keys of a value spoke of: attributes, nothing but members that are null, or nothing that is known. */
type Said = "something" | "null members" | "nothing";

/**
 * A value whose keys say what to change (RFC-46): attributes, dotted and URN-qualified paths, whole extensions.
 */
function* applyObject(
  draft: Draft,
  kind: "add" | "replace",
  schema: Schema,
  value: Json | undefined,
  seen = new Set<string>(),
): Steps<Said> {
  if (!isObject(value)) {
    throw new ScimError("invalidValue", `${kind} without an attribute in its path needs an object as its value`);
  }
  let said: Said = "nothing";
  for (const [key, item] of inOrder(value)) {
    // Inside an extension's object a key means the extension's own attribute, never the core's of the same name.
    const target = findTarget(schema.extension ? `${schema.urn}:${key}` : key, draft.reading);
    if (target === undefined) {
      draft.reading.quirks.add("unknown_attribute");
      draft.unknown ??= key;
    } else {
      refuseTwice(seen, key, target);
      const now = yield* applyKey(draft, kind, { key, target, item }, seen);
      if (said !== "something") said = now;
      yield;
    }
  }
  return said;
}

/** An object has no order: what selects elements of a list comes behind the list. */
function inOrder(value: JsonObject): readonly (readonly [string, Json])[] {
  const entries = Object.entries(value);
  const selects = ([key]: readonly [string, Json]): boolean => key.includes("[");
  return entries.some(selects) ? [...entries.filter((one) => !selects(one)), ...entries.filter(selects)] : entries;
}

/** As POST does, whatever the letter case, with the URN and without. */
function refuseTwice(seen: Set<string>, key: string, target: PatchTarget): void {
  const named = idOf(target) ?? key.toLowerCase();
  if (seen.has(named)) throw givenTwice(key);
  seen.add(named);
}

/** `undefined` where a filter selects. */
function idOf(target: PatchTarget): string | undefined {
  if (target.attribute === undefined) return target.schema.urn;
  return target.where === undefined ? (target.sub ?? target.attribute).id : undefined;
}

interface KeyOfValue {
  readonly key: string;
  readonly target: PatchTarget;
  readonly item: Json;
}

function* applyKey(
  draft: Draft,
  kind: "add" | "replace",
  { key, target, item }: KeyOfValue,
  seen: Set<string>,
): Steps<Said> {
  const { quirks } = draft.reading;
  countKey(draft);
  if (target.attribute === undefined) {
    if (!target.schema.extension) quirks.add("core_below_urn");
    if (item !== null) {
      const said = yield* applyObject(draft, kind, target.schema, item, seen);
      return said === "nothing" && isObject(item) && Object.keys(item).length === 0 ? "something" : said;
    }
    yield* applyWhole(draft, kind, target.schema, item);
    return "something";
  }
  if (PATH_MARK.test(key)) quirks.add("dotted_key");
  if (target.attribute.id === "members" && item === null) {
    quirks.add("null_members");
    return "null members";
  }
  if (isUnknown(draft, target, item)) return "nothing";
  if (isReadOnly(target)) quirks.add("read_only_in_value");
  else yield* applyTarget(draft, saysMore(target, seen) ? "add" : kind, target, item);
  return "something";
}

/** A list of a group at its second path: as in a PUT, what both say of it is joined. */
function saysMore({ schema, attribute, sub, where }: AttributeTarget, seen: Set<string>): boolean {
  if (!isGroupList(attribute) || sub !== undefined || where !== undefined) return false;
  const other = schema.extension ? attribute.name : `${ROLECALL_GROUP}:${attribute.name}`;
  return seen.has(other);
}

const PATH_MARK = /[.:[]/;

function refuseReadOnly(target: PatchTarget): void {
  if (target.attribute === undefined || !isReadOnly(target)) return;
  throw new ScimError("mutability", `${quote((target.sub ?? target.attribute).id)} is read-only`);
}

function isReadOnly(target: AttributeTarget): boolean {
  return target.attribute.mutability === "readOnly" || target.sub?.mutability === "readOnly";
}

function applyAttribute(draft: Draft, kind: PatchKind, target: AttributeTarget, value: Json | undefined): void {
  const { schema, attribute } = target;
  const { reading } = draft;
  const written = target.sub ?? attribute;
  if (attribute.returned === "request") reading.sent.add(attribute);
  if (written.returned === "request") reading.sent.add(written);
  if (attribute.mutability === "writeOnly" || written.mutability === "writeOnly") {
    if (value !== undefined) readWritable(written, value, reading);
    return;
  }
  if (target.where !== undefined) countComparisons(draft, target.where.node);
  if (isGroupList(attribute)) draft.resource = joinLists(draft.resource, [attribute.name], reading);
  const other = otherPlace(target, draft.resource, reading.type);
  const here = dataOf(draft.resource, schema)[attribute.name];
  const before = here ?? (other && dataOf(draft.resource, other)[attribute.name]);
  const selects = (count: number) => countSelected(draft, attribute, value, count);
  const lists = (count: number) => countListed(draft, count);
  const after = changedValue({ kind, target, value, selects, lists }, before, reading);
  if (after === undefined && kind === "remove" && attribute.required) {
    throw new ScimError("mutability", `${quote(attribute.id)} is required: it can be replaced, not removed`);
  }
  const places = here === undefined && kind === "remove" ? [] : [schema];
  for (const place of other === undefined ? places : [...places, other]) {
    const data = dataOf(draft.resource, place);
    const next = after === undefined ? without(data, attribute.name) : { ...data, [attribute.name]: after };
    draft.resource = withData(draft.resource, place, next);
  }
}

function dataOf(resource: JsonObject, schema: Schema): JsonObject {
  if (!schema.extension) return resource;
  const data = resource[schema.urn];
  return isObject(data) ? data : {};
}

function withData(resource: JsonObject, schema: Schema, data: JsonObject): JsonObject {
  if (!schema.extension) return data;
  return Object.keys(data).length === 0 ? without(resource, schema.urn) : { ...resource, [schema.urn]: data };
}
