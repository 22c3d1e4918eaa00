/** Owns what is read differently because Microsoft Entra ID sends it so, in its default dialect or behind its flag. */

import type { Json, JsonObject } from "../../../model/json.js";
import { isList, isObject } from "../json-value.js";

/** Each deviation by name, with the rows of the wire notes that it answers. */
export const ENTRA_QUIRKS = {
  capitalised_operation: "ENTRA-07, BUG-06: `Add`, `Replace`, `Remove`",
  boolean_as_text: 'ENTRA-07, ENTRA-29, BUG-05: "True" and "False" for booleans',
  dotted_key: "ENTRA-09: keys of a value that are paths",
  element_from_filter: "ENTRA-11, ENTRA-12: an element made from the filter that missed it",
  manager_as_text: "ENTRA-05, ENTRA-13: the manager as a bare id",
  manager_as_list: "ENTRA-13: the manager as a list of one",
  manager_emptied: 'ENTRA-14: the manager removed by "", {} or []',
  wrapped_value: "ENTRA-16: `{value}` around a plain value, or a list of one around that",
  foreign_schema: "ENTRA-18: a schema of Microsoft's own in `schemas`",
  remove_by_value: "ENTRA-20: removal that lists the values instead of filtering",
  unquoted_operand: "C11, ENTRA-03: a filter's text without quotes",
  compared_by_value: "ENTRA-23: a complex attribute compared by its `value`",
  urn_left_out: "ENTRA-23: an extension's attribute without its URN",
  app_role_as_json: "ENTRA-31: an app role as JSON inside a string",
} as const;

/** Ids of the attributes whose values Entra writes in ways of its own. */
export const MANAGER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
export const ROLES = "roles";

/** BUG-05: only the words themselves, in any letter case; anything else is no boolean. */
export function booleanFromText(value: Json): boolean | undefined {
  if (typeof value !== "string") return undefined;
  const word = value.toLowerCase();
  return word === "true" ? true : word === "false" ? false : undefined;
}

/** ENTRA-13: the older dialect sends `[{value}]` for the single manager. */
export function managerFromList(value: Json): Json | undefined {
  return isList(value) && value.length === 1 ? value[0] : undefined;
}

/** ENTRA-05, ENTRA-13: `"id"` means `{value: "id"}`. */
export function managerFromText(value: Json): JsonObject | undefined {
  return typeof value === "string" && value !== "" ? { value } : undefined;
}

/** ENTRA-14, RFC-06: `""`, `{value: ""}`, and what is left of `{value: null}` or `[null]` without nulls, say that there is no manager. */
export function isEmptyManager(value: Json): boolean {
  if (isList(value)) return value.length === 0;
  return value === "" || (isObject(value) && (value["value"] === "" || Object.keys(value).length === 0));
}

/** ENTRA-16: `{value: "x"}` for an attribute whose values are plain, with or without a `$ref`. */
export function unwrapped(value: Json): Json | undefined {
  if (!isObject(value) || Object.keys(value).some((key) => key !== "value" && key !== "$ref")) return undefined;
  return value["value"];
}

/** The older dialect sends `[{"$ref": null, "value": "x"}]` for a single plain value too. */
export function unwrappedFromList(value: Json): Json | undefined {
  return isList(value) && value.length === 1 ? unwrapped(value[0] ?? null) : undefined;
}

/** ENTRA-18: Microsoft's own URI of users and groups, which declares nothing. */
export function isForeignSchema(uri: string): boolean {
  return uri.toLowerCase().startsWith("http://schemas.microsoft.com/2006/11/resourcemanagement/adscim/");
}

/**
 * ENTRA-31: a role's `value` that is the JSON of `{id, value, displayName}` becomes that role's own value and name;
 * `undefined` for any other text.
 */
export function appRoleFromJson(text: string): { readonly value: string; readonly display?: string } | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const role: unknown = JSON.parse(text);
    if (typeof role !== "object" || role === null || !("value" in role) || typeof role.value !== "string")
      return undefined;
    const display = "displayName" in role && typeof role.displayName === "string" ? role.displayName : undefined;
    return { value: role.value, ...(display === undefined ? {} : { display }) };
  } catch {
    return undefined;
  }
}
