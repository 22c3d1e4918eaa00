/** Owns what an operator's schemas and resource types must hold of one another and of those that ship. */

import { quote } from "../../model/quote.js";
import { didYouMean, suggest } from "../../model/suggest.js";
import { isPrototypeKey } from "./attribute-reference.js";
import type { AttributeRow, CustomTables, ResourceTypeRow, SchemaTable, ShippedTables } from "./schema-tables.js";

/** A row of an operator's file, and where it stands: the file and a pointer. */
export type Placed =
  | { readonly kind: "schema"; readonly place: string; readonly row: SchemaTable }
  | { readonly kind: "resourceType"; readonly place: string; readonly row: ResourceTypeRow }
  | { readonly kind: "extension"; readonly place: string; readonly row: CustomTables["extensions"][number] };

type Of<Kind extends Placed["kind"]> = Extract<Placed, { readonly kind: Kind }>;

/** Paths below the SCIM base that are no resource type's. */
const RESERVED_ENDPOINTS = ["/Bulk", "/Me", "/ServiceProviderConfig", "/ResourceTypes", "/Schemas"];
const RESERVED_TYPES = ["Schema", "ResourceType", "ServiceProviderConfig"];

/** Lines for people, in the order of the files: what `schemas/scim-extension.schema.json` cannot see. */
export function customTableProblems(placed: readonly Placed[], shipped: ShippedTables): readonly string[] {
  const schemas = placed.filter((item) => item.kind === "schema");
  const types = placed.filter((item) => item.kind === "resourceType");
  const extensions = placed.filter((item) => item.kind === "extension");
  const known = schemas.map(({ row }) => row.id);
  return [
    ...schemas.flatMap((schema) => attributeProblems(schema, shipped)),
    ...taken(
      schemas,
      (row) => row.id,
      "id",
      [...shipped.schemas, ...shipped.discovery].map(({ id }) => id),
    ),
    ...taken(types, (row) => row.name, "name", [...shipped.resourceTypes.map(({ name }) => name), ...RESERVED_TYPES]),
    ...taken(types, (row) => row.endpoint, "endpoint", [
      ...shipped.resourceTypes.map(({ endpoint }) => endpoint),
      ...RESERVED_ENDPOINTS,
    ]),
    ...versionProblems(types),
    ...ambiguousProblems(schemas, shipped),
    ...types.flatMap((type) => typeProblems(type, known)),
    ...extensionProblems(extensions, known, shipped),
    ...unusedProblems(schemas, types, extensions),
  ];
}

function taken<Row>(
  rows: readonly { readonly place: string; readonly row: Row }[],
  nameOf: (row: Row) => string,
  key: string,
  shipped: readonly string[],
): readonly string[] {
  const ours = new Set(shipped.map((name) => name.toLowerCase()));
  const seen = new Set<string>();
  return rows.flatMap(({ place, row }) => {
    const name = nameOf(row);
    const folded = name.toLowerCase();
    if (ours.has(folded)) return [`${place}/${key} ${quote(name)} is Rolecall's own: choose another`];
    if (seen.has(folded)) return [`${place}/${key} ${quote(name)} is there already: choose another`];
    seen.add(folded);
    return [];
  });
}

/** What lies there is another version of SCIM, which is not served. */
function versionProblems(types: readonly Of<"resourceType">[]): readonly string[] {
  return types.flatMap(({ place, row: { endpoint } }) =>
    /^\/v\d+(?:\.\d+)*$/i.test(endpoint)
      ? [`${place}/endpoint ${quote(endpoint)} means a version of SCIM: choose another`]
      : [],
  );
}

/** A path that is the URN of one schema and names an attribute of another would be either; `id` and `meta` are attributes of each. */
function ambiguousProblems(schemas: readonly Of<"schema">[], shipped: ShippedTables): readonly string[] {
  const tables = [...schemas.map(({ row }) => row), ...shipped.schemas];
  const paths = new Set(
    tables.flatMap(({ id, attributes }) =>
      [...shipped.common.attributes, ...attributes].map(({ name }) => `${id}:${name}`.toLowerCase()),
    ),
  );
  return schemas.flatMap(({ place, row: { id } }) =>
    paths.has(id.toLowerCase())
      ? [`${place}/id ${quote(id)} is the path of another schema's attribute: choose another`]
      : [],
  );
}

function attributeProblems({ place, row }: Of<"schema">, shipped: ShippedTables): readonly string[] {
  const common = new Set(shipped.common.attributes.map(({ name }) => name.toLowerCase()));
  return rowProblems(`${place}/attributes`, row.attributes, common, false);
}

function rowProblems(
  place: string,
  rows: readonly AttributeRow[],
  common: ReadonlySet<string>,
  areParts: boolean,
): readonly string[] {
  const seen = new Set<string>();
  return rows.flatMap((row, at) => {
    const here = `${place}/${at}`;
    const found = [
      ...nameProblems(row.name, seen, common),
      ...characteristicProblems(row),
      ...(areParts ? partProblems(row) : []),
    ];
    const problems = found.map(([key, message]) => `${here}${key} ${message}`);
    seen.add(row.name.toLowerCase());
    return [...problems, ...rowProblems(`${here}/subAttributes`, row.subAttributes ?? [], new Set(), true)];
  });
}

