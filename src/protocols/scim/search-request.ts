/** Owns the SearchRequest message (RFC 7644 section 3.4.3): a query that stands in the body and not in the address (RFC-59). */

import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { refusePrototypeKeys } from "./attribute-reference.js";
import { memberOf, refuseKeysTwice } from "./attribute-value.js";
import { ScimError } from "./errors.js";
import { isList, isObject } from "./json-value.js";
import type { ListRequest } from "./list-query.js";
import type { ProjectionRequest } from "./project.js";

const SEARCH_REQUEST = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

export interface SearchRequest {
  readonly list: ListRequest;
  readonly projection: ProjectionRequest;
}

/** Keys in any letter case, each once; null is absent; keys that mean nothing here are ignored. */
export function readSearchRequest(body: Json): SearchRequest {
  refusePrototypeKeys(body);
  if (!isObject(body)) throw new ScimError("invalidSyntax", "the body must be a JSON object");
  refuseKeysTwice(body);
  checkSchemas(memberOf(body, "schemas") ?? null);
  return {
    list: {
      filter: text(body, "filter"),
      sortBy: text(body, "sortBy"),
      sortOrder: text(body, "sortOrder"),
      startIndex: integer(body, "startIndex"),
      count: integer(body, "count"),
      cursor: text(body, "cursor"),
    },
    projection: { attributes: names(body, "attributes"), excludedAttributes: names(body, "excludedAttributes") },
  };
}

/** Who leaves `schemas` out is understood; who names another message means another. */
function checkSchemas(schemas: Json): void {
  if (schemas === null) return;
  const isSearch = (uri: Json): boolean =>
    typeof uri === "string" && uri.toLowerCase() === SEARCH_REQUEST.toLowerCase();
  if (isList(schemas) && (schemas.length === 0 || schemas.some(isSearch))) return;
  throw new ScimError("invalidSyntax", `\`schemas\` must list ${quote(SEARCH_REQUEST)}`);
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
