import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import type { Reading } from "./dialect.js";
import { elementForm, withParts } from "./element-form.js";
import { ScimError } from "./errors.js";
import { canonicalText, isObject } from "./json-value.js";
import { keepImmutable } from "./kept-rules.js";
import { TYPE_KEY } from "./roles.js";
import type { Attribute } from "./schema.js";

type Telling = Pick<Reading, "roles">;

/** Parts that are to be written over those of an element, with each immutable one as it was set. */
export function keptParts(attribute: Attribute, element: JsonObject, parts: JsonObject): JsonObject {
  const kept: Record<string, Json> = { ...parts };
  for (const sub of attribute.subs.values()) {
    const part = sub.mutability === "immutable" ? parts[sub.name] : undefined;
    if (part !== undefined) kept[sub.name] = keepImmutable(sub, element[sub.name], part);
  }
  return kept;
}

/**
 * Adds elements to a list so that no two have the same type and value (RFC-05, RFC-45): an element that is there
 * already takes over what the added one says, but for parts that cannot be changed. Types of roles are the same where the mapping says so.
 * Linear in both lists.
 */
export function joinElements(
  attribute: Attribute,
  present: readonly Json[],
  added: readonly Json[],
  reading: Telling,
): readonly Json[] {
  const byKey = new Map<string, Json>();
  for (const [index, element] of [...present, ...added].entries()) {
    const key = elementKey(attribute, element, reading);
    const same = byKey.get(key);
    if (isObject(same) && isObject(element)) {
      const isChange = present.length > 0 && index >= present.length;
      const parts = isChange ? keptParts(attribute, same, element) : element;
      byKey.set(key, withParts(attribute, same, parts, reading));
    } else byKey.set(key, same ?? element);
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

/** Which element it is: by type and value, without a value by all of it. */
export function elementKey(attribute: Attribute, element: Json, reading: Telling): string {
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

/**
 * Elements that one of the listed ones names: by value, and by type where it is given; without a value by every part. Linear in
 * both lists, where what is listed has values.
 */
export function withoutListed(
  attribute: Attribute,
  elements: readonly Json[],
  listed: readonly Json[],
  reading: Telling,
): readonly Json[] {
  const forms = listed.map((item) => elementForm(attribute, item, reading));
  const valued = new Set(forms.flatMap((form) => namings(form).slice(-1)));
  const byParts = forms.filter((form) => isObject(form) && form["value"] === undefined) as readonly JsonObject[];
  return elements.filter((element) => {
    const form = elementForm(attribute, element, reading);
    if (namings(form).some((naming) => valued.has(naming))) return false;
    return !byParts.some((item) => isObject(form) && Object.keys(item).every((key) => item[key] === form[key]));
  });
}

/** All that may be listed to name an element by its value, the most exact last. */
function namings(form: Json): readonly string[] {
  if (!isObject(form)) return [canonicalText(form)];
  const value = form["value"];
  if (value === undefined) return [];
  const types = ["type", TYPE_KEY].filter((key) => key in form);
  return [canonicalText([value]), ...types.map((key) => canonicalText([value, key, form[key] ?? null]))];
}
