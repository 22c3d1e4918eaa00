import type { Json } from "../../src/model/json.js";

/**
 * How an answer differs from what a fixture expects of it: one line for each place, none when it fits.
 * `undefined` is what is not there.
 */
export function mismatches(expected: Json, actual: Json | undefined, place = "body"): readonly string[] {
  if (typeof expected === "string" && expected.startsWith("<") && expected.endsWith(">")) {
    return fits(expected, actual) ? [] : [`${place}: expected ${expected}, found ${shown(actual)}`];
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) {
      return [`${place}: expected a list of ${expected.length}, found ${shown(actual)}`];
    }
    return expected.flatMap((item, index) => mismatches(item, actual[index], `${place}[${index}]`));
  }
  if (typeof expected !== "object" || expected === null) {
    return expected === actual ? [] : [`${place}: expected ${shown(expected)}, found ${shown(actual)}`];
  }
  if (typeof actual !== "object" || actual === null || Array.isArray(actual)) {
    return [`${place}: expected an object, found ${shown(actual)}`];
  }
  const found = new Map(Object.entries(actual));
  return Object.entries(expected).flatMap(([key, item]) => mismatches(item, found.get(key), `${place}.${key}`));
}

const ENDS_WITH = "<ends with ";
const STARTS_WITH = "<starts with ";

function fits(matcher: string, actual: Json | undefined): boolean {
  switch (matcher) {
    case "<absent>":
      return actual === undefined;
    case "<absent or empty>":
      return actual === undefined || (Array.isArray(actual) && actual.length === 0);
    case "<non-empty string>":
      return typeof actual === "string" && actual !== "";
    case "<integer>":
      return Number.isInteger(actual);
    default:
      if (matcher.startsWith(STARTS_WITH)) {
        return typeof actual === "string" && actual.startsWith(matcher.slice(STARTS_WITH.length, -1));
      }
      if (!matcher.startsWith(ENDS_WITH)) throw new Error(`unknown matcher ${matcher}`);
      return typeof actual === "string" && actual.endsWith(matcher.slice(ENDS_WITH.length, -1));
  }
}

function shown(value: Json | undefined): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
