/** Owns which attributes an answer shows: `attributes`, `excludedAttributes`, and what the schema always or never returns. */

import type { ResourceFilter } from "../../model/filter.js";
import type { Json, JsonObject } from "../../model/json.js";
import { pushTo } from "../../model/push-to.js";
import { comparisonsOf } from "./comparisons-of.js";
import { isDeclared } from "./declared.js";
import type { Reading } from "./dialect.js";
import { ScimError } from "./errors.js";
import { matches } from "./filter-match.js";
import { isList, isObject } from "./json-value.js";
import { findTarget } from "./patch-path.js";
import type { Attribute, ResourceType, Schema } from "./schema.js";
import { searchValue } from "./search-document.js";

/** One naming of an attribute: all of it or one sub-attribute, of all elements or of those that a filter selects (C10). */
interface Pick {
  readonly sub: Attribute | undefined;
  readonly filter: ResourceFilter | undefined;
}

export interface Projection {
  readonly mode: "default" | "only" | "except";
  readonly schemas: ReadonlySet<Schema>;
  readonly picks: ReadonlyMap<Attribute, readonly Pick[]>;
  /** What the request itself named of what is returned on request; filled while its body is read. */
  readonly sent: ReadonlySet<Attribute>;
}

export interface ProjectionRequest {
  /** As in the query (comma-separated) or in a search request (a list). */
  readonly attributes?: string | readonly string[] | undefined;
  readonly excludedAttributes?: string | readonly string[] | undefined;
}

export const DEFAULT_PROJECTION: Projection = {
  mode: "default",
  schemas: new Set(),
  picks: new Map(),
  sent: new Set(),
};

/** Names that no schema knows are ignored; `attributes` and `excludedAttributes` exclude one another (RFC-39). */
export function readProjection(request: ProjectionRequest, reading: Reading, isOneOfSeveral = false): Projection {
  const only = namesOf(request.attributes);
  const except = namesOf(request.excludedAttributes);
  if (only.length > 0 && except.length > 0) {
    throw new ScimError("invalidValue", "`attributes` and `excludedAttributes` exclude one another: send one of them");
  }
  const { sent, type } = reading;
  if (only.length === 0 && except.length === 0)
    return type.hides ? { ...DEFAULT_PROJECTION, sent } : DEFAULT_PROJECTION;
  const mode = only.length > 0 ? "only" : "except";
  const schemas = new Set<Schema>();
  const picks = new Map<Attribute, Pick[]>();
  let comparisons = 0;
  for (const name of mode === "only" ? only : except) {
    const target = findTarget(name, reading);
    if (target === undefined) {
      // another of the types that are asked may know it
      if (!isOneOfSeveral) reading.quirks.add("unknown_attribute");
      continue;
    }
    const where = target.attribute && target.where;
    if (where !== undefined) reading.quirks.add("filtered_attributes");
    comparisons += where === undefined ? 0 : comparisonsOf(where.node);
    if (comparisons > MAX_COMPARISONS) {
      throw new ScimError(
        "invalidValue",
        `the filters of the attributes compare more than ${MAX_COMPARISONS} times: name fewer`,
      );
    }
    const { schema, attribute } = target;
    if (attribute === undefined) schemas.add(schema);
    else if (mode === "only" || target.where === undefined) {
      pushTo(picks, attribute, { sub: target.sub, filter: target.where?.filter });
    }
  }
  return { mode, schemas, picks, sent };
}

const MAX_NAMES = 200;
/** Of all filters together: each comparison is made with every value of each resource that is answered. */
const MAX_COMPARISONS = 100;

/** Splits at commas outside brackets and quotes. */
function namesOf(names: string | readonly string[] | undefined): readonly string[] {
  if (names === undefined) return [];
  const list = typeof names === "string" ? splitNames(names) : names;
  if (list.length > MAX_NAMES) throw new ScimError("invalidValue", `more than ${MAX_NAMES} attributes are named`);
  return list.map((name) => name.trim()).filter((name) => name !== "");
}

function splitNames(text: string): readonly string[] {
  const names: string[] = [];
  let start = 0;
  let depth = 0;
  let quotedText = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quotedText && character === "\\") at += 1;
    else if (character === '"') quotedText = !quotedText;
    else if (!quotedText && character === "[") depth += 1;
    else if (!quotedText && character === "]") depth -= 1;
    else if (!quotedText && depth === 0 && character === ",") {
      names.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...names, text.slice(start)];
}

/** Whether the answer shows the attribute at all: members, groups and managers are only read when it does. */
export function wants(type: ResourceType, name: string, projection: Projection, urn = type.core.urn): boolean {
  const schema = type.schemas.get(urn.toLowerCase());
  const attribute = schema?.attributes.get(name.toLowerCase());
  return schema !== undefined && attribute !== undefined && isShown(schema, attribute, projection);
}

/**
 * The ids that `attributes=members[value eq "id"]` asks for (C10): with others, no element could be shown. `undefined`: all
 * elements have to be looked at.
 */
