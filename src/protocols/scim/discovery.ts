/** Owns what the service says about itself: `/Schemas`, `/ResourceTypes` and `/ServiceProviderConfig`, from the tables. */

import type { Json, JsonObject } from "../../model/json.js";
import { CURSOR_SECONDS } from "./cursor.js";
import { PAGE } from "./list-query.js";
import type { Attribute, ResourceType, Schema, ScimSchemas } from "./schema.js";

const CORE = "urn:ietf:params:scim:schemas:core:2.0";

/**
 * All schemas in full (RFC 7643 section 7): every characteristic said, no nulls, extensions included (ENTRA-24), and
 * those of discovery itself behind them (RFC 7644 section 4).
 */
export function schemaDocuments(schemas: ScimSchemas, baseUrl: string): readonly JsonObject[] {
  const all = schemas.types.flatMap((type) => [type.core, ...type.extensions.map(({ schema }) => schema)]);
  const once = new Map([...all, ...schemas.discovery].map((schema) => [schema.urn, schema]));
  return [...once.values()].map((schema) => schemaDocument(schema, baseUrl));
}

function schemaDocument(schema: Schema, baseUrl: string): JsonObject {
  return {
    schemas: [`${CORE}:Schema`],
    id: schema.urn,
    name: schema.name,
    description: schema.description,
    attributes: [...schema.own, ...externalIdOf(schema)].map(attributeDocument),
    meta: { resourceType: "Schema", location: `${baseUrl}/Schemas/${schema.urn}` },
  };
}

/**
 * Part of every base schema (RFC 7643 section 3.1), and the one attribute among those that a client writes: who maps by what
 * `/Schemas` lists would miss it.
 */
function externalIdOf(schema: Schema): readonly Attribute[] {
  const externalId = schema.extension ? undefined : schema.attributes.get("externalid");
  return externalId === undefined ? [] : [externalId];
}

function attributeDocument(attribute: Attribute): JsonObject {
  const { name, type, multiValued, description, required, caseExact, mutability, returned, uniqueness } = attribute;
  const { canonicalValues, referenceTypes, subs } = attribute;
  return {
    name,
    type,
    multiValued,
    description,
    required,
    caseExact,
    mutability,
    returned,
    uniqueness,
    ...(canonicalValues.length === 0 ? {} : { canonicalValues }),
    ...(referenceTypes.length === 0 ? {} : { referenceTypes }),
    ...(subs.size === 0 ? {} : { subAttributes: [...subs.values()].map(attributeDocument) }),
  };
}

export function resourceTypeDocuments(schemas: ScimSchemas, baseUrl: string): readonly JsonObject[] {
  return schemas.types.map((type) => resourceTypeDocument(type, baseUrl));
}

function resourceTypeDocument(type: ResourceType, baseUrl: string): JsonObject {
  const schemaExtensions: Json = type.extensions.map(({ schema, required }) => ({ schema: schema.urn, required }));
  return {
    schemas: [`${CORE}:ResourceType`],
    id: type.name,
    name: type.name,
    endpoint: type.endpoint,
    description: type.description,
    schema: type.core.urn,
    schemaExtensions,
    meta: { resourceType: "ResourceType", location: `${baseUrl}/ResourceTypes/${type.name}` },
  };
}

/** `bulk`: the limits of one bulk request; bytes. */
export function serviceProviderConfigDocument(
  schemas: ScimSchemas,
  bulk: { readonly maxOperations: number; readonly maxPayloadSize: number },
  baseUrl: string,
): JsonObject {
  return {
    ...schemas.serviceProviderConfig,
    bulk: { supported: true, ...bulk },
    filter: { supported: true, maxResults: PAGE.largest },
    pagination: {
      cursor: true,
      index: true,
      defaultPaginationMethod: "index",
      defaultPageSize: PAGE.default,
      maxPageSize: PAGE.largest,
      cursorTimeout: CURSOR_SECONDS,
    },
    meta: { resourceType: "ServiceProviderConfig", location: `${baseUrl}/ServiceProviderConfig` },
  };
}
