/** Owns filters over `members` and `groups`, which are rows of their own: only who belongs to what can be asked. */

import type { AttributePath, Comparator, ResourceFilter } from "../../model/filter.js";
import { quote } from "../../model/quote.js";
import { ScimError } from "./errors.js";
import type { FilterNode, Operand } from "./filter-parser.js";
import { selectedMemberIds } from "./member-ids.js";
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

/** "Some member is x or y" is "some member is x, or some member is y"; nothing else can be asked of a relation. */
export function relationElement(attribute: Attribute, where: FilterNode): ResourceFilter {
  const path = relationPath(attribute);
  const items = selectedMemberIds(where).map(
    (value): ResourceFilter => ({ op: "compare", path, comparator: "eq", value }),
  );
  const [only] = items;
  return items.length === 1 && only !== undefined ? only : { op: "or", items };
}
