import type { CompiledScimRoles } from "../../engine/compile/compile-scim-roles.js";
import { typeKey } from "../../engine/scim-roles.js";
import type { Json, JsonObject } from "../../model/json.js";
import type { Reading } from "./dialect.js";
import { isObject, without } from "./json-value.js";
import { isRoles, TYPE_KEY } from "./roles.js";
import type { Attribute } from "./schema.js";
import { searchValue } from "./search-document.js";

interface KnownForm {
  readonly attribute: Attribute;
  readonly declared: CompiledScimRoles | undefined;
  readonly form: Json;
}

/** Forms of elements, which are never written to: operations after one another compare the same ones again and again. */
const forms = new WeakMap<JsonObject, KnownForm>();

/** `searchValue` of one element of a list; an assignment's also says which of the mapping's types it has. */
export function elementForm(attribute: Attribute, element: Json, { roles }: Pick<Reading, "roles">): Json {
  if (!isObject(element)) return searchValue(attribute, element);
  const declared = isRoles(attribute) ? roles?.declared : undefined;
  const known = forms.get(element);
  if (known?.attribute === attribute && known.declared === declared) return known.form;
  const form = withType(searchValue(attribute, element), element["type"], declared);
  forms.set(element, { attribute, declared, form });
  return form;
}

/** The element with these parts over its own; its form is made of both forms, so that no part is read anew. */
export function withParts(
  attribute: Attribute,
  element: JsonObject,
  parts: JsonObject,
  reading: Pick<Reading, "roles">,
): JsonObject {
  const [under, over] = [elementForm(attribute, element, reading), elementForm(attribute, parts, reading)];
  return withForm(attribute, { ...element, ...parts }, { ...asObject(under), ...asObject(over) }, reading);
}

/** The element without one part; the element itself where it has no such part. */
export function withoutPart(
  attribute: Attribute,
  element: JsonObject,
  name: string,
  reading: Pick<Reading, "roles">,
): JsonObject {
  if (!(name in element)) return element;
  const form = without(asObject(elementForm(attribute, element, reading)), name);
  return withForm(attribute, without(element, name), name === "type" ? without(form, TYPE_KEY) : form, reading);
}

function withForm(
  attribute: Attribute,
  element: JsonObject,
  form: JsonObject,
  { roles }: Pick<Reading, "roles">,
): JsonObject {
  forms.set(element, { attribute, declared: isRoles(attribute) ? roles?.declared : undefined, form });
  return element;
}

function asObject(form: Json): JsonObject {
  return isObject(form) ? form : {};
}

function withType(form: Json, type: Json | undefined, declared: CompiledScimRoles | undefined): Json {
  if (declared === undefined || !isObject(form) || typeof type !== "string") return form;
  return { ...form, [TYPE_KEY]: typeKey(declared, type) };
}
