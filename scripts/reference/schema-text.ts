/** Schemas in words, for tables that people read. */
import type { Json, JsonObject } from "../../src/model/json.js";

/** What a `$ref` stands for. */
export type Resolve = (reference: string) => JsonObject;

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function listOf(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** A pointer into one document, as a resolver. */
export function resolveIn(document: JsonObject): Resolve {
  return (reference) => {
    let part: Json | undefined = document;
    for (const step of reference.replace(/^#/, "").split("/").slice(1)) {
      part = isObject(part) ? part[step.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
    }
    if (!isObject(part)) throw new Error(`a schema refers to \`${reference}\`, which does not exist`);
    return part;
  };
}

/** The schema with what it refers to; what stands beside a `$ref` wins. */
export function resolved(schema: JsonObject, resolve: Resolve): JsonObject {
  const { $ref, ...beside } = schema;
  if (typeof $ref !== "string") return schema;
  return { ...resolved(resolve($ref), resolve), ...beside };
}

/** A type in a few words: `text`, `list of text`, one of some values, `{a, b}`. */
export function typeText(schema: JsonObject, resolve: Resolve): string {
  const {
    type,
    const: constant,
    enum: values,
    items,
    properties,
    oneOf,
    anyOf,
    allOf,
    format,
  } = resolved(schema, resolve);
  if (format === "date-time") return "instant";
  if (constant !== undefined) return code(constant);
  if (Array.isArray(values)) return values.map(code).join(", ");
  const branches = [...listOf(oneOf), ...listOf(anyOf)];
  if (branches.length > 0 && properties === undefined) {
    return [...new Set(branches.map((branch) => typeText(branch, resolve)))].join(" or ");
  }
  const names = [type].flat().filter((name) => typeof name === "string");
  if (names.includes("array")) return isObject(items) ? `list of ${typeText(items, resolve)}` : "list";
  if (isObject(properties)) return `{${Object.keys(properties).join(", ")}}`;
  if (names.length === 0) {
    const [first] = listOf(allOf);
    return first === undefined ? "anything" : typeText(first, resolve);
  }
  return names.map((name) => ({ string: "text", boolean: "true or false" })[name] ?? name).join(" or ");
}

/** Bounds worth a word. */
export function limitText(schema: JsonObject, resolve: Resolve): string {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, format } = resolved(schema, resolve);
  if (format === "date-time") return "";
  const words = [
    ...(minimum === undefined ? [] : [`at least ${minimum}`]),
    ...(maximum === undefined ? [] : [`at most ${maximum}`]),
    ...(typeof minLength === "number" && minLength > 1 ? [`at least ${minLength} characters`] : []),
    ...(maxLength === undefined ? [] : [`at most ${maxLength} characters`]),
    ...(minItems === undefined ? [] : [`at least ${minItems} entries`]),
    ...(maxItems === undefined ? [] : [`at most ${maxItems} entries`]),
  ];
  return words.join(", ");
}

export function descriptionOf(schema: JsonObject, resolve: Resolve): string {
  const { description } = resolved(schema, resolve);
  return typeof description === "string" ? description : "";
}

/** An object's keys as rows: name, type, whether needed, what for. */
export function propertyRows(schema: JsonObject, resolve: Resolve): readonly (readonly string[])[] {
  const { properties, required } = resolved(schema, resolve);
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(isObject(properties) ? properties : {}).flatMap(([name, property]) => {
    if (!isObject(property)) return [];
    const limit = limitText(property, resolve);
    const type = `${typeText(property, resolve)}${limit === "" ? "" : `; ${limit}`}`;
    return [[code(name), type, needed.includes(name) ? "yes" : "", descriptionOf(property, resolve)]];
  });
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line), ""];
}

export function code(value: Json): string {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

export function generated(title: string, sources: string): readonly string[] {
  return [`# ${title}`, "", `<!-- Written by \`npm run docs\` from ${sources}: edit those. -->`, ""];
}
