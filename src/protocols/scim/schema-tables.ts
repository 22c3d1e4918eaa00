/** Owns the form of the attribute tables: rows as `schemas/scim` and the operator's files write them (RFC 7643 section 7). */

import { readFileSync } from "node:fs";
import { join } from "node:path";

export type AttributeType =
  | "string"
  | "boolean"
  | "decimal"
  | "integer"
  | "dateTime"
  | "binary"
  | "reference"
  | "complex";
export type Mutability = "readOnly" | "readWrite" | "immutable" | "writeOnly";
export type Returned = "always" | "never" | "default" | "request";
export type Uniqueness = "none" | "server" | "global";

/** One row of a table. A characteristic that is left out has the default of RFC 7643 section 2.2. */
export interface AttributeRow {
  readonly name: string;
  readonly description?: string;
  readonly type?: AttributeType;
  readonly multiValued?: boolean;
  readonly required?: boolean;
  readonly caseExact?: boolean;
  readonly mutability?: Mutability;
  readonly returned?: Returned;
  readonly uniqueness?: Uniqueness;
  readonly canonicalValues?: readonly string[];
  readonly referenceTypes?: readonly string[];
  readonly subAttributes?: readonly AttributeRow[];
}

export interface SchemaTable {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly attributes: readonly AttributeRow[];
}

export interface ResourceTypeRow {
  readonly name: string;
  readonly endpoint: string;
  readonly description?: string;
  readonly schema: string;
  readonly schemaExtensions?: readonly ExtensionRow[];
}

export interface ExtensionRow {
  readonly schema: string;
  readonly required: boolean;
}

/** What the operator's files add to the tables: checked, and given in the same form. */
export interface CustomTables {
  readonly schemas: readonly SchemaTable[];
  readonly resourceTypes: readonly ResourceTypeRow[];
  readonly extensions: readonly (ExtensionRow & { readonly resourceType: string })[];
}

export const NO_CUSTOM_TABLES: CustomTables = { schemas: [], resourceTypes: [], extensions: [] };

/** The tables that ship, as they are written. */
export interface ShippedTables {
  readonly schemas: readonly SchemaTable[];
  readonly resourceTypes: readonly ResourceTypeRow[];
  /** Attributes that every resource has. */
  readonly common: SchemaTable;
  /** Of what discovery serves: of no resource type. */
  readonly discovery: readonly SchemaTable[];
}

const SCHEMAS = ["user", "enterprise-user", "group", "rolecall-group", "service-account"];

export function readShippedTables(folder: string): ShippedTables {
  return {
    schemas: SCHEMAS.map((name) => readTable(folder, name)),
    resourceTypes: readTable(folder, "resource-types"),
    common: readTable(folder, "common"),
    discovery: readTable(folder, "discovery"),
  };
}

export function readTable<T>(folder: string, name: string): T {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
}
