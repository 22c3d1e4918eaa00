/**
 * Owns references between the operations of a bulk request (RFC 7644 section 3.7.2): `bulkId:x` stands for the id of what
 * the operation with the bulkId `x` makes, where the schema says that a value refers to a resource, and is a text elsewhere.
 */

import type { Json, JsonObject } from "../../model/json.js";
import { parseReference } from "./attribute-reference.js";
import { plainPath, withOperand } from "./external-names.js";
import { isList, isObject } from "./json-value.js";
import type { Operation } from "./resource-handler.js";
import { type Attribute, type Lookup, lookup, type ResourceType, type Schema } from "./schema.js";

const PREFIX = "bulkId:";

/** The bulkId that a text is a reference to; `undefined` for any other text. */
export function bulkIdOf(text: string): string | undefined {
  return text.startsWith(PREFIX) && text.length > PREFIX.length ? text.slice(PREFIX.length) : undefined;
}

/** An operation with a body, and the type of the resource that it is about. */
export interface Referring {
  readonly type: ResourceType;
  readonly kind: Operation["kind"];
  readonly body: Json;
}

/** Every bulkId that the body refers to, each once. */
export function referencesIn(referring: Referring): ReadonlySet<string> {
  const found = new Set<string>();
  replaceReferences(referring, (bulkId) => {
    found.add(bulkId);
    return undefined;
  });
  return found;
}

/** The body with ids where it refers to operations; references to those that `ids` does not know stay as they are. */
export function resolveReferences(referring: Referring, ids: ReadonlyMap<string, string>): Json {
  return replaceReferences(referring, (bulkId) => ids.get(bulkId));
}

type IdOf = (bulkId: string) => string | undefined;

function replaceReferences({ type, kind, body }: Referring, idOf: IdOf): Json {
  if (!isObject(body)) return body;
  if (kind !== "patch") return inAttributes(type, type.core, body, idOf);
  return mapped(body, (key, value) => {
    if (key.toLowerCase() !== "operations" || !isList(value)) return value;
    return value.map((operation) => (isObject(operation) ? inOperation(type, operation, idOf) : operation));
  });
}

function inOperation(type: ResourceType, operation: JsonObject, idOf: IdOf): JsonObject {
  const path = Object.entries(operation).find(([key]) => key.toLowerCase() === "path")?.[1] ?? null;
  const named = typeof path === "string" ? namedBy(type, path) : undefined;
  return mapped(operation, (key, value) => {
    const name = key.toLowerCase();
    if (name === "path" && typeof value === "string") return inPath(value, named, idOf);
    if (name !== "value") return value;
    if (path === null) return inAttributes(type, type.core, value, idOf);
    return named === undefined ? value : inNamed(type, named, value, idOf);
  });
}

/** An object whose keys name attributes of the schema, or paths, or other schemas. */
function inAttributes(type: ResourceType, schema: Schema, value: Json, idOf: IdOf): Json {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const named = namedBy(type, schema.extension ? `${schema.urn}:${key}` : key);
      return [inPath(key, named, idOf), named === undefined ? item : inNamed(type, named, item, idOf)];
    }),
  );
}

function inNamed(type: ResourceType, { schema, attribute, sub }: Lookup, value: Json, idOf: IdOf): Json {
  if (attribute === undefined) return inAttributes(type, schema, value, idOf);
  return sub === undefined ? inAttribute(attribute, value, idOf) : inPart(attribute, sub, value, idOf);
}

/** Read-only attributes are ignored, whatever they say. */
function inAttribute(attribute: Attribute, value: Json, idOf: IdOf): Json {
  if (attribute.mutability === "readOnly") return value;
  if (isList(value)) return value.map((item) => inAttribute(attribute, item, idOf));
  if (isObject(value)) {
    return mapped(value, (key, item) => {
      const sub = attribute.subs.get(key.toLowerCase());
      // A plain value may be wrapped.
      if (sub === undefined) return key.toLowerCase() === "value" ? inText(attribute, item, idOf) : item;
      return inPart(attribute, sub, item, idOf);
    });
  }
  // A bare id stands for an element.
  return hasIds(attribute) && typeof value === "string" ? replaced(value, idOf) : inText(attribute, value, idOf);
}

function inPart(attribute: Attribute, sub: Attribute, value: Json, idOf: IdOf): Json {
  if (isList(value)) return value.map((item) => inPart(attribute, sub, item, idOf));
  if (sub.name === "value" && hasIds(attribute)) return typeof value === "string" ? replaced(value, idOf) : value;
  return inText(sub, value, idOf);
}

function inText(attribute: Attribute, value: Json, idOf: IdOf): Json {
  return typeof value === "string" && refersToResource(attribute) ? replaced(value, idOf) : value;
}

/** RFC 7643 section 7: what is `external` lies elsewhere, and no operation makes it. */
function refersToResource({ type, referenceTypes }: Attribute): boolean {
  return type === "reference" && referenceTypes.some((kind) => kind !== "external");
}

/** Whether the `value` of the attribute is the id of what its `$ref` leads to. */
function hasIds({ subs }: Attribute): boolean {
  const link = subs.get("$ref");
  return link !== undefined && refersToResource(link);
}

/** A step of a link ends as in any URI, whatever query is behind it. */
const STEP = /(?<=\/)bulkId:([^/?#]+)/g;

/** The whole text, or the steps of a link. */
function replaced(text: string, idOf: IdOf): string {
  const bulkId = bulkIdOf(text);
  if (bulkId !== undefined) return idOf(bulkId) ?? text;
  return text.replace(STEP, (step, named: string) => idOf(named) ?? step);
}

/**
 * A comparison with a text. INVARIANT: what is quoted is passed over as a whole, up to the end where it does not end, so that no
 * operand is taken for a comparison, and a scan is linear.
 */
const COMPARISON = /(?<![\w$-])([\w$-]+)(\s+[a-z]{2}\s+)"((?:[^"\\]|\\.)*)"|"(?:[^"\\]|\\.?)*(?:"|$)/gis;

/** The operands of a path's filter. */
function inPath(path: string, named: Lookup | undefined, idOf: IdOf): string {
  const attribute = named?.attribute;
  if (attribute === undefined || !path.includes(PREFIX)) return path;
  const operandOf = (name: string, operand: string): string => {
    const sub = attribute.subs.get(name.toLowerCase());
    return sub === undefined ? operand : String(inPart(attribute, sub, operand, idOf));
  };
  const plain = path.replace(COMPARISON, (whole, name?: string, comparator?: string, operand?: string) =>
    name === undefined || operand === undefined ? whole : `${name}${comparator}"${operandOf(name, operand)}"`,
  );
  return withOperand(plain, operandOf);
}

/** What a path is about, its filter left aside. */
function namedBy(type: ResourceType, written: string): Lookup | undefined {
  const path = plainPath(written);
  const bracket = path.indexOf("[");
  const plain = bracket < 0 ? path : path.slice(0, bracket) + path.slice(path.lastIndexOf("]") + 1);
  const reference = parseReference(plain);
  return reference && lookup(type, reference);
}

function mapped(object: JsonObject, replace: (key: string, value: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, replace(key, value)]));
}
