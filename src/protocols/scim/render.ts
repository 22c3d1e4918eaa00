/** Owns the form in which stored rows are answered: schemas as the data has them, meta, and links to other resources. */

import type { Instant } from "../../model/ids.js";
import type { Json, JsonObject } from "../../model/json.js";
import type { ShownMember } from "../../provisioning/ports/directory.js";
import { entityTag, type TaggedRow } from "./entity-tag.js";
import { isList, isObject } from "./json-value.js";
import { isShownWhole, type Projection, projectResource } from "./project.js";
import type { ResourceType } from "./schema.js";
import { asWritten } from "./written.js";

/** What the directory keeps of any resource. */
export interface StoredResource extends TaggedRow {
  readonly id: string;
  readonly resource: JsonObject;
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
}

/** A resource as an answer has it, and the tag of that answer, which is its `meta.version`, too. */
export interface Shown {
  readonly resource: JsonObject;
  readonly etag: string;
}

export interface Rendering {
  readonly type: ResourceType;
  /** Absolute, without a slash at its end. */
  readonly baseUrl: string;
  readonly projection: Projection;
}

export interface UserRelations {
  /** Left out when the answer does not show them. */
  readonly groups?: readonly { readonly id: string; readonly displayName: string }[];
  /** Left out when the manager is nobody of this directory. */
  readonly manager?: { readonly displayName?: string };
}

const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

export function renderUser(row: StoredResource, relations: UserRelations, rendering: Rendering): Shown {
  const groups = relations.groups?.map(({ id, displayName }) => ({
    value: id,
    $ref: `${rendering.baseUrl}/Groups/${id}`,
    display: displayName,
    type: "direct",
  }));
  const resource = withManager(row.resource, relations.manager, rendering.baseUrl);
  const etag = entityTag(row, derivedOf(relations));
  return render(row, groups === undefined ? resource : { ...resource, groups }, rendering, etag);
}

/** What stands in a user's answer of others. A manager without a name is found all the same. */
function derivedOf({ groups, manager }: UserRelations): readonly string[] {
  const derived: string[] = [];
  for (const { id, displayName } of groups ?? []) derived.push(id, displayName);
  if (manager !== undefined) derived.push(MANAGER, manager.displayName ?? "");
  return derived;
}

const MANAGER = "manager";

/** `members` are left out when the answer does not show them, or shows them apart. */
export function renderGroup(
  row: StoredResource,
  members: readonly ShownMember[] | undefined,
  rendering: Rendering,
): Shown {
  const resource = members === undefined ? row.resource : { ...row.resource, members: memberList(members, rendering) };
  const derived = members?.flatMap(({ id, display }) => [id, display]);
  return render(row, resource, rendering, entityTag(row, derived));
}

/** Members alone, as far as the answer shows them. */
export function renderMembers(members: readonly ShownMember[], rendering: Rendering): readonly Json[] {
  const { type, projection } = rendering;
  const shown = projectResource(type, { members: memberList(members, rendering) }, projection)["members"];
  return isList(shown) ? shown : [];
}

function memberList(members: readonly ShownMember[], { baseUrl }: Rendering): readonly JsonObject[] {
  return members.map((member) => memberDocument(member, baseUrl));
}

export function memberDocument({ id, type, display }: ShownMember, baseUrl: string): JsonObject {
  return { value: id, $ref: `${baseUrl}/${type}s/${id}`, type, display };
}

export function renderCustom(row: StoredResource, rendering: Rendering): Shown {
  return render(row, row.resource, rendering, entityTag(row));
}

export interface ServiceAccountRelations {
  /** Left out when the owner is nobody of this directory any more. */
  readonly owner?: { readonly displayName?: string };
}

