import type { Json } from "../../model/json.js";
import { isList, isObject } from "./json-value.js";
import type { AttributeTarget } from "./patch-path.js";

/**
 * The first name in the value of a whole complex attribute, where the schema knows none of them: written, it would be a success
 * that does nothing, or empties. `undefined` where one is known, or nothing is named at all.
 */
export function onlyUnknown({ attribute, sub, where }: AttributeTarget, value: Json | undefined): string | undefined {
  if (attribute.type !== "complex" || sub !== undefined || where !== undefined) return undefined;
  let first: string | undefined;
  for (const item of isList(value) ? value : [value ?? null]) {
    if (item === null) continue;
    if (!isObject(item)) return undefined;
    for (const name of Object.keys(item)) {
      if (attribute.subs.has(name.toLowerCase())) return undefined;
      first ??= name;
    }
  }
  return first;
}
