/** Owns the SearchRequest message (RFC 7644 section 3.4.3): a query that stands in the body and not in the address (RFC-59). */

import type { Json, JsonObject } from "../../model/json.js";
import { memberOf } from "./attribute-value.js";
import type { QuirkName } from "./dialect.js";
import { ScimError } from "./errors.js";
import { isList } from "./json-value.js";
import type { ListRequest } from "./list-query.js";
import { readMessage, requireSchema } from "./message.js";
import type { ProjectionRequest } from "./project.js";

const SEARCH_REQUEST = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

export interface SearchRequest {
  readonly list: ListRequest;
  readonly projection: ProjectionRequest;
}

/** Keys in any letter case, each once; null is absent; keys that mean nothing here are ignored. `quirks` collects what it needed. */
export function readSearchRequest(body: Json, quirks: Set<QuirkName>): SearchRequest {
  const message = readMessage(body);
  // Who leaves `schemas` out is understood; who names another message means another.
  const schemas = memberOf(message, "schemas") ?? null;
  if (schemas === null || (isList(schemas) && schemas.length === 0)) quirks.add("search_without_schemas");
  else requireSchema(message, SEARCH_REQUEST);
  const given = (name: string) => typeof memberOf(message, name) === "string";
  if (["startIndex", "count"].some(given)) quirks.add("number_as_text");
  if (["attributes", "excludedAttributes"].some(given)) quirks.add("names_as_text");
  return {
    list: {
      filter: text(message, "filter"),
      sortBy: text(message, "sortBy"),
      sortOrder: text(message, "sortOrder"),
      startIndex: integer(message, "startIndex"),
      count: integer(message, "count"),
      cursor: text(message, "cursor"),
    },
    projection: { attributes: names(message, "attributes"), excludedAttributes: names(message, "excludedAttributes") },
  };
}

function text(body: JsonObject, name: string): string | undefined {
  const value = memberOf(body, name) ?? null;
  if (value === null) return undefined;
  if (typeof value !== "string") throw new ScimError("invalidValue", `\`${name}\` must be text`);
  return value;
}

function integer(body: JsonObject, name: string): string | undefined {
  const value = memberOf(body, name) ?? null;
  return typeof value === "number" ? integerText(value) : text(body, name);
}

/** Without an exponent, which the largest would be written with. */
function integerText(value: number): string {
  return Number.isInteger(value) ? String(BigInt(value)) : String(value);
}

function names(body: JsonObject, name: string): string | readonly string[] | undefined {
  const value = memberOf(body, name) ?? null;
  if (!isList(value)) return text(body, name);
  return value.map((item) => {
    if (typeof item !== "string") throw new ScimError("invalidValue", `\`${name}\` must be a list of names`);
    return item;
  });
}
