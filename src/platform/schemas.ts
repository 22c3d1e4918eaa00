/** Owns the documents' shapes: the JSON Schemas of `schemas/`, compiled by the one validator of the service. */

import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { type AnySchemaObject, Ajv2020 as Validator } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { JsonObject } from "../model/json.js";
import type { Problem } from "../model/problem.js";
import { projectRoot } from "./root.js";
import { problemsOf } from "./schema-problems.js";

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * - `request`: stops at the first problem, because strangers choose the size.
 * - `query`: the same for texts that stand for numbers and booleans; those are converted in place.
 * - `document`: every problem at once. The caller has capped the text at 512 kB.
 */
export type CheckMode = "request" | "query" | "document";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/** Every file has an address, so that `$ref`s between files are relative paths and nothing is ever fetched. */
const BASE = "https://rolecall.invalid/schemas/";

interface SchemaFile {
  readonly address: string;
  readonly schema: AnySchemaObject;
}

let files: ReadonlyMap<string, SchemaFile> | undefined;
const validators = new Map<CheckMode, Validator>();
const checks = new Map<string, (value: unknown) => Checked<unknown>>();

/**
 * The check for a schema: `admin/tenant` for `schemas/admin/tenant.json` or `.schema.json`, or `admin/tenant#/$defs/new`
 * for a part of it. Compiled at first use.
 */
export function compileSchema<T>(id: string, mode: CheckMode = "request"): (value: unknown) => Checked<T> {
  const key = `${mode} ${id}`;
  const check = checks.get(key) ?? buildCheck(id, mode);
  checks.set(key, check);
  return check as (value: unknown) => Checked<T>;
}

/** A schema file as it stands, and its address, for documents that describe the service. */
export function readSchema(id: string): { readonly address: string; readonly schema: JsonObject } {
  const { address, schema } = fileOf(id);
  return { address, schema: schema as JsonObject };
}

/** Every schema file by its id. */
export function schemaIds(): readonly string[] {
  return [...allFiles().keys()];
}

function buildCheck(id: string, mode: CheckMode): (value: unknown) => Checked<unknown> {
  const [file = "", fragment = ""] = id.split("#");
  const target = `${fileOf(file).address}${fragment === "" ? "" : `#${fragment}`}`;
  let validate: ReturnType<Validator["getSchema"]>;
  return (value) => {
    validate ??= validatorFor(mode).getSchema(target);
    if (validate === undefined) throw new Error(`schema \`${id}\` does not exist`);
    if (validate(value)) return { ok: true, value };
    return { ok: false, problems: problemsOf(validate.errors ?? []) };
  };
}

function validatorFor(mode: CheckMode): Validator {
  const existing = validators.get(mode);
  if (existing !== undefined) return existing;
  const validator = new Validator({
    allErrors: mode === "document",
    coerceTypes: mode === "query",
    verbose: true,
    discriminator: true,
    allowUnionTypes: true,
    strictTypes: false,
    strictTuples: false,
    ownProperties: true,
    logger: false,
  });
  addFormats.default(validator, {
    mode: "full",
    formats: ["date", "time", "date-time", "duration", "uuid", "ipv4", "ipv6"],
  });
  addFormats.default(validator, { mode: "fast", formats: ["uri", "uri-reference", "email", "hostname"] });
  for (const { address, schema } of allFiles().values()) validator.addSchema(schema, address);
  validators.set(mode, validator);
  return validator;
}

function fileOf(id: string): SchemaFile {
  const file = allFiles().get(id);
  if (file === undefined) throw new Error(`schema \`${id}\` does not exist`);
  return file;
}

function allFiles(): ReadonlyMap<string, SchemaFile> {
  files ??= readFiles();
  return files;
}

/** SCIM's attribute tables live in the same folder and are no JSON Schemas: those name their dialect. */
function readFiles(): ReadonlyMap<string, SchemaFile> {
  const folder = join(projectRoot, "schemas");
  const read = new Map<string, SchemaFile>();
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    if (!name.endsWith(".json")) continue;
    const path = name.split(sep).join("/");
    const schema: AnySchemaObject = JSON.parse(readFileSync(join(folder, name), "utf8"));
    if (schema["$schema"] !== DIALECT) continue;
    read.set(path.replace(/(\.schema)?\.json$/, ""), { address: `${BASE}${path}`, schema });
  }
  return read;
}
