import type { JsonObject } from "../../src/model/json.js";
import { descriptionOf, generated, isObject, propertyRows, resolveIn, table } from "./schema-text.js";

const HEAD = ["key", "value", "needed", "what it says"];

/** The mapping document, key by key. */
export function mappingPage(schema: JsonObject): string {
  const resolve = resolveIn(schema);
  const parts = isObject(schema["$defs"]) ? Object.values(schema["$defs"]).filter(isObject) : [];
  const sections = parts.filter((part) => isObject(part["properties"]));
  return [
    ...generated("Mapping documents", "`schemas/mapping.schema.json`"),
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
