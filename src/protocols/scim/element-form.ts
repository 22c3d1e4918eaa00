import type { CompiledScimRoles } from "../../engine/compile/compile-scim-roles.js";
import { typeKey } from "../../engine/scim-roles.js";
import type { Json, JsonObject } from "../../model/json.js";
import type { Reading } from "./dialect.js";
import { isObject } from "./json-value.js";
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

function withType(form: Json, type: Json | undefined, declared: CompiledScimRoles | undefined): Json {
  if (declared === undefined || !isObject(form) || typeof type !== "string") return form;
  return { ...form, [TYPE_KEY]: typeKey(declared, type) };
}
