/** Owns what SCIM says of service accounts whose time is over: they are not active, whatever was pushed. */
import type { ResourceFilter, ResourceSort } from "../../model/filter.js";
import type { Instant } from "../../model/ids.js";
import type { Json, JsonObject } from "../../model/json.js";
import { memberOf } from "./attribute-value.js";
import { instantOf } from "./date-time.js";
import type { Reading } from "./dialect.js";
import { namesOver } from "./entity-tag.js";
import { isObject } from "./json-value.js";
import type { Preconditions } from "./preconditions.js";
import type { StoredResource } from "./render.js";
import { bodySaysOff } from "./switch-off.js";

/** The account as it is at that time; what was pushed counts again with a later `expiresAt`. */
export function accountAt<Row extends StoredResource>(row: Row, now: Instant): Row {
  const { resource } = row;
  return isOver(resource, now) ? { ...row, over: true, resource: { ...resource, active: false } } : row;
}

function isOver({ expiresAt }: JsonObject, now: Instant): boolean {
  const end = typeof expiresAt === "string" ? instantOf(expiresAt) : undefined;
  return end !== undefined && end <= Date.parse(now);
}

/**
 * A PUT's body without an `active: false`, in any spelling, that was merely read, as the tag of what was read tells: nobody
 * pushed it, and the account stays what it was pushed to be. INVARIANT: whoever says `active: false` without having read the
 * account as it is now switches off.
 */
export function withoutReadActive(
  body: Json,
  row: StoredResource,
  { preconditions: { ifMatch }, reading, now }: ReadBack,
): Json {
  if (!isObject(body) || !isOver(row.resource, now)) return body;
  const meta = memberOf(body, "meta");
  const version = isObject(meta) ? memberOf(meta, "version") : undefined;
  const wasRead = [ifMatch, version].some((tags) => typeof tags === "string" && namesOver(tags, row));
  return wasRead && bodySaysOff(body, reading) ? withoutActive(body, reading.type.core.urn.toLowerCase()) : body;
}

interface ReadBack {
  readonly preconditions: Preconditions;
  readonly reading: Reading;
  readonly now: Instant;
}

/** At the root, and below the URN of the core. */
function withoutActive(body: JsonObject, urn: string): JsonObject {
  const entries = Object.entries(body).flatMap(([key, value]): readonly (readonly [string, Json])[] => {
    const name = key.toLowerCase();
    if (name === "active") return [];
    return [[key, name === urn && isObject(value) ? withoutActive(value, urn) : value]];
  });
  return Object.fromEntries(entries);
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
