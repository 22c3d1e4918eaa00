import type { JsonObject } from "../../src/model/json.js";
import { descriptionOf, generated, isObject, propertyRows, resolveIn, table } from "./schema-text.js";

const HEAD = ["key", "value", "needed", "what it says"];

/** A document that people write, key by key. */
export function documentPage(heading: string, source: string, schema: JsonObject): string {
  const resolve = resolveIn(schema);
  const parts = isObject(schema["$defs"]) ? Object.values(schema["$defs"]).filter(isObject) : [];
  const sections = parts.filter((part) => isObject(part["properties"]));
  return [
    ...generated(heading, `\`${source}\``),
    descriptionOf(schema, resolve),
    "",
    ...table(HEAD, propertyRows(schema, resolve)),
    ...sections.flatMap((part) => [
      `## ${String(part["title"])}`,
      "",
      descriptionOf(part, resolve),
      "",
      ...table(HEAD, propertyRows(part, resolve)),
    ]),
  ]
    .join("\n")
    .replace(/\n{3,}/g, "\n\n");
}
