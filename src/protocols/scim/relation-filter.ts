/** Owns filters over `members` and `groups`, which are rows of their own: only who belongs to what can be asked. */

import type { AttributePath, Comparator, ResourceFilter } from "../../model/filter.js";
import { fold } from "../../model/fold.js";
import { quote } from "../../model/quote.js";
import { ScimError } from "./errors.js";
import type { FilterNode, Operand } from "./filter-parser.js";
import { isCalled, memberCandidates, noSelection } from "./member-ids.js";
import type { Attribute } from "./schema.js";

const RELATION = /^(members|groups)(\.|$)/;

export function isRelation({ id }: Attribute): boolean {
  return RELATION.test(id);
}

export function relationPath(attribute: Attribute): AttributePath {
  const root = attribute.path.slice(0, 1);
  const leaf = attribute.path[1];
  if (leaf !== undefined && leaf.name !== "value") {
    throw new ScimError(
      "invalidFilter",
      `${quote(attribute.id)} cannot be filtered by: use ${quote(`${root[0]?.name}.value`)}`,
    );
  }
  return [...root, { name: "value", multi: false }];
}

export function compareRelation(attribute: Attribute, comparator: Comparator, value: Operand): ResourceFilter {
  const path = relationPath(attribute);
  if (comparator !== "eq" || typeof value !== "string") {
    throw new ScimError("invalidFilter", `${quote(attribute.id)} can be compared by eq with an id in double quotes`);
  }
  return { op: "compare", path, comparator, value };
}

/** "Some member is x or y" is "some member is x, or some member is y". */
export function relationElement(attribute: Attribute, where: FilterNode): ResourceFilter {
  if (where.kind === "or") return { op: "or", items: where.items.map((item) => relationElement(attribute, item)) };
  if (!memberCandidates(where, attribute).conditional) return condition(where, relationPath(attribute).slice(0, 1));
  return { op: "element", path: relationPath(attribute).slice(0, 1), where: condition(where, []) };
}

/** Of one row of the relation: its id and its type; nothing else can be asked of it. */
function condition(node: FilterNode, path: AttributePath): ResourceFilter {
  if (node.kind === "and" || node.kind === "or") {
    return { op: node.kind, items: node.items.map((item) => condition(item, path)) };
  }
  if (node.kind !== "compare" || node.comparator !== "eq" || typeof node.value !== "string") throw noSelection();
  for (const name of ["value", "type"]) {
    const value = name === "value" ? node.value : fold(node.value);
    if (isCalled(node.attribute, name)) {
      return { op: "compare", path: [...path, { name, multi: false }], comparator: "eq", value };
    }
  }
  throw noSelection();
}
