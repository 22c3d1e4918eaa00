/** Owns the wording of schema mistakes: the validator's errors become problems in the style of the house. */

import type { ErrorObject } from "ajv/dist/2020.js";
import type { Problem } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { didYouMean, suggest } from "../model/suggest.js";
import { pointerStep } from "./json.js";

/** Nobody reads more, and a hostile document of 512 kB could hold a hundred thousand. */
const MOST_PROBLEMS = 500;

/** One problem per mistake, in the order of the validator, without the echoes of `anyOf`, `oneOf`, `if` and the like. */
export function problemsOf(errors: readonly ErrorObject[]): readonly Problem[] {
  let kept: ErrorObject[] = [];
  for (const error of errors) {
    if (error.keyword === "if" || error.keyword === "unevaluatedItems" || isFalseAlarm(error)) continue;
    kept = error.keyword === "anyOf" || error.keyword === "oneOf" ? withChoice(kept, error) : [...kept, error];
    if (kept.length >= MOST_PROBLEMS) break;
  }
  const problems = new Map<string, Problem>();
  for (const error of kept) {
    if (error.propertyName !== undefined) continue;
    const problem = problemOf(error);
    problems.set(`${problem.pointer} ${problem.code} ${problem.message}`, problem);
  }
  return [...problems.values()];
}

/**
 * The errors of a choice's branches stand right before its own. What they agree on is what the writer should hear:
 * a mistake further inside beats one at the choice itself, and a branch for another type than the value's does not count.
 */
function withChoice(errors: readonly ErrorObject[], choice: ErrorObject): ErrorObject[] {
  let start = errors.length;
  while (start > 0 && isInside(errors[start - 1]?.instancePath ?? "", choice.instancePath)) start -= 1;
  const before = errors.slice(0, start);
  const branches = errors.slice(start);
  const deeper = branches.filter(
    (error) => error.instancePath !== choice.instancePath || error.keyword.endsWith("Properties"),
  );
  if (deeper.length > 0) return [...before, ...deeper];
  const fitting = branches.filter((error) => error.keyword !== "type");
  if (fitting.length > 0 && fitting.every((error) => error.keyword === "required"))
    return [...before, anyOfKeys(fitting, choice)];
  if (fitting.length > 0) return [...before, ...fitting];
  return [...before, branches.length > 0 ? anyOfTypes(branches, choice) : choice];
}

function isInside(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}/`);
}

function anyOfTypes(branches: readonly ErrorObject[], choice: ErrorObject): ErrorObject {
  const type = [...new Set(branches.flatMap((error) => error.params["type"] as string | string[]))];
  return { ...choice, keyword: "type", params: { type } };
}

function anyOfKeys(branches: readonly ErrorObject[], choice: ErrorObject): ErrorObject {
  const keys = [...new Set(branches.map((error) => String(error.params["missingProperty"])))];
  return {
    ...choice,
    keyword: keys.length === 1 ? "required" : "oneOfKeys",
    params: { missingProperty: keys[0], keys },
  };
}

/** When another part of the schema fails, the validator no longer knows which keys that part would have covered. */
function isFalseAlarm(error: ErrorObject): boolean {
  return (
    error.keyword === "unevaluatedProperties" && knownKeys(error).includes(String(error.params["unevaluatedProperty"]))
  );
}

function problemOf(error: ErrorObject): Problem {
  const pointer = error.instancePath;
  const { params } = error;
  switch (error.keyword) {
    case "additionalProperties":
    case "unevaluatedProperties":
      return unknownKey(error, String(params["additionalProperty"] ?? params["unevaluatedProperty"]));
    case "propertyNames":
      return keyNotAllowed(pointer, String(params["propertyName"]));
    case "required":
      return {
        pointer,
        code: "missing_key",
        message: `the key ${quote(String(params["missingProperty"]))} is missing`,
      };
    case "oneOfKeys":
      return { pointer, code: "missing_key", message: `one of the keys ${listed(params["keys"])} is missing` };
    case "dependentRequired":
      return {
        pointer,
        code: "missing_key",
        message: `${quote(params["property"])} needs ${quote(params["missingProperty"])} beside it`,
      };
    case "enum":
    case "const":
      return notOneOf(error, error.keyword === "enum" ? params["allowedValues"] : [params["allowedValue"]]);
    case "discriminator":
      return unknownKind(error);
    case "type":
      return { pointer, code: "wrong_type", message: `must be ${typeNames(params["type"])}${isNow(error)}` };
    default:
      return { pointer, ...limitOf(error) };
  }
}

function unknownKey(error: ErrorObject, key: string): Problem {
  const suggestion = suggest(key, knownKeys(error));
  return {
    pointer: error.instancePath + pointerStep(key),
    code: "unknown_key",
    message: `unknown key ${quote(key)}${didYouMean(suggestion)}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

function keyNotAllowed(pointer: string, key: string): Problem {
  return {
    pointer: pointer + pointerStep(key),
    code: "wrong_key",
    message: `the key ${quote(key)} is not allowed here`,
  };
}

