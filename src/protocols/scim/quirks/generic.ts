/** Owns what is read differently for the sake of many clients. */

import type { Json } from "../../../model/json.js";

/** Each deviation by name, with the rows of the wire notes that it answers. */
export const GENERIC_QUIRKS = {
  unknown_attribute: "C8: attributes that no schema declares are ignored",
  core_below_urn: "core attributes below the URN of their schema",
  bare_member: "C9: a member given as a bare id",
  member_display_name: "C13: `displayName` of a member read as `display`",
  lone_value: "a single value where the attribute takes a list",
  unmanaged_roles: "TEC-10: roles are ignored where the connection does not take them",
  unlisted_schema: "data of an extension that `schemas` does not list",
  member_type: "a member whose `type` says that it is a group, and it is a user",
  null_element: "null among the values of a list",
  listed_value: "a list of one where a path selects elements and takes one",
  removal_with_value: "a value with the removal of what a path names wholly: it is not looked at",
  filtered_attributes: "C10: a filter in `attributes`",
  search_without_schemas: "a search that names no schema",
  number_as_text: "a number of a search as text",
  names_as_text: "attributes of a search as one text and not as a list",
  bulk_method_case: "a method of a bulk request in small letters",
  bulk_path_without_slash: "a path of a bulk request without the slash before it",
  refused_beside_deactivation: "what is refused beside `active: false` is left out, and that alone is done",
  kept_value: "C17: a PATCH that takes away what always has a value: it stays",
  blank_role: "TEC-17, TEC-41: an element of `roles` without a value takes that assignment away",
  wrong_link: "a `$ref` that leads to another than the `value` beside it, which alone counts",
  null_members: "`members: null` beside other attributes leaves the members alone",
} as const;

/** C9: `"id"` in a member list means `{value: "id"}`. */
export function memberFromText(value: Json): Json | undefined {
  return typeof value === "string" ? { value } : undefined;
}
