/**
 * Owns the attribute tables of `schemas/scim` in the form that everything else reads: characteristics filled in
 * (RFC 7643 section 7), looked up without regard to letter case, and names given back in canonical case.
 */

import type { AttributePath } from "../../model/filter.js";
import type { JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { suggest } from "../../model/suggest.js";
import type { AttributeReference } from "./attribute-reference.js";
import {
  type AttributeRow,
  type AttributeType,
  type CustomTables,
  type Mutability,
  NO_CUSTOM_TABLES,
  type ResourceTypeRow,
  type Returned,
  readShippedTables,
  readTable,
  type SchemaTable,
  type Uniqueness,
} from "./schema-tables.js";

/** An attribute with every characteristic decided. */
export interface Attribute {
  /**
   * `emails`, `emails.value`, `urn:...:User:manager.value`: one name in messages and for attribute-bound quirks. Attributes of
   * extensions and of the operator's own types have their URN in front, so that no quirk of `members` or `roles` means theirs.
   */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly type: AttributeType;
  readonly multiValued: boolean;
  readonly required: boolean;
  readonly caseExact: boolean;
  readonly mutability: Mutability;
  readonly returned: Returned;
  readonly uniqueness: Uniqueness;
  readonly canonicalValues: readonly string[];
  readonly referenceTypes: readonly string[];
  /** By lower-cased name; empty unless complex. */
  readonly subs: ReadonlyMap<string, Attribute>;
  /** From the resource's root. */
  readonly path: AttributePath;
}

export interface Schema {
  readonly urn: string;
  readonly name: string;
  readonly description: string;
  /** Its data lies under its URN; the core schema's lies at the root. */
  readonly extension: boolean;
  /** By lower-cased name; the core schema's includes the common attributes. */
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** Without the common attributes. */
  readonly own: readonly Attribute[];
}

export interface ResourceType {
  readonly name: string;
  readonly endpoint: string;
  readonly description: string;
  readonly core: Schema;
  readonly extensions: readonly { readonly schema: Schema; readonly required: boolean }[];
  /** Core and extensions by lower-cased URN. */
  readonly schemas: ReadonlyMap<string, Schema>;
  /** Some attribute that is kept is not returned by default, so that no resource is returned as it is kept. */
  readonly hides: boolean;
  /** Values that no two resources may share, and that no column of their own is kept for. */
  readonly unique: readonly UniqueAttribute[];
}

export interface UniqueAttribute {
  readonly schema: Schema;
  readonly attribute: Attribute;
  /** The part that is unique, where it is not the attribute itself. */
  readonly sub?: Attribute;
}

/** What a reference names. Without `attribute` it names a whole schema. */
export interface Lookup {
  readonly schema: Schema;
  readonly attribute?: Attribute;
  readonly sub?: Attribute;
  /** An extension's attribute that was named without the extension's URN (ENTRA-23). */
  readonly urnLeftOut: boolean;
}

/** `custom`: the type is the operator's own. */
export function compileResourceType(
  row: ResourceTypeRow,
  tables: readonly SchemaTable[],
  common: SchemaTable,
  custom = false,
): ResourceType {
  const table = (urn: string): SchemaTable => {
    const found = tables.find((candidate) => candidate.id.toLowerCase() === urn.toLowerCase());
    if (found === undefined) throw new Error(`resource type ${row.name}: no table for schema ${urn}`);
    return found;
  };
  const core = compileSchema(table(row.schema), false, common.attributes, custom);
  const extensions = (row.schemaExtensions ?? []).map(({ schema, required }) => ({
    schema: compileSchema(table(schema), true, []),
    required,
  }));
  const all = [core, ...extensions.map((extension) => extension.schema)];
  const { name, endpoint, description = name } = row;
  return {
    ...{ name, endpoint, description, core, extensions },
    schemas: new Map(all.map((schema) => [schema.urn.toLowerCase(), schema])),
    hides: all.some((schema) => [...schema.attributes.values()].some(isHidden)),
    unique: all.filter((schema) => custom || schema.extension).flatMap(uniqueAttributes),
  };
}

function uniqueAttributes(schema: Schema): readonly UniqueAttribute[] {
  return schema.own.flatMap((attribute) => [
    ...(attribute.uniqueness === "none" ? [] : [{ schema, attribute }]),
    ...[...attribute.subs.values()].flatMap((sub) => (sub.uniqueness === "none" ? [] : [{ schema, attribute, sub }])),
  ]);
}

function isHidden(attribute: Attribute): boolean {
  const kept = attribute.mutability !== "writeOnly";
  const shown = attribute.returned === "always" || attribute.returned === "default";
  return (kept && !shown) || [...attribute.subs.values()].some(isHidden);
}

function compileSchema(
  table: SchemaTable,
  extension: boolean,
  common: readonly AttributeRow[],
  custom = false,
): Schema {
  const { id: urn, name, description = name } = table;
  const prefix = extension || custom ? `${urn}:` : "";
  const parent: AttributePath = extension ? [{ name: urn, multi: false }] : [];
  const own = table.attributes.map((row) => compileAttribute(row, prefix, parent));
  const shared = common.map((row) => compileAttribute(row, "", parent));
  return { urn, name, description, extension, attributes: byName([...shared, ...own]), own };
}

function compileAttribute(row: AttributeRow, prefix: string, parent: AttributePath): Attribute {
  const { name, type = "string", multiValued = false } = row;
  const id = prefix + name;
  const path = [...parent, { name, multi: multiValued }];
  const subs = (row.subAttributes ?? []).map((sub) => compileAttribute(sub, `${id}.`, path));
  return {
    ...{ id, name, type, multiValued, path, subs: byName(subs) },
    description: row.description ?? name,
    required: row.required ?? false,
    // base64 and URIs are compared as they are, whatever else a table says of texts (RFC 7643 sections 2.3.6 and 2.3.7)
    caseExact: type === "binary" || (row.caseExact ?? type === "reference"),
    mutability: row.mutability ?? "readWrite",
    returned: row.returned ?? "default",
    uniqueness: row.uniqueness ?? "none",
    canonicalValues: row.canonicalValues ?? [],
    referenceTypes: row.referenceTypes ?? (type === "reference" ? ["uri"] : []),
  };
}

function byName(attributes: readonly Attribute[]): ReadonlyMap<string, Attribute> {
  return new Map(attributes.map((attribute) => [attribute.name.toLowerCase(), attribute]));
}

/**
 * What a reference names, `undefined` when nothing is called so. A name without URN means the core attribute;
 * where the core has none and exactly one extension does, it means the extension's.
 */
export function lookup(type: ResourceType, reference: AttributeReference): Lookup | undefined {
  const { uri, name, sub } = reference;
  if (uri === undefined) return lookupPlain(type, name, sub);
  if (sub === undefined) {
    const whole = type.schemas.get(`${uri}:${name}`.toLowerCase());
    if (whole !== undefined) return { schema: whole, urnLeftOut: false };
  }
  const schema = type.schemas.get(uri.toLowerCase());
  return schema === undefined ? undefined : within(schema, name, sub, false);
}

function lookupPlain(type: ResourceType, name: string, sub: string | undefined): Lookup | undefined {
  const core = within(type.core, name, sub, false);
  if (core !== undefined) return core;
  const found = type.extensions.flatMap(({ schema }) => within(schema, name, sub, true) ?? []);
  return found.length === 1 ? found[0] : undefined;
}

function within(schema: Schema, name: string, sub: string | undefined, urnLeftOut: boolean): Lookup | undefined {
  const attribute = schema.attributes.get(name.toLowerCase());
  if (attribute === undefined) return undefined;
  if (sub === undefined) return { schema, attribute, urnLeftOut };
  const subAttribute = attribute.subs.get(sub.toLowerCase());
  return subAttribute === undefined ? undefined : { schema, attribute, sub: subAttribute, urnLeftOut };
}

/** Of what is called alike in many places, so many are named. */
const MOST_HINTS = 3;

/** The end of a message about an unknown name: which paths may have been meant, or where the names are listed. */
export function hint(type: ResourceType, name: string): string {
  const named = [...type.schemas.values()].flatMap((schema) =>
    [...schema.attributes.values()].flatMap((attribute) => [
      { name: attribute.name, path: shortPath(type, attribute) },
      ...[...attribute.subs.values()].map((sub) => ({ name: sub.name, path: shortPath(type, attribute, sub) })),
    ]),
  );
  const near = suggest(
    name,
    named.map((one) => one.name),
  );
  if (near === undefined) return ": /Schemas lists them";
  const paths = named.filter((one) => one.name.toLowerCase() === near.toLowerCase()).map(({ path }) => path);
  const meant = paths.includes(near) ? [near] : [...new Set(paths)].slice(0, MOST_HINTS);
  return `, did you mean ${meant.map((path) => quote(path)).join(" or ")}?`;
}

/** Without the URN where the path means the same so. */
function shortPath(type: ResourceType, attribute: Attribute, sub?: Attribute): string {
  const found = lookupPlain(type, attribute.name, sub?.name);
  const meant = sub ?? attribute;
  if ((found?.sub ?? found?.attribute) !== meant) return meant.id;
  return sub === undefined ? attribute.name : `${attribute.name}.${sub.name}`;
}

/** The compiled tables of the folder `schemas/scim` and of the operator, and the data that discovery serves beside them. */
export interface ScimSchemas {
  readonly user: ResourceType;
  readonly group: ResourceType;
  readonly serviceAccount: ResourceType;
  /** The operator's own, which Rolecall keeps and knows nothing of. */
  readonly custom: readonly ResourceType[];
  /** All of them. */
  readonly types: readonly ResourceType[];
  /** Of what discovery serves: ServiceProviderConfig, ResourceType and Schema (RFC 7643 section 8.7.2). */
  readonly discovery: readonly Schema[];
  /** Data of the ServiceProviderConfig, without `meta`. */
  readonly serviceProviderConfig: JsonObject;
}

/** Reads and compiles the tables; called once, when the service starts. */
export function readScimSchemas(folder: string, own: CustomTables = NO_CUSTOM_TABLES): ScimSchemas {
  const shipped = readShippedTables(folder);
  const tables = [...shipped.schemas, ...own.schemas];
  const ours = shipped.resourceTypes.map((row) => {
    const added = own.extensions.filter(({ resourceType }) => resourceType.toLowerCase() === row.name.toLowerCase());
    return compileResourceType(
      { ...row, schemaExtensions: [...(row.schemaExtensions ?? []), ...added] },
      tables,
      shipped.common,
    );
  });
  const custom = own.resourceTypes.map((row) => compileResourceType(row, tables, shipped.common, true));
  const named = (name: string): ResourceType => {
    const found = ours.find((type) => type.name === name);
    if (found === undefined) throw new Error(`${folder}: resource-types.json must list ${name}`);
    return found;
  };
  const [user, group, serviceAccount] = [named("User"), named("Group"), named("ServiceAccount")];
  const serviceProviderConfig = readTable<JsonObject>(folder, "service-provider-config");
  const discovery = shipped.discovery.map((table) => compileSchema(table, false, []));
  return { user, group, serviceAccount, custom, types: [...ours, ...custom], discovery, serviceProviderConfig };
}
