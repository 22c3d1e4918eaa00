/** Owns the operator's schema files: read, held against their form and against one another, every mistake named at once. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../../model/json.js";
import { Refusal } from "../../model/problem.js";
import { parseJson, repeatedKeys } from "../../platform/json.js";
import { projectRoot } from "../../platform/root.js";
import { compileSchema } from "../../platform/schemas.js";
import { customTableProblems, type Placed } from "./custom-schema-problems.js";
import {
  type CustomTables,
  type ExtensionRow,
  NO_CUSTOM_TABLES,
  type ResourceTypeRow,
  readShippedTables,
  type SchemaTable,
} from "./schema-tables.js";

/** The tables of the folder `schemas/scim`. */
export const SCIM_TABLES = join(projectRoot, "schemas", "scim");

export type ReadCustomTables =
  | { readonly ok: true; readonly tables: CustomTables }
  /** One line for each mistake: the file, the place in it, and what is wrong. */
  | { readonly ok: false; readonly lines: readonly string[] };

/** Paths are relative to the working directory. Called once, before the service starts. */
export function readCustomTables(paths: readonly string[]): ReadCustomTables {
  if (paths.length === 0) return { ok: true, tables: NO_CUSTOM_TABLES };
  const files = paths.map(readCustomFile);
  const found = files.flatMap((file) => file.lines);
  if (found.length > 0) return { ok: false, lines: found };
  const placed = files.flatMap((file) => file.placed);
  const lines = customTableProblems(placed, readShippedTables(SCIM_TABLES));
  return lines.length > 0 ? { ok: false, lines } : { ok: true, tables: tablesOf(placed) };
}

type Optional<Row> = Omit<Row, "required"> & { readonly required?: boolean };

/** A file that has its form. */
interface CustomFile {
  readonly schemas?: readonly SchemaTable[];
  readonly resourceTypes?: readonly (Omit<ResourceTypeRow, "schemaExtensions"> & {
    readonly schemaExtensions?: readonly Optional<ExtensionRow>[];
  })[];
  readonly extensions?: readonly Optional<CustomTables["extensions"][number]>[];
}

function readCustomFile(path: string): { readonly lines: readonly string[]; readonly placed: readonly Placed[] } {
  const value = readValue(path);
  if (typeof value === "string") return { lines: [value], placed: [] };
  if (value.twice.length > 0) return { lines: value.twice, placed: [] };
  const checked = compileSchema<CustomFile>("scim-extension", "document")(value.json);
  if (checked.ok) return { lines: [], placed: placedOf(path, checked.value) };
  const lines = checked.problems.map(({ pointer, message }) =>
    [`${path}:`, pointer, message].filter(Boolean).join(" "),
  );
  return { lines, placed: [] };
}

function readValue(path: string): string | { readonly json: Json; readonly twice: readonly string[] } {
  try {
    const text = readFileSync(path, "utf8");
    const json = parseJson(text);
    return { json, twice: repeatedKeys(text).map(({ pointer, message }) => `${path}: ${pointer} ${message}`) };
  } catch (error) {
    if (error instanceof Refusal) return `${path}: ${error.message}`;
    const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    return `${path} cannot be read${code}`;
  }
}

function placedOf(file: string, { schemas = [], resourceTypes = [], extensions = [] }: CustomFile): readonly Placed[] {
  return [
    ...schemas.map((row, at) => ({ kind: "schema" as const, place: `${file}: /schemas/${at}`, row })),
    ...resourceTypes.map(({ schemaExtensions = [], ...type }, at) => {
      const row = { ...type, schemaExtensions: schemaExtensions.map(settled) };
      return { kind: "resourceType" as const, place: `${file}: /resourceTypes/${at}`, row };
    }),
    ...extensions.map((row, at) => ({
      kind: "extension" as const,
      place: `${file}: /extensions/${at}`,
      row: settled(row),
    })),
  ];
}

function settled<Row extends Optional<ExtensionRow>>(row: Row): Row & { readonly required: boolean } {
  return { ...row, required: row.required ?? false };
}

function tablesOf(placed: readonly Placed[]): CustomTables {
  return {
    schemas: placed.flatMap((item) => (item.kind === "schema" ? [item.row] : [])),
    resourceTypes: placed.flatMap((item) => (item.kind === "resourceType" ? [item.row] : [])),
    extensions: placed.flatMap((item) => (item.kind === "extension" ? [item.row] : [])),
  };
}