type Found = readonly (readonly [key: string, message: string])[];

function nameProblems(name: string, seen: ReadonlySet<string>, common: ReadonlySet<string>): Found {
  const folded = name.toLowerCase();
  if (common.has(folded)) return [["/name", `${quote(name)} is an attribute of every resource: choose another`]];
  if (seen.has(folded)) return [["/name", `${quote(name)} is there already: letter case makes no difference`]];
  // every object inherits these, so that they would seem to be there
  if (isPrototypeKey(name) || name in Object.prototype)
    return [["/name", `${quote(name)} cannot be an attribute's name`]];
  return [];
}

function characteristicProblems(row: AttributeRow): Found {
  const { type = "string", mutability = "readWrite", uniqueness = "none", returned = "default" } = row;
  const problems: (readonly [string, string])[] = [];
  if ((type === "complex") !== (row.subAttributes !== undefined)) {
    problems.push(["", "has `subAttributes` if it is complex, and only then"]);
  }
  if (row.referenceTypes !== undefined && type !== "reference") {
    problems.push(["/referenceTypes", "go with the type `reference` alone"]);
  }
  if (uniqueness !== "none" && (type === "complex" || type === "boolean")) {
    problems.push(["/uniqueness", `must be \`none\` for the type \`${type}\``]);
  }
  if (row.required && mutability === "readOnly") problems.push(["/required", "must be false: nobody can set it"]);
  if (row.required && mutability === "writeOnly") {
    problems.push([
      "/required",
      "must be false: what is write-only is not kept, so nobody can tell whether it is there",
    ]);
  }
  if (mutability === "writeOnly" && returned !== "never") {
    problems.push(["/returned", "must be `never` for what is write-only"]);
  }
  if (uniqueness !== "none" && mutability === "writeOnly") {
    problems.push(["/uniqueness", "must be `none`: what is write-only is not kept"]);
  }
  return problems;
}

/** A PATCH has no path to one value of a list inside of a value. */
function partProblems({ multiValued = false }: AttributeRow): Found {
  return multiValued ? [["/multiValued", "must be false: a part of a complex attribute is no list"]] : [];
}

function typeProblems({ place, row }: Of<"resourceType">, known: readonly string[]): readonly string[] {
  const used = new Set([row.schema.toLowerCase()]);
  return [
    ...unknownSchema(`${place}/schema`, row.schema, known),
    ...(row.schemaExtensions ?? []).flatMap(({ schema }, at) => {
      const here = `${place}/schemaExtensions/${at}/schema`;
      if (used.has(schema.toLowerCase())) return [`${here} ${quote(schema)} is one of its schemas already`];
      used.add(schema.toLowerCase());
      return unknownSchema(here, schema, known);
    }),
  ];
}

function extensionProblems(
  extensions: readonly Of<"extension">[],
  known: readonly string[],
  shipped: ShippedTables,
): readonly string[] {
  const types = shipped.resourceTypes.map(({ name }) => name);
  const seen = new Set<string>();
  return extensions.flatMap(({ place, row: { resourceType, schema } }) => {
    if (!types.some((name) => name.toLowerCase() === resourceType.toLowerCase())) {
      const meant = didYouMean(suggest(resourceType, types));
      return [
        `${place}/resourceType ${quote(resourceType)} is no resource type of Rolecall${meant || ": a type of the files lists its extensions itself"}`,
      ];
    }
    const key = `${resourceType} ${schema}`.toLowerCase();
    if (seen.has(key)) return [`${place}/schema ${quote(schema)} is one of its schemas already`];
    seen.add(key);
    return unknownSchema(`${place}/schema`, schema, known);
  });
}

function unknownSchema(place: string, schema: string, known: readonly string[]): readonly string[] {
  if (known.some((id) => id.toLowerCase() === schema.toLowerCase())) return [];
  return [`${place} ${quote(schema)} is the \`id\` of no schema in the files${didYouMean(suggest(schema, known))}`];
}

function unusedProblems(
  schemas: readonly Of<"schema">[],
  types: readonly Of<"resourceType">[],
  extensions: readonly Of<"extension">[],
): readonly string[] {
  const used = new Set(
    [
      ...types.flatMap(({ row }) => [row.schema, ...(row.schemaExtensions ?? []).map(({ schema }) => schema)]),
      ...extensions.map(({ row }) => row.schema),
    ].map((id) => id.toLowerCase()),
  );
  return schemas
    .filter(({ row }) => !used.has(row.id.toLowerCase()))
    .map(
      ({ place, row }) =>
        `${place}/id ${quote(row.id)} is used by nothing: name it in \`resourceTypes\` or \`extensions\``,
    );
}
