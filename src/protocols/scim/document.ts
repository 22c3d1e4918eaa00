/** Owns the reading of whole resources: a POST or PUT body becomes the document that the directory keeps. */

import type { CustomDocument, ScimGroupDocument, ScimUserDocument } from "../../model/directory.js";
import { fold } from "../../model/fold.js";
import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { refusePrototypeKeys } from "./attribute-reference.js";
import { givenTwice, memberOf, readWritable } from "./attribute-value.js";
import { withUndeclared } from "./declared.js";
import type { Reading } from "./dialect.js";
import { ScimError } from "./errors.js";
import { GROUP_LISTS, joinLists } from "./group-lists.js";
import { isList, isObject } from "./json-value.js";
import { keepImmutables } from "./keep-immutables.js";
import { checkExtension, requireAttributes } from "./kept-rules.js";
import { membersListed, readMemberIds, refuseTooMany } from "./member-ids.js";
import { preferred } from "./multi-value.js";
import { withNamedElements } from "./named-elements.js";
import { isForeignSchema } from "./quirks/entra.js";
import { refuseTooLarge } from "./resource-size.js";
import { isRoles, keepUnmanaged, ROLECALL_GROUP, settleRoles } from "./roles.js";
import type { Schema } from "./schema.js";
import { searchDocument } from "./search-document.js";
import { unfolded } from "./unfolded.js";
import { indexed, uniqueValues } from "./unique-values.js";
import { assignedRoles, userFacts } from "./user-facts.js";

/**
 * Reads a User of a POST or a PUT. `previous` is the stored resource that a PUT replaces: immutable attributes must
 * match it, and `active` keeps its value where the body does not say, so that a PUT never revives anyone by silence.
 */
export function readUser(body: Json | undefined, reading: Reading, previous?: JsonObject): ScimUserDocument {
  return userDocument(readWhole(body, reading, previous), reading);
}

export interface ReadGroup {
  readonly document: ScimGroupDocument;
  /** Each id once; a body without members has none. */
  readonly members: readonly string[];
}

export function readGroup(body: Json | undefined, reading: Reading, previous?: JsonObject): ReadGroup {
  const unfolded = unfoldedBody(body, reading);
  const resource = readWhole(unfolded, reading, previous);
  const members = isObject(unfolded) ? memberOf(unfolded, "members") : undefined;
  const listed = members ?? null;
  refuseTooMany(membersListed(listed), reading);
  return { document: groupDocument(resource, reading), members: readMemberIds(listed, reading) };
}

/** A resource of one of the operator's types. */
export function readCustom(body: Json | undefined, reading: Reading, previous?: JsonObject): CustomDocument {
  return customDocument(finishResource(readWritten(body, reading), reading, previous), reading);
}

/** A POST's or a PUT's resource, finished; where roles are not taken, what the client cannot know stays. */
export function readWhole(body: Json | undefined, reading: Reading, previous: JsonObject | undefined): JsonObject {
  const unfolded = unfoldedBody(body, reading);
  const resource = readResource(unfolded, reading);
  if (reading.roles?.managed !== false)
    return finishResource(joinLists(resource, GROUP_LISTS, reading), reading, previous);
  const kept = keepUnmanaged(resource, isObject(unfolded) ? unfolded : {}, previous, reading.type.name === "Group");
  return finishResource(joinLists(kept, ["idpMappingNames"], reading), reading, previous);
}

/** What a POST's or a PUT's body brings, before it is held against what is stored and against what a resource must have. */
export function readWritten(body: Json | undefined, reading: Reading): JsonObject {
  return readResource(unfoldedBody(body, reading), reading);
}

/** What is no object is refused where it is read. */
function unfoldedBody(body: Json | undefined, reading: Reading): Json | undefined {
  return isObject(body) ? unfolded(body, reading) : body;
}

/** Every attribute that a client may write, in canonical form: without `id`, `meta`, members and write-only values. */
function readResource(body: Json | undefined, reading: Reading): JsonObject {
  refusePrototypeKeys(body);
  if (!isObject(body)) throw new ScimError("invalidSyntax", "the body must be a JSON object");
  const listed = checkSchemas(memberOf(body, "schemas") ?? null, reading);
  const resource = readAttributes(reading.type.core, body, reading);
  for (const { schema } of reading.type.extensions) {
    const data = memberOf(body, schema.urn) ?? null;
    if (data === null) continue;
    if (!isObject(data)) throw new ScimError("invalidValue", `${quote(schema.urn)} must be an object`);
    const read = readAttributes(schema, data, reading);
    if (Object.keys(read).length === 0) continue;
    if (!listed.has(schema.urn.toLowerCase())) reading.quirks.add("unlisted_schema");
    resource[schema.urn] = read;
  }
  return resource;
}

function readAttributes(schema: Schema, source: JsonObject, reading: Reading): Record<string, Json> {
  return withNamedElements(schema, source, (plain) => readPlain(schema, plain, reading), reading);
}

