/** Owns what the characteristic `immutable` asks of a resource that is written anew, whichever request does it. */
import type { Json, JsonObject } from "../../model/json.js";
import type { Reading } from "./dialect.js";
import { isList, isObject } from "./json-value.js";
import { keepImmutable } from "./kept-rules.js";
import { elementKey } from "./multi-value.js";
import type { Attribute, Schema } from "./schema.js";

type Telling = Pick<Reading, "roles">;

/** What is to be stored, with each immutable value as it was set. Refuses another in its place. */
export function keepImmutables(schema: Schema, before: JsonObject, after: JsonObject, reading: Telling): JsonObject {
  return keepEach(schema.attributes, before, after, (attribute, old, now) => {
    const kept = keepImmutable(attribute, old, now);
    // parts stay as they are for as long as the whole does
    if (isObject(old) && isObject(kept)) return keepEach(attribute.subs, old, kept, keepImmutable);
    return isList(old) && isList(kept) ? keepElements(attribute, old, kept, reading) : kept;
  });
}

/** An element is the same for as long as its type and value are, without a value as all of it is: others come and go. */
function keepElements(
  attribute: Attribute,
  before: readonly Json[],
  after: readonly Json[],
  reading: Telling,
): readonly Json[] {
  if (before === after || ![...attribute.subs.values()].some(isImmutable)) return after;
  const known = new Map(before.map((element) => [elementKey(attribute, element, reading), element]));
  return after.map((element) => {
    const old = known.get(elementKey(attribute, element, reading));
    return isObject(old) && isObject(element) ? keepEach(attribute.subs, old, element, keepImmutable) : element;
  });
}

function isImmutable({ mutability }: Attribute): boolean {
  return mutability === "immutable";
}

function keepEach(
  attributes: ReadonlyMap<string, Attribute>,
  before: JsonObject,
  after: JsonObject,
  keep: (attribute: Attribute, old: Json | undefined, now: Json | undefined) => Json | undefined,
): JsonObject {
  const changed: Record<string, Json> = {};
  for (const attribute of attributes.values()) {
    const { name } = attribute;
    const kept = keep(attribute, before[name], after[name]);
    if (kept !== undefined && kept !== after[name]) changed[name] = kept;
  }
  return Object.keys(changed).length === 0 ? after : { ...after, ...changed };
}
