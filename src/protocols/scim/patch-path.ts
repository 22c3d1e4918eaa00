/** Owns the paths of PATCH operations: their grammar (RFC 7644 figure 7) and what they name in a schema. */

import type { ResourceFilter } from "../../model/filter.js";
import { quote } from "../../model/quote.js";
import { parseReference, refusePrototypePath } from "./attribute-reference.js";
import type { Reading } from "./dialect.js";
import { ScimError } from "./errors.js";
import { pathMeant } from "./external-names.js";
import { type FilterNode, parseElementFilter } from "./filter-parser.js";
import { filterOptions, resolveElementFilter } from "./filter-resolve.js";
import { type Attribute, hint, lookup, type Schema } from "./schema.js";
import { lastOf } from "./unknown-attribute.js";

export interface AttributeTarget {
  readonly schema: Schema;
  readonly attribute: Attribute;
  /** The part inside brackets, as a tree and resolved against the attribute's elements. */
  readonly where?: { readonly node: FilterNode; readonly filter: ResourceFilter };
  readonly sub?: Attribute;
}

/** A whole schema (`urn:...:User`) has no `attribute`. */
export type PatchTarget = AttributeTarget | { readonly schema: Schema; readonly attribute?: undefined };

/** What a path names; refuses with `invalidPath` what is no path and what names nothing. */
export function readPath(path: string, reading: Reading): PatchTarget {
  const target = findTarget(path, reading);
  if (target !== undefined) return target;
  throw new ScimError(
    "invalidPath",
    `${quote(path)} names no attribute of ${reading.type.name}${hint(reading.type, lastOf(path))}`,
  );
}

const LONGEST_PATH = 2048;

/** What a path names, `undefined` where the schema has nothing of that name. Prototype keys are refused here too. */
export function findTarget(written: string, reading: Reading): PatchTarget | undefined {
  if (Buffer.byteLength(written) > LONGEST_PATH) {
    throw new ScimError("invalidPath", `the path is longer than ${LONGEST_PATH} bytes`);
  }
  const path = pathMeant(written, reading);
  refusePrototypePath(path, "invalidPath");
  const bracket = path.indexOf("[");
  return bracket < 0 ? findPlain(path, reading) : findFiltered(path, bracket, reading);
}

function findPlain(path: string, reading: Reading): PatchTarget | undefined {
  const reference = parseReference(path);
  const found = reference === undefined ? undefined : lookup(reading.type, reference);
  if (found === undefined) return undefined;
  if (found.urnLeftOut) reading.quirks.add("urn_left_out");
  const { schema, attribute, sub } = found;
  if (attribute === undefined) return { schema };
  return { schema, attribute, ...(sub === undefined ? {} : { sub }) };
}

function findFiltered(path: string, bracket: number, reading: Reading): PatchTarget | undefined {
  const closing = closingBracket(path, bracket);
  const rest = path.slice(closing + 1);
  if (closing < 0 || (rest !== "" && !rest.startsWith("."))) {
    throw new ScimError("invalidPath", `${quote(path)} is no path: write attribute[filter] or attribute[filter].sub`);
  }
  const target = findPlain(path.slice(0, bracket), reading);
  if (target?.attribute === undefined) return undefined;
  if (target.sub !== undefined || !target.attribute.multiValued) {
    throw new ScimError("invalidPath", `${quote(path.slice(0, bracket))} takes no filter in a path`);
  }
  const { schema, attribute } = target;
  const node = parseElementFilter(path.slice(bracket + 1, closing), filterOptions(reading));
  const where = { node, filter: resolveElementFilter(node, attribute, reading) };
  if (rest === "") return { schema, attribute, where };
  const sub = attribute.subs.get(rest.slice(1).toLowerCase());
  return sub === undefined ? undefined : { schema, attribute, where, sub };
}

/** The bracket that ends the filter; those inside quoted text do not count. -1: there is none. */
function closingBracket(path: string, opening: number): number {
  let quotedText = false;
  for (let at = opening + 1; at < path.length; at += 1) {
    const character = path[at];
    if (quotedText && character === "\\") at += 1;
    else if (character === '"') quotedText = !quotedText;
    else if (character === "]" && !quotedText) return at;
  }
  return -1;
}
