/** Owns how a whole request looks in a log: address, query and body with their structure, and nobody in them. */

import type { Json, JsonObject } from "../../../model/json.js";
import { isOpaqueId } from "../../../model/opaque-id.js";
import { isList } from "../json-value.js";
import { maskedNumber, maskedText, type Redacting, SECRET_TEXT, shownAddress, shownName } from "./masked-text.js";
import { redactExpression } from "./redacted-expression.js";
import { isSecret, lastPart } from "./vocabulary.js";

const MOST_PARAMETERS = 20;
const MOST_ELEMENTS = 20;
const MOST_KEYS = 60;
const DEEPEST = 8;
/** Values of one body. */
const MOST_VALUES = 200;

const EXPRESSIONS = new Set(["filter", "attributes", "excludedattributes", "sortby", "path"]);
const COUNTS = new Set(["startindex", "count", "failonerrors"]);

/** Below the SCIM base. */
export function redactAddress(path: string, redacting: Redacting): string {
  return path.startsWith("/") ? shownAddress(path, redacting) : "/";
}

export function redactQuery(query: URLSearchParams, redacting: Redacting): JsonObject {
  const parameters = [...query].slice(0, MOST_PARAMETERS);
  return objectOf(
    parameters.map(([name, value]) => {
      const small = name.toLowerCase();
      if (COUNTS.has(small) && /^-?\d{1,9}$/.test(value)) return [name, value];
      return [shownKey(name, redacting), redactText(value, small, redacting)];
    }),
  );
}

/**
 * The body with its structure: keys, operations, paths, ids, booleans and fixed values stay; every other text is masked, and
 * what stands under the name of a secret is not even that. Long lists and large objects are cut, and say so.
 */
export function redactBody(body: Json, redacting: Redacting): Json {
  const budget = { left: MOST_VALUES };
  return redactValue(body, "", 0, { ...redacting, budget });
}

interface Spending extends Redacting {
  readonly budget: { left: number };
}

function redactValue(value: Json, name: string, depth: number, spending: Spending): Json {
  spending.budget.left -= 1;
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return COUNTS.has(name) ? value : maskedNumber(value);
  if (typeof value === "string") return redactText(value, name, spending);
  if (depth >= DEEPEST) return "…";
  return isList(value) ? redactList(value, name, depth, spending) : redactObject(value as JsonObject, depth, spending);
}

function redactList(list: readonly Json[], name: string, depth: number, spending: Spending): Json {
  const shown: Json[] = [];
  for (const item of list.slice(0, MOST_ELEMENTS)) {
    if (spending.budget.left <= 0) break;
    shown.push(redactValue(item, name, depth + 1, spending));
  }
  return shown.length === list.length ? shown : [...shown, `… and ${list.length - shown.length} more`];
}

function redactObject(object: JsonObject, depth: number, spending: Spending): Json {
  const keys = Object.keys(object);
  const hides = hidesValue(object, keys, spending);
  const shown: [string, Json][] = [];
  for (const key of keys.slice(0, MOST_KEYS)) {
    if (spending.budget.left <= 0) break;
    const name = lastPart(key);
    const value = object[key] ?? null;
    const secret = isSecret(key, spending.words) || (hides && name === "value");
    shown.push([shownKey(key, spending), secret ? SECRET_TEXT : redactValue(value, name, depth + 1, spending)]);
  }
  const rest = keys.length - shown.length;
  return objectOf(rest === 0 ? shown : [...shown, ["…", `and ${rest} more`]]);
}

/** An operation on a secret: its path says so, not the key of the value. */
function hidesValue(object: JsonObject, keys: readonly string[], { words }: Redacting): boolean {
  return keys.some((key) => {
    const path = key.toLowerCase() === "path" ? object[key] : undefined;
    return typeof path === "string" && isSecret(path, words);
  });
}

function redactText(text: string, name: string, redacting: Redacting): string {
  if (isSecret(name, redacting.words)) return SECRET_TEXT;
  if (name === "$ref" || name === "location" || (name === "path" && text.startsWith("/"))) {
    return redactReference(text, redacting);
  }
  return EXPRESSIONS.has(name) ? redactExpression(text, redacting) : maskedText(text, name, redacting);
}

/** Of an address only the resource that it names. */
function redactReference(text: string, redacting: Redacting): string {
  const [kind = "", id = ""] = text.split("/").slice(-2);
  const isResource = redacting.words.names.has(kind.toLowerCase()) && isOpaqueId(id);
  return isResource ? `/${kind}/${id}` : shownName(text, redacting);
}

/** A key may be a path with a filter in it, as those of operations. */
function shownKey(name: string, redacting: Redacting): string {
  return name.includes("[") ? redactExpression(name, redacting) : shownName(name, redacting);
}

/** Names that look alike once they are masked are told apart. */
function objectOf(entries: readonly (readonly [string, Json])[]): JsonObject {
  const counts = new Map<string, number>();
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      return [count === 1 ? name : `${name} #${count}`, value];
    }),
  );
}
