/** The version of the mapping language that this program reads, and what it says of documents in another one. */
import type { Json, JsonObject } from "../../model/json.js";
import type { Problem } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import { problem } from "./problems.js";

/** The version of the mapping language that is read, and that a document without `version` is written in. */
const LANGUAGE_VERSION = 1;

/**
 * A document of another version is refused by that alone: nothing else can be said of it. `undefined` for one that is of
 * this version.
 */
export function foreignVersion(json: Json): Problem | undefined {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
  const { version = LANGUAGE_VERSION } = json as JsonObject;
  if (version === LANGUAGE_VERSION) return undefined;
  const written = quote(JSON.stringify(version));
  const message = `the document is written in version ${written} of the mapping language, and this Rolecall reads version \`${LANGUAGE_VERSION}\`: write \`"version": ${LANGUAGE_VERSION}\` and keep to its keys, or save it on a Rolecall that reads ${written}`;
  return problem("/version", "foreign_version", message);
}
