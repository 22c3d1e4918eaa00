/** Owns what SCIM says of service accounts whose time is over: they are not active, whatever was pushed. */
import type { ResourceFilter, ResourceSort } from "../../model/filter.js";
import type { Instant } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";
import { instantOf } from "./date-time.js";

/** The resource as it is at that time; what was pushed counts again with a later `expiresAt`. */
export function accountAt(resource: JsonObject, now: Instant): JsonObject {
  const text = resource["expiresAt"];
  const end = typeof text === "string" ? instantOf(text) : undefined;
  return end === undefined || end > Date.parse(now) ? resource : { ...resource, active: false };
}

/** The filter with `active` as it is at that time. */
export function accountFilterAt(filter: ResourceFilter, now: Instant): ResourceFilter {
  switch (filter.op) {
    case "and":
    case "or":
      return { op: filter.op, items: filter.items.map((item) => accountFilterAt(item, now)) };
    case "not":
      return { op: "not", item: accountFilterAt(filter.item, now) };
    case "compare":
      return filter.path[0]?.name === "active" && typeof filter.value === "boolean"
        ? activeAt(filter.value === (filter.comparator === "eq"), now)
        : filter;
    default:
      return filter;
  }
}

/** The order with `active` as it is at that time. */
export function accountSortAt(sort: ResourceSort, now: Instant): ResourceSort {
  return sort.path[0]?.name === "active" ? { ...sort, holds: activeAt(true, now) } : sort;
}

function activeAt(wanted: boolean, now: Instant): ResourceFilter {
  const compare = (name: string, comparator: "eq" | "le", value: number | boolean): ResourceFilter => {
    return { op: "compare", path: [{ name, multi: false }], comparator, value };
  };
  const over = compare("expiresAt", "le", Date.parse(now));
  return wanted
    ? { op: "and", items: [compare("active", "eq", true), { op: "not", item: over }] }
    : { op: "or", items: [compare("active", "eq", false), over] };
}
