/** Owns how much work one PATCH may ask for. */

import type { Json } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { comparisonsOf } from "./comparisons-of.js";
import type { Reading } from "./dialect.js";
import { ScimError } from "./errors.js";
import type { FilterNode } from "./filter-parser.js";
import { isLongerThan } from "./json-size.js";
import type { Attribute } from "./schema.js";

export interface PatchCost {
  readonly reading: Reading;
  /** Keys of values applied so far: each costs as much as an operation of its own, and shares the bound on these. */
  keys: number;
  /** Comparisons in paths so far: each is made with every value of its attribute. */
  comparisons: number;
  /** Elements that paths selected and lists named so far: each is changed, and then compared with the others anew. */
  values: number;
}

export function countKey(draft: PatchCost): void {
  const { limits } = draft.reading;
  draft.keys += 1;
  if (draft.keys > limits.operations) {
    throw new ScimError("tooLarge", `the values name more than ${limits.operations} attributes: send fewer at a time`);
  }
}

/** Two for each operation that may be sent: clients select by a type, at most with one condition more. */
export function countComparisons(draft: PatchCost, node: FilterNode): void {
  draft.comparisons += comparisonsOf(node);
  const most = 2 * draft.reading.limits.operations;
  if (draft.comparisons > most) {
    throw new ScimError("tooLarge", `the paths compare more than ${most} times: send fewer operations at a time`);
  }
}

/** Times all values that an attribute may have. */
const MOST_VALUES = 100;
/** Times what a resource may keep: a value that is written to each of several elements may be the last of one of them. */
const MOST_COPIED = 8;

/** Elements that an operation lists. */
export function countListed(draft: PatchCost, count: number): void {
  const most = MOST_VALUES * draft.reading.limits.values;
  draft.values += count;
  if (draft.values > most) {
    throw new ScimError("tooLarge", `the operations select and list more than ${most} values: send fewer at a time`);
  }
}

export function countSelected(draft: PatchCost, attribute: Attribute, value: Json | undefined, count: number): void {
  countListed(draft, count);
  const { resourceBytes } = draft.reading.limits;
  if (count > 1 && isLongerThan(value ?? null, (MOST_COPIED * resourceBytes) / count)) {
    throw new ScimError("invalidValue", `the value is too long to be that of ${count} of ${quote(attribute.id)}`);
  }
}
