/** Owns the document of a service account: what of its resource the directory keeps beside the resource itself. */
import type { ScimServiceAccountDocument } from "../../model/directory.js";
import type { DirectoryUserId } from "../../model/ids.js";
import type { Json, JsonObject } from "../../model/json.js";
import { instantOf } from "./date-time.js";
import type { Reading } from "./dialect.js";
import { readWhole } from "./document.js";
import { isObject } from "./json-value.js";
import { searchDocument } from "./search-document.js";
import { indexed, uniqueValues } from "./unique-values.js";
import { assignedRoles } from "./user-facts.js";

/** Reads a ServiceAccount of a POST or a PUT; `previous` as `readUser` takes it. */
export function readServiceAccount(
  body: Json | undefined,
  reading: Reading,
  previous?: JsonObject,
): ScimServiceAccountDocument {
  return serviceAccountDocument(readWhole(body, reading, previous), reading, previous);
}

/** An account that is not given a userName keeps the one that it has, and at first is called as it is shown. */
export function serviceAccountDocument(
  given: JsonObject,
  reading: Reading,
  previous: JsonObject = {},
): ScimServiceAccountDocument {
  const displayName = indexed("displayName", given["displayName"]) ?? "";
  const before = indexed("userName", previous["userName"]);
  const userName = indexed("userName", given["userName"]) ?? before ?? displayName;
  const resource: JsonObject = { ...given, userName };
  const search = searchDocument(reading.type, resource);
  const description = given["description"];
  const externalId = indexed("externalId", given["externalId"]);
  return {
    ...{ resource, search, ...uniqueValues(reading.type, resource, search), userName, displayName },
    ...(typeof description === "string" && { description }),
    ...(externalId !== undefined && { externalId }),
    active: resource["active"] !== false,
    ...expiry(given["expiresAt"]),
    ...ownerOf(resource),
    ...assignedRoles(resource),
  };
}

function expiry(text: Json | undefined): Pick<ScimServiceAccountDocument, "expiresAt"> {
  const millis = typeof text === "string" ? instantOf(text) : undefined;
  return millis === undefined ? {} : { expiresAt: new Date(millis).toISOString() };
}

/** The SCIM id of the user who answers for the account. */
export function ownerOf(resource: JsonObject): Pick<ScimServiceAccountDocument, "owner"> {
  const owner = resource["owner"];
  const value = isObject(owner) ? owner["value"] : undefined;
  return typeof value === "string" && value !== "" ? { owner: value as DirectoryUserId } : {};
}