function notOneOf(error: ErrorObject, allowed: readonly unknown[]): Problem {
  const suggestion =
    typeof error.data === "string"
      ? suggest(
          error.data,
          allowed.filter((value) => typeof value === "string"),
        )
      : undefined;
  return {
    pointer: error.instancePath,
    code: "wrong_value",
    message: `must be ${allowed.length > 1 ? "one of " : ""}${listed(allowed)}${isNow(error)}${didYouMean(suggestion)}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

function unknownKind(error: ErrorObject): Problem {
  const tag = String(error.params["tag"]);
  const given: unknown = error.params["tagValue"];
  if (given === undefined)
    return { pointer: error.instancePath, code: "missing_key", message: `the key ${quote(tag)} is missing` };
  const kinds = branchesOf(error.parentSchema).flatMap((branch) => constantsOf(branch, tag));
  const pointer = error.instancePath + pointerStep(tag);
  return { ...notOneOf({ ...error, data: given }, kinds), pointer };
}

function constantsOf(schema: Readonly<Record<string, unknown>>, key: string): readonly unknown[] {
  const property = recordOf(recordOf(schema["properties"])[key]);
  if ("const" in property) return [property["const"]];
  return Array.isArray(property["enum"]) ? property["enum"] : [];
}

/** Bounds and forms: what remains once keys, types and values are right. */
function limitOf(error: ErrorObject): Omit<Problem, "pointer"> {
  const limit = Number(error.params["limit"]);
  switch (error.keyword) {
    case "minLength":
      return {
        code: "too_short",
        message: limit === 1 ? "must not be empty" : `must have at least ${limit} characters${isNow(error)}`,
      };
    case "maxLength":
      return { code: "too_long", message: `must have at most ${limit} characters` };
    case "minimum":
    case "exclusiveMinimum":
    case "maximum":
    case "exclusiveMaximum":
    case "multipleOf":
      return { code: "out_of_range", message: `must be ${comparison(error)}${isNow(error)}` };
    case "minItems":
      return { code: "too_few", message: limit === 1 ? "must not be empty" : `must have at least ${limit} entries` };
    case "maxItems":
      return { code: "too_many", message: `must have at most ${limit} entries` };
    case "minProperties":
      return { code: "too_few", message: limit === 1 ? "must not be empty" : `must have at least ${limit} keys` };
    case "maxProperties":
      return { code: "too_many", message: `must have at most ${limit} keys` };
    case "uniqueItems":
      return {
        code: "duplicate",
        message: `entries ${error.params["j"]} and ${error.params["i"]} are the same: keep one`,
      };
    case "pattern":
      return {
        code: "wrong_form",
        message: `must match ${quote(String(error.params["pattern"]), 200)}${isNow(error)}`,
      };
    case "format":
      return { code: "wrong_form", message: `must be a ${String(error.params["format"])}${isNow(error)}` };
    case "oneOf":
      return { code: "wrong_form", message: "fits several forms that exclude each other: use the keys of one of them" };
    case "not":
    case "false schema":
      return { code: "not_allowed", message: "is not allowed here, or not together with the rest" };
    default:
      return { code: "wrong_form", message: `does not fit the schema (\`${error.keyword}\`)` };
  }
}

function comparison(error: ErrorObject): string {
  const words: Readonly<Record<string, string>> = {
    minimum: "at least",
    exclusiveMinimum: "more than",
    maximum: "at most",
    exclusiveMaximum: "less than",
    multipleOf: "a multiple of",
  };
  return `${words[error.keyword]} ${error.params["limit"] ?? error.params["multipleOf"]}`;
}

function typeNames(type: unknown): string {
  const names = [type].flat().map((name) => {
    if (name === "null") return "null";
    return /^[aeio]/.test(String(name)) ? `an ${name}` : `a ${name}`;
  });
  return names.join(" or ");
}

/** The value that was found, when it is short, simple and no secret. */
function isNow(error: ErrorObject): string {
  const { data } = error;
  if (error.parentSchema?.["writeOnly"] === true || data === undefined) return "";
  if (Array.isArray(data)) return ", is a list";
  if (typeof data === "object" && data !== null) return ", is an object";
  return `, is ${quote(JSON.stringify(data))}`;
}

function listed(values: unknown): string {
  return [values]
    .flat()
    .map((value) => quote(typeof value === "string" ? value : JSON.stringify(value)))
    .join(", ");
}

function knownKeys(error: ErrorObject): readonly string[] {
  return keysOf(recordOf(error.parentSchema));
}

function keysOf(schema: Readonly<Record<string, unknown>>): readonly string[] {
  return [...Object.keys(recordOf(schema["properties"])), ...branchesOf(schema).flatMap(keysOf)];
}

function branchesOf(schema: unknown): readonly Readonly<Record<string, unknown>>[] {
  const { allOf, anyOf, oneOf, then: fulfilled, else: otherwise } = recordOf(schema);
  return [allOf, anyOf, oneOf, fulfilled, otherwise]
    .flat()
    .filter((branch) => typeof branch === "object" && branch !== null)
    .map(recordOf);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
