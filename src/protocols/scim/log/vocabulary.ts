/** Owns the words that a log may show as they are: names of attributes, schemas, resource types and their fixed values. */

import type { Attribute, ResourceType } from "../schema.js";

export interface Vocabulary {
  /** Names of attributes without their URN, of resource types and endpoints, in small letters. */
  readonly names: ReadonlySet<string>;
  /** In small letters. */
  readonly uris: ReadonlySet<string>;
  /** What these are made of between colons, in small letters. */
  readonly ofUris: ReadonlySet<string>;
  /** Fixed values, in small letters. */
  readonly values: ReadonlySet<string>;
  /** Names of attributes that are never shown, in small letters. */
  readonly secrets: ReadonlySet<string>;
}

/** Of the messages themselves, and of discovery. */
const PROTOCOL_NAMES = [
  ...["schemas", "Operations", "op", "path", "value", "values", "bulkId", "method", "data", "version", "failOnErrors"],
  ...["attributes", "excludedAttributes", "filter", "sortBy", "sortOrder", "startIndex", "count", "cursor"],
  ...["If-Match", "ServiceProviderConfig", "ResourceTypes", "Schemas", "Bulk", "Me", ".search", "Accept"],
  // Entra's switch in the address of the base.
  "aadOptscim062020",
];
const PROTOCOL_VALUES = [
  ...["add", "replace", "remove", "GET", "POST", "PUT", "PATCH", "DELETE", "ascending", "descending", "true", "false"],
  "WindowsAzureActiveDirectoryRole",
];
const PROTOCOL_URIS = ["PatchOp", "SearchRequest", "BulkRequest", "ListResponse", "Error"].map(
  (name) => `urn:ietf:params:scim:api:messages:2.0:${name}`,
);
/** Entra sends them beside the core schema (ENTRA-18). */
const FOREIGN_URIS = ["User", "Group"].map(
  (name) => `http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/${name}`,
);

export function createVocabulary(types: readonly ResourceType[]): Vocabulary {
  const names = new Set(
    lower([...PROTOCOL_NAMES, ...types.flatMap(({ name, endpoint }) => [name, endpoint.slice(1)])]),
  );
  const uris = new Set(lower([...PROTOCOL_URIS, ...FOREIGN_URIS]));
  const values = new Set(lower([...PROTOCOL_VALUES, ...types.map(({ name }) => name)]));
  const secrets = new Set<string>();
  const take = (attribute: Attribute): void => {
    const name = attribute.name.toLowerCase();
    names.add(name);
    for (const value of lower(attribute.canonicalValues)) values.add(value);
    if (attribute.returned === "never" || attribute.mutability === "writeOnly") secrets.add(name);
    for (const sub of attribute.subs.values()) take(sub);
  };
  for (const { schemas } of types) {
    for (const schema of schemas.values()) {
      uris.add(schema.urn.toLowerCase());
      for (const attribute of schema.attributes.values()) take(attribute);
    }
  }
  const ofUris = new Set([...uris].flatMap((uri) => (uri.startsWith("urn:") ? uri.split(":") : [])));
  return { names, uris, ofUris, values, secrets };
}

function lower(words: readonly string[]): readonly string[] {
  return words.map((word) => word.toLowerCase());
}

/** Whether all parts of a reference, `urn:...:User:name.givenName`, are known. */
export function isKnownReference(reference: string, { names, uris }: Vocabulary): boolean {
  const text = reference.toLowerCase();
  if (uris.has(text) || names.has(text)) return true;
  const colon = text.lastIndexOf(":");
  if (colon >= 0 && !uris.has(text.slice(0, colon))) return false;
  return text
    .slice(colon + 1)
    .split(".")
    .every((part, at) => names.has(part) || (part === "" && at === 0));
}

const SECRET = /passw|secret|token|credential/i;

/** Whether what stands under this name, or at this path, is never shown. */
export function isSecret(reference: string, { secrets }: Vocabulary): boolean {
  return reference.split(/[.:[\]\s]/).some((part) => SECRET.test(part) || secrets.has(part.toLowerCase()));
}

/** The last part of a reference in small letters: by it a value is understood. */
export function lastPart(reference: string): string {
  return reference.slice(Math.max(reference.lastIndexOf("."), reference.lastIndexOf(":")) + 1).toLowerCase();
}
