/** Owns how large one resource may be: what it keeps is what each list with it costs, and each later request about it. */

import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { ScimError } from "./errors.js";
import { isList, isObject } from "./json-value.js";

/** JSON writes a character in six bytes at most, and little around each key and value. */
const LONGEST_CHARACTER = 6;
const AROUND = 8;
const LONGEST_NUMBER = 25;

/**
 * Refuses a resource whose JSON has more bytes than may be kept. One that was larger before may stay as large, so that
 * people in it can be deactivated, and it can shrink.
 */
export function refuseTooLarge(resource: JsonObject, most: number, previous: JsonObject | undefined): void {
  if (longest(resource) <= most) return;
  const bytes = bytesOf(resource);
  if (bytes <= most || (previous !== undefined && bytes <= bytesOf(previous))) return;
  throw new ScimError(
    "invalidValue",
    `the resource would have ${bytes} bytes of at most ${most}: shorten ${quote(largestOf(resource))}`,
  );
}

/** Never less than the bytes, and much cheaper: nearly all resources are far below any limit. */
function longest(value: Json): number {
  if (typeof value === "string") return AROUND + LONGEST_CHARACTER * value.length;
  if (isList(value)) return value.reduce<number>((sum, item) => sum + longest(item), AROUND);
  if (!isObject(value)) return LONGEST_NUMBER;
  let sum = AROUND;
  for (const key of Object.keys(value)) sum += AROUND + LONGEST_CHARACTER * key.length + longest(value[key] ?? null);
  return sum;
}

/** True and false count the same: to switch something off makes nothing larger. */
function bytesOf(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value, (_, item: Json) => (item === false ? true : item)));
}

function largestOf(resource: JsonObject): string {
  const [[name] = [""]] = Object.entries(resource)
    .map(([key, value]): readonly [string, number] => [key, bytesOf(value)])
    .sort(([, one], [, other]) => other - one);
  return name;
}
