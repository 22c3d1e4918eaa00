import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import type { Reading } from "./dialect.js";
import { elementForm } from "./element-form.js";
import { ScimError } from "./errors.js";
import { canonicalText, isObject } from "./json-value.js";
import { TYPE_KEY } from "./roles.js";
import type { Attribute } from "./schema.js";

type Telling = Pick<Reading, "roles">;

/**
 * Adds elements to a list so that no two have the same type and value (RFC-05, RFC-45): an element that is there
 * already takes over what the added one says. Types of roles are the same where the mapping says so. Linear in both lists.
 */
export function joinElements(
  attribute: Attribute,
  present: readonly Json[],
  added: readonly Json[],
  reading: Telling,
): readonly Json[] {
  const byKey = new Map<string, Json>();
  for (const element of [...present, ...added]) {
    const key = elementKey(attribute, element, reading);
    const same = byKey.get(key);
    byKey.set(key, isObject(same) && isObject(element) ? { ...same, ...element } : (same ?? element));
  }
  return [...byKey.values()];
}

/** `joinElements`, after which the element that the added ones call primary, if any does, is the only one (RFC-44). */
export function addElements(
  attribute: Attribute,
  present: readonly Json[],
  added: readonly Json[],
  reading: Telling,
): readonly Json[] {
  const primaries = new Set(added.filter(isPrimary).map((element) => elementKey(attribute, element, reading)));
  const joined = joinElements(attribute, present, added, reading);
  return withOnePrimary(attribute, joined, (element) => primaries.has(elementKey(attribute, element, reading)));
}

/** By their forms, which are made once for each element. */
const keys = new WeakMap<JsonObject, string>();

function elementKey(attribute: Attribute, element: Json, reading: Telling): string {
  const form = elementForm(attribute, element, reading);
  if (!isObject(form)) return canonicalText(form);
  const known = keys.get(form);
  if (known !== undefined) return known;
  const type = form[TYPE_KEY] ?? form["type"] ?? null;
  const key = form["value"] === undefined ? canonicalText(form) : canonicalText([type, form["value"]]);
  keys.set(form, key);
  return key;
}

/** At most one element may be the primary one (RFC 7643 section 2.4). */
export function refuseSeveralPrimaries(attribute: Attribute, elements: readonly Json[]): void {
  if (elements.filter(isPrimary).length > 1) {
    throw new ScimError("invalidValue", `${quote(attribute.id)} has more than one primary value: mark one`);
  }
}

/** Where one of the elements just written is primary, the others are no longer (RFC-44). */
export function withOnePrimary(
  attribute: Attribute,
  elements: readonly Json[],
  isWritten: (element: Json, index: number) => boolean,
): readonly Json[] {
  const chosen = elements.filter((element, index) => isPrimary(element) && isWritten(element, index));
  refuseSeveralPrimaries(attribute, chosen);
  const [primary] = chosen;
  if (primary === undefined) return elements;
  return elements.map((element) =>
    isPrimary(element) && element !== primary ? { ...element, primary: false } : element,
  );
}

/** The primary element, else the first. */
export function preferred(elements: Json | undefined): JsonObject | undefined {
  if (!Array.isArray(elements)) return undefined;
  const objects = elements.filter(isObject);
  return objects.find(isPrimary) ?? objects[0];
}

function isPrimary(element: Json): element is JsonObject {
  return isObject(element) && element["primary"] === true;
}

/** Elements that one of the listed ones names: by value, and by type where it is given; without a value by every part. */
export function withoutListed(
  attribute: Attribute,
  elements: readonly Json[],
  listed: readonly Json[],
  reading: Telling,
): readonly Json[] {
  const forms = listed.map((item) => elementForm(attribute, item, reading));
  const named = new Set(forms.map(canonicalText));
  return elements.filter((element) => {
    const form = elementForm(attribute, element, reading);
    if (!isObject(form)) return !named.has(canonicalText(form));
    return !forms.some((item) => isObject(item) && names(item, form));
  });
}

function names(listed: JsonObject, element: JsonObject): boolean {
  const type = [TYPE_KEY, "type"].find((key) => key in listed);
  const keys = listed["value"] === undefined ? Object.keys(listed) : ["value", ...(type === undefined ? [] : [type])];
  return keys.every((key) => listed[key] === element[key]);
}
