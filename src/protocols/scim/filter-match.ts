import type { AttributePath, Comparator, ResourceFilter } from "../../model/filter.js";
import type { Json } from "../../model/json.js";
import { isObject } from "./json-value.js";

/**
 * Whether a search document, or the search form of one element, satisfies a resolved filter (RFC 7644 section 3.4.2.2).
 * It says in memory what a store says in SQL: several values match when any of them does, also by `ne`, which holds for what
 * is absent too; neither an empty text nor an empty list is present; null means what is not present.
 */
export function matches(filter: ResourceFilter, document: Json): boolean {
  switch (filter.op) {
    case "and":
      return filter.items.every((item) => matches(item, document));
    case "or":
      return filter.items.some((item) => matches(item, document));
    case "not":
      return !matches(filter.item, document);
    case "present":
      return valuesAt(document, filter.path).some(isPresent);
    case "compare":
      return compareAny(valuesAt(document, filter.path), filter.comparator, filter.value);
    case "element":
      return valuesAt(document, filter.path).some((element) => matches(filter.where, element));
  }
}

/** A path of the one step `[]` is the element itself, where its attribute has plain values. */
function valuesAt(document: Json, path: AttributePath): readonly Json[] {
  if (path[0]?.name === "[]") return [document];
  let values: readonly Json[] = [document];
  for (const step of path) {
    values = values.flatMap((value) => {
      const next = isObject(value) && Object.hasOwn(value, step.name) ? value[step.name] : undefined;
      return (Array.isArray(next) ? next : [next]).filter((found) => found !== undefined && found !== null);
    });
  }
  return values;
}

function compareAny(values: readonly Json[], comparator: Comparator, operand: Json): boolean {
  if (operand === null) return values.some(isPresent) !== (comparator === "eq");
  if (comparator === "ne") return values.length === 0 || values.some((value) => value !== operand);
  return values.some((value) => compareOne(value, comparator, operand));
}

function compareOne(value: Json, comparator: Comparator, operand: Json): boolean {
  if (comparator === "eq") return value === operand;
  if (typeof value === "string" && typeof operand === "string") {
    if (comparator === "co") return value.includes(operand);
    if (comparator === "sw") return value.startsWith(operand);
    if (comparator === "ew") return value.endsWith(operand);
    return ordered(value < operand, value > operand, comparator);
  }
  if (typeof value === "number" && typeof operand === "number") {
    return ordered(value < operand, value > operand, comparator);
  }
  return false;
}

function ordered(less: boolean, greater: boolean, comparator: Comparator): boolean {
  if (comparator === "gt") return greater;
  if (comparator === "lt") return less;
  return comparator === "ge" ? !less : !greater;
}

function isPresent(value: Json): boolean {
  if (value === null || value === "") return false;
  if (Array.isArray(value)) return value.some(isPresent);
  return !isObject(value) || Object.values(value).some(isPresent);
}
