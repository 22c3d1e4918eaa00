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
  refused_beside_deactivation: "what is refused beside `active: false` is left out, and that alone is done",
  null_members: "`members: null` beside other attributes leaves the members alone",
} as const;

/** C9: `"id"` in a member list means `{value: "id"}`. */
export function memberFromText(value: Json): Json | undefined {
  return typeof value === "string" ? { value } : undefined;
}