function readPlain(schema: Schema, source: JsonObject, reading: Reading): Record<string, Json> {
  const seen = new Set<string>();
  const result: Record<string, Json> = {};
  for (const [key, value] of Object.entries(source)) {
    const name = key.toLowerCase();
    if (seen.has(name)) throw givenTwice(key);
    seen.add(name);
    const attribute = schema.attributes.get(name);
    if (attribute === undefined) {
      if (!reading.type.schemas.has(name)) reading.quirks.add("unknown_attribute");
    } else if (isRoles(attribute) && reading.roles?.managed === false) {
      reading.quirks.add("unmanaged_roles");
    } else if (attribute.mutability !== "readOnly" && attribute.id !== "members") {
      const read = readWritable(attribute, value, reading);
      if (read !== undefined) result[attribute.name] = read;
    }
  }
  return result;
}

/** In small letters. RFC-07: named once each, this type's core schema among them, and none that nobody knows (C8, ENTRA-18). */
function checkSchemas(schemas: Json, reading: Reading): ReadonlySet<string> {
  const { type } = reading;
  if (!isList(schemas) || schemas.length === 0) {
    throw new ScimError("invalidValue", `\`schemas\` must list at least ${quote(type.core.urn)}`);
  }
  const seen = new Set<string>();
  for (const uri of schemas) {
    if (typeof uri !== "string") throw new ScimError("invalidValue", "`schemas` must be a list of URIs");
    const known = type.schemas.has(uri.toLowerCase());
    if (!known && !isForeignSchema(uri)) {
      throw new ScimError(
        "invalidValue",
        `schema ${quote(uri)} is not declared for ${type.name}: /ResourceTypes lists those that are`,
      );
    }
    if (!known) reading.quirks.add("foreign_schema");
    if (seen.has(uri.toLowerCase())) throw givenTwice(uri);
    seen.add(uri.toLowerCase());
  }
  if (!seen.has(type.core.urn.toLowerCase())) {
    throw new ScimError("invalidValue", `\`schemas\` must list ${quote(type.core.urn)}`);
  }
  return seen;
}

/** What must hold of a resource however it came about: by POST, by PUT, or by the operations of a PATCH. */
export function finishResource(
  resource: JsonObject,
  reading: Reading,
  previous: JsonObject | undefined,
  patched = false,
): JsonObject {
  const { type } = reading;
  const hasActive = type.core.attributes.get("active")?.id === "active";
  const withActive = hasActive ? { ...resource, active: resource["active"] ?? previous?.["active"] ?? true } : resource;
  requireAttributes(type.core, withActive);
  for (const extension of type.extensions) checkExtension(extension, withActive, { previous, patched });
  const kept = previous === undefined ? withActive : keptOf(reading, withActive, previous);
  const finished = settleRoles(kept, reading.roles, previous);
  refuseTooLarge(finished, reading.limits.resourceBytes, previous);
  return finished;
}

/** With what the stored resource says that no client may change, or can know of. */
function keptOf(reading: Reading, resource: JsonObject, previous: JsonObject): JsonObject {
  const { type } = reading;
  const kept: Record<string, Json> = { ...keepImmutables(type.core, previous, resource, reading) };
  for (const { schema } of type.extensions) {
    const [before, data] = [previous[schema.urn], kept[schema.urn]];
    if (!isObject(before)) continue;
    const next = keepImmutables(schema, before, isObject(data) ? data : {}, reading);
    if (isObject(data)) kept[schema.urn] = next;
  }
  return withUndeclared(type, kept, previous);
}

export function customDocument(resource: JsonObject, { type }: Reading): CustomDocument {
  const search = searchDocument(type, resource);
  return { resource, search, ...uniqueValues(type, resource, search) };
}

/** The document of a finished User resource. */
export function userDocument(resource: JsonObject, reading: Reading): ScimUserDocument {
  const search = searchDocument(reading.type, resource);
  const userName = indexed("userName", resource["userName"]) ?? "";
  const externalId = indexed("externalId", resource["externalId"]);
  const email = indexed("emails.value", preferred(resource["emails"])?.["value"]);
  return {
    resource,
    search,
    ...uniqueValues(reading.type, resource, search),
    userName,
    userNameFolded: fold(userName),
    ...(externalId === undefined ? {} : { externalId }),
    active: resource["active"] !== false,
    ...(email === undefined ? {} : { email }),
    ...userFacts(resource),
  };
}

/** The document of a finished Group resource; mapping names count wherever they stand (TEC-22). */
export function groupDocument(resource: JsonObject, reading: Reading): ScimGroupDocument {
  const search = searchDocument(reading.type, resource);
  const displayName = indexed("displayName", resource["displayName"]) ?? "";
  const externalId = indexed("externalId", resource["externalId"]);
  const extension = resource[ROLECALL_GROUP];
  const names = [resource["idpMappingNames"], isObject(extension) ? extension["idpMappingNames"] : undefined];
  return {
    resource,
    search,
    ...uniqueValues(reading.type, resource, search),
    displayName,
    displayNameFolded: fold(displayName),
    ...(externalId === undefined ? {} : { externalId }),
    idpMappingNames: [...new Set(names.flatMap(textsOf))],
    ...assignedRoles(resource),
  };
}

function textsOf(value: Json | undefined): readonly string[] {
  if (!isList(value)) return [];
  return value.flatMap((item) => indexed("idpMappingNames", item) ?? []);
}
