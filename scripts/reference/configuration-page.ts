import type { Json, JsonObject } from "../../src/model/json.js";
import {
  code,
  descriptionOf,
  generated,
  isObject,
  limitText,
  type Resolve,
  resolved,
  resolveIn,
  table,
  typeText,
} from "./schema-text.js";

/** Every key of the configuration with its default. */
export function configurationPage(schema: JsonObject, defaults: JsonObject): string {
  const resolve = resolveIn(schema);
  return [
    ...generated("Configuration", "`schemas/config.schema.json` and `config/default.json`"),
    descriptionOf(schema, resolve),
    "",
    ...table(["key", "value", "default", "what it does"], rowsOf(schema, defaults, "", resolve)),
  ].join("\n");
}

function rowsOf(
  schema: JsonObject,
  defaults: JsonObject,
  prefix: string,
  resolve: Resolve,
): readonly (readonly string[])[] {
  const { properties } = resolved(schema, resolve);
  return Object.entries(isObject(properties) ? properties : {}).flatMap(([name, property]) => {
    if (!isObject(property) || name === "$schema") return [];
    const key = prefix + name;
    const value = defaults[name];
    const inside = resolved(property, resolve)["properties"];
    if (isObject(inside)) {
      const head = [code(key), "", "", descriptionOf(property, resolve)];
      return [head, ...rowsOf(property, isObject(value) ? value : {}, `${key}.`, resolve)];
    }
    return [settingRow(key, property, value, resolve)];
  });
}

function settingRow(key: string, property: JsonObject, value: Json | undefined, resolve: Resolve): readonly string[] {
  const limit = limitText(property, resolve);
  const type = `${typeText(property, resolve)}${limit === "" ? "" : `; ${limit}`}`;
  return [code(key), type, value === undefined ? "" : code(value), descriptionOf(property, resolve)];
}