export function renderServiceAccount(
  row: StoredResource,
  { owner }: ServiceAccountRelations,
  rendering: Rendering,
): Shown {
  const { resource } = row;
  const value = resource["owner"];
  if (owner === undefined || !isObject(value)) return render(row, resource, rendering, entityTag(row));
  const etag = entityTag(row, [owner.displayName ?? ""]);
  return render(row, { ...resource, owner: linkedUser(value, owner, rendering.baseUrl) }, rendering, etag);
}

/** A reference to a user, with the link and the name where that is known. */
function linkedUser(
  reference: JsonObject,
  { displayName }: { readonly displayName?: string },
  baseUrl: string,
): JsonObject {
  const link = { ...reference, $ref: `${baseUrl}/Users/${String(reference["value"])}` };
  return displayName === undefined ? link : { ...link, displayName };
}

/** ENTRA-13: the manager is always an object, with the link and the name where they are known. */
function withManager(resource: JsonObject, found: UserRelations["manager"], baseUrl: string): JsonObject {
  const enterprise = resource[ENTERPRISE];
  const manager = isObject(enterprise) ? enterprise["manager"] : undefined;
  if (found === undefined || !isObject(enterprise) || !isObject(manager)) return resource;
  return { ...resource, [ENTERPRISE]: { ...enterprise, manager: linkedUser(manager, found, baseUrl) } };
}

/** What `renderUser` makes, where nothing but its text is needed: for much less where the answer shows all of it. */
export function shownUser(row: StoredResource, relations: UserRelations, rendering: Rendering): Shown {
  const etag = entityTag(row, derivedOf(relations));
  const text = userText(row, relations, rendering, etag);
  return text === undefined ? renderUser(row, relations, rendering) : { resource: asWritten(text), etag };
}

/** The list of groups is longer than all the rest, and its form is known. */
function userText(
  row: StoredResource,
  { groups, manager }: UserRelations,
  { type, baseUrl, projection }: Rendering,
  etag: string,
): string | undefined {
  const resource = withManager(row.resource, manager, baseUrl);
  const fits = isShownWhole(type, resource, projection) && !("groups" in resource) && !("meta" in resource);
  if (!fits) return undefined;
  const own = JSON.stringify({ schemas: schemasOf(type, resource), id: row.id, ...resource });
  const lists = groups === undefined ? "" : `,"groups":[${groupsText(groups, baseUrl)}]`;
  return `${own.slice(0, -1)}${lists},"meta":${JSON.stringify(metaOf(row, type, baseUrl, etag))}}`;
}

function groupsText(groups: NonNullable<UserRelations["groups"]>, baseUrl: string): string {
  const base = quoted(baseUrl).slice(0, -1);
  let text = "";
  for (const { id, displayName } of groups) {
    const inner = quoted(id).slice(1);
    const comma = text === "" ? "" : ",";
    text += `${comma}{"value":"${inner},"$ref":${base}/Groups/${inner},"display":${quoted(displayName)},"type":"direct"}`;
  }
  return text;
}

const PLAIN = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

function render(row: StoredResource, resource: JsonObject, rendering: Rendering, etag: string): Shown {
  const { type, projection } = rendering;
  const meta = metaOf(row, type, rendering.baseUrl, etag);
  const shown = projectResource(type, { id: row.id, ...resource, meta }, projection);
  return { resource: { schemas: schemasOf(type, shown), ...shown }, etag };
}

function metaOf(row: StoredResource, type: ResourceType, baseUrl: string, version: string): JsonObject {
  return {
    resourceType: type.name,
    created: row.createdAt,
    lastModified: row.modifiedAt,
    location: locationOf(type, row.id, baseUrl),
    version,
  };
}

/** RFC-07: an extension is listed exactly when the answer holds data of it. */
function schemasOf(type: ResourceType, shown: JsonObject): Json {
  const extensions = type.extensions.map(({ schema }) => schema.urn).filter((urn) => shown[urn] !== undefined);
  return [type.core.urn, ...extensions];
}

export function locationOf(type: ResourceType, id: string, baseUrl: string): string {
  return `${baseUrl}${type.endpoint}/${id}`;
}
