/** Owns what a list is sorted by (RFC 7644 section 3.4.2.3). */

import type { ResourceSort } from "../../model/filter.js";
import { quote } from "../../model/quote.js";
import { parseReference } from "./attribute-reference.js";
import type { Reading } from "./dialect.js";
import { ScimError } from "./errors.js";
import { isRelation } from "./relation-filter.js";
import { type Attribute, type Lookup, lookup } from "./schema.js";
import { unknownAttribute } from "./unknown-attribute.js";

export interface SortRequest {
  readonly sortBy?: string | undefined;
  readonly sortOrder?: string | undefined;
}

/** `undefined`: nothing sorts, or what sorts is an attribute of other types that are searched too. */
export function readSort({ sortBy = "", sortOrder }: SortRequest, reading: Reading): ResourceSort | undefined {
  if (sortBy === "") return undefined;
  const descending = isDescending(sortOrder);
  const found = find(sortBy, reading);
  if (found === undefined) return undefined;
  const attribute = found.sub ?? found.attribute;
  if (attribute === undefined) throw refused(sortBy, "is a schema: sort by one of its attributes");
  return { path: sortable(attribute).path, descending };
}

/** Ascending unless told otherwise. */
function isDescending(sortOrder = ""): boolean {
  const order = sortOrder.toLowerCase();
  if (order === "descending") return true;
  if (order === "" || order === "ascending") return false;
  throw new ScimError("invalidValue", `\`sortOrder\` must be \`ascending\` or \`descending\`, is ${quote(sortOrder)}`);
}

function find(sortBy: string, reading: Reading): Lookup | undefined {
  const reference = parseReference(sortBy);
  const found = reference && lookup(reading.type, reference);
  if (found?.urnLeftOut) reading.quirks.add("urn_left_out");
  if (found !== undefined) return found;
  if (reading.strangers === undefined) throw unknownAttribute("invalidValue", sortBy, [reading.type]);
  reading.strangers.add(sortBy);
  return undefined;
}

/** RFC-37: a complex attribute sorts by its `value`; members, groups and what is made of other data sort nothing. */
function sortable(attribute: Attribute): Attribute {
  const derived = attribute.id === "schemas" || (attribute.id.startsWith("meta") && attribute.type !== "dateTime");
  if (attribute.returned === "never" || isRelation(attribute) || (derived && attribute.type !== "complex")) {
    throw refused(attribute.id, "cannot be sorted by");
  }
  if (attribute.type !== "complex") return attribute;
  const significant = attribute.subs.get("value");
  if (significant !== undefined) return sortable(significant);
  const [part] = attribute.subs.values();
  throw refused(attribute.id, `has parts: sort by one, for instance ${quote(`${attribute.id}.${part?.name}`)}`);
}

function refused(name: string, why: string): ScimError {
  return new ScimError("invalidValue", `${quote(name)} ${why}`);
}
