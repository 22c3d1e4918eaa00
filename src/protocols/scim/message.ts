/** Owns what every SCIM message must hold, whatever it asks for: an object, its schema, its operations. */

import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { refusePrototypeKeys } from "./attribute-reference.js";
import { memberOf, refuseKeysTwice } from "./attribute-value.js";
import { ScimError } from "./errors.js";
import { isList, isObject } from "./json-value.js";

/** The body as an object in which nothing is said twice. */
export function readMessage(body: Json | undefined): JsonObject {
  refusePrototypeKeys(body);
  if (!isObject(body)) throw new ScimError("invalidSyntax", "the body must be a JSON object");
  refuseKeysTwice(body);
  return body;
}

export function requireSchema(message: JsonObject, urn: string): void {
  const schemas = memberOf(message, "schemas");
  const isNamed = (uri: Json): boolean => typeof uri === "string" && uri.toLowerCase() === urn.toLowerCase();
  if (!isList(schemas) || !schemas.some(isNamed)) {
    throw new ScimError("invalidSyntax", `\`schemas\` must list ${quote(urn)}`);
  }
}

/** At least one of them. */
export function readOperations(message: JsonObject, most: number): readonly Json[] {
  const operations = memberOf(message, "Operations");
  if (!isList(operations) || operations.length === 0) {
    throw new ScimError("invalidSyntax", "`Operations` must list at least one operation");
  }
  if (operations.length > most) {
    throw new ScimError("tooLarge", `${operations.length} operations in one request: send at most ${most}`);
  }
  return operations;
}
