/** A plain model of filters: each is asked of whole resources (RFC 7644 section 3.4.2.2). */
import type { Json, JsonObject } from "../../../src/model/json.js";
import { EXTENSION, folded } from "./rfc-resource.js";

export type Comparison = "eq" | "ne" | "co" | "sw" | "ew" | "gt" | "ge" | "lt" | "le";

export type ModelFilter =
  | { readonly is: "and" | "or"; readonly both: readonly [ModelFilter, ModelFilter] }
  | { readonly is: "not"; readonly item: ModelFilter }
  | { readonly is: "present"; readonly path: string }
  | { readonly is: "compare"; readonly path: string; readonly by: Comparison; readonly value: string | boolean | null }
  | { readonly is: "element"; readonly list: string; readonly where: ModelFilter };

const EXACT = new Set(["externalId"]);

export function holds(filter: ModelFilter, resource: JsonObject): boolean {
  switch (filter.is) {
    case "and":
      return filter.both.every((item) => holds(item, resource));
    case "or":
      return filter.both.some((item) => holds(item, resource));
    case "not":
      return !holds(filter.item, resource);
    case "present":
      return valuesAt(resource, filter.path).some(isThere);
    case "element":
      return ((resource[filter.list] ?? []) as readonly JsonObject[]).some((element) => holds(filter.where, element));
    case "compare":
      return compared(valuesAt(resource, filter.path), filter);
  }
}

function valuesAt(resource: JsonObject, path: string): readonly Json[] {
  const inside = path.startsWith(`${EXTENSION}:`);
  const start = inside ? ((resource[EXTENSION] ?? {}) as JsonObject) : resource;
  const [name = "", sub] = (inside ? path.slice(EXTENSION.length + 1) : path).split(".");
  const found = start[name];
  const values = Array.isArray(found) ? (found as readonly Json[]) : found === undefined ? [] : [found];
  if (sub === undefined) return values;
  return values.flatMap((value) => (value as JsonObject)[sub] ?? []);
}

function isThere(value: Json): boolean {
  if (value === null || value === "") return false;
  return typeof value !== "object" || Object.values(value).some((item) => isThere(item as Json));
}

function compared(
  values: readonly Json[],
  { path, by, value }: Extract<ModelFilter, { readonly is: "compare" }>,
): boolean {
  if (value === null) return values.some(isThere) === (by === "ne");
  const form = (one: Json): Json => (typeof one === "string" && !EXACT.has(path) ? folded(one) : one);
  const wanted = form(value);
  if (by === "ne") return values.length === 0 || values.some((one) => form(one) !== wanted);
  return values.some((one) => test(form(one), by, wanted));
}

function test(one: Json, by: Exclude<Comparison, "ne">, wanted: Json): boolean {
  if (by === "eq") return one === wanted;
  if (typeof one !== "string" || typeof wanted !== "string") return false;
  return {
    co: one.includes(wanted),
    sw: one.startsWith(wanted),
    ew: one.endsWith(wanted),
    gt: one > wanted,
    ge: one >= wanted,
    lt: one < wanted,
    le: one <= wanted,
  }[by];
}

/** The filter as clients write it, with letter case that must not matter where `loud`. */
export function printed(filter: ModelFilter, loud: boolean): string {
  const word = (text: string): string => (loud ? text.toUpperCase() : text);
  switch (filter.is) {
    case "and":
    case "or":
      return `(${printed(filter.both[0], loud)} ${word(filter.is)} ${printed(filter.both[1], loud)})`;
    case "not":
      return `${word("not")} (${printed(filter.item, loud)})`;
    case "present":
      return `${word(filter.path)} ${word("pr")}`;
    case "element":
      return `${filter.list}[${printed(filter.where, loud)}]`;
    case "compare":
      return `${word(filter.path)} ${word(filter.by)} ${JSON.stringify(filter.value)}`;
  }
}