export function chosenIds(type: ResourceType, name: string, projection: Projection): readonly string[] | undefined {
  const attribute = type.core.attributes.get(name.toLowerCase());
  const named = attribute && picksOf(type.core, attribute, projection);
  if (projection.mode !== "only" || named === undefined || named.length === 0) return undefined;
  const ids = named.map(({ filter }) => filter && idsIn(filter));
  return ids.includes(undefined) ? undefined : ids.flatMap((some) => some ?? []);
}

function idsIn(filter: ResourceFilter): readonly string[] | undefined {
  if (filter.op === "compare") {
    const isId = filter.comparator === "eq" && filter.path.length === 1 && filter.path[0]?.name === "value";
    return isId && typeof filter.value === "string" ? [filter.value] : undefined;
  }
  if (filter.op !== "and" && filter.op !== "or") return undefined;
  const items = filter.items.map(idsIn);
  if (filter.op === "and") return items.find((ids) => ids !== undefined);
  return items.includes(undefined) ? undefined : items.flatMap((ids) => ids ?? []);
}

/** Whether the answer shows all that there is. */
export function isShownWhole(type: ResourceType, resource: JsonObject, { mode }: Projection): boolean {
  return mode === "default" && !type.hides && isDeclared(type, resource);
}

/** A complete resource, as far as the answer shows it; `schemas` is the caller's. */
export function projectResource(type: ResourceType, resource: JsonObject, projection: Projection): JsonObject {
  if (isShownWhole(type, resource, projection)) return resource;
  const shown: Record<string, Json> = projectAttributes(type.core, resource, projection);
  for (const { schema } of type.extensions) {
    const data = resource[schema.urn];
    if (!isObject(data)) continue;
    const part = projectAttributes(schema, data, projection);
    if (Object.keys(part).length > 0) shown[schema.urn] = part;
  }
  return shown;
}

function projectAttributes(schema: Schema, data: JsonObject, projection: Projection): Record<string, Json> {
  const shown: Record<string, Json> = {};
  for (const [name, value] of Object.entries(data)) {
    const attribute = schema.attributes.get(name.toLowerCase());
    if (attribute === undefined || !isShown(schema, attribute, projection)) continue;
    const part = projectValue(attribute, value, picksOf(schema, attribute, projection), projection);
    if (part !== undefined) shown[name] = part;
  }
  return shown;
}

function isShown(schema: Schema, attribute: Attribute, { mode, schemas, picks, sent }: Projection): boolean {
  if (attribute.returned === "always") return true;
  if (attribute.returned === "never") return false;
  const named = picks.get(attribute);
  if (mode === "only" && named !== undefined) return true;
  if (attribute.returned === "request" && !(sent.has(attribute) && mode !== "only")) return false;
  if (mode === "only") return schemas.has(schema);
  return !schemas.has(schema) && !named?.some((pick) => pick.sub === undefined);
}

/** What is named of the attribute. Its schema names all of it that is not returned on request alone, whatever else names a part. */
function picksOf(schema: Schema, attribute: Attribute, { mode, schemas, picks }: Projection): readonly Pick[] {
  const named = picks.get(attribute) ?? [];
  const isWhole = mode === "only" && schemas.has(schema) && attribute.returned !== "request";
  return isWhole && named.length > 0 ? [...named, WHOLE] : named;
}

const WHOLE: Pick = { sub: undefined, filter: undefined };

function projectValue(
  attribute: Attribute,
  value: Json,
  picks: readonly Pick[],
  projection: Projection,
): Json | undefined {
  if (!isList(value)) return projectElement(attribute, value, picks, projection);
  const elements = value.flatMap((element) => {
    const form = picks.some((pick) => pick.filter !== undefined) ? searchValue(attribute, element) : element;
    const fitting = picks.filter(({ filter }) => filter === undefined || matches(filter, form));
    if (fitting.length === 0 && picks.length > 0) return [];
    return projectElement(attribute, element, fitting, projection) ?? [];
  });
  return elements.length === 0 && value.length > 0 ? undefined : elements;
}

function projectElement(
  attribute: Attribute,
  element: Json,
  picks: readonly Pick[],
  projection: Projection,
): Json | undefined {
  if (!isObject(element)) return element;
  const named = new Set(picks.map((pick) => pick.sub));
  const whole = picks.length === 0 || named.has(undefined);
  const shown: Record<string, Json> = {};
  for (const [name, part] of Object.entries(element)) {
    const sub = attribute.subs.get(name.toLowerCase());
    if (sub !== undefined && isPartShown(sub, named.has(sub), whole, projection)) shown[name] = part;
  }
  return Object.keys(shown).length === 0 ? undefined : shown;
}

function isPartShown(sub: Attribute, named: boolean, whole: boolean, { mode, sent }: Projection): boolean {
  if (sub.returned === "always") return true;
  if (sub.returned === "never") return false;
  if (mode === "only" && named) return true;
  if (sub.returned === "request" && !(sent.has(sub) && mode !== "only")) return false;
  return mode === "only" ? whole : !named;
}
