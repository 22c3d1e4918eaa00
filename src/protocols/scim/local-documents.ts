/** Owns how SCIM clients see the people and groups that admins made by hand. */
import type { JsonObject } from "../../model/json.js";
import type { AccountEdit, DocumentPort, LocalProfile } from "../../provisioning/ports/documents.js";
import { SCIM_TABLES } from "./custom-schemas.js";
import { startReading } from "./dialect.js";
import { groupDocument, userDocument } from "./document.js";
import { readScimSchemas } from "./schema.js";
import type { CustomTables } from "./schema-tables.js";
import { serviceAccountDocument } from "./service-account-document.js";

const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/** `own`: what the operator's schema files add. */
export function createLocalDocuments(own: CustomTables): DocumentPort {
  const { user, group, serviceAccount } = readScimSchemas(SCIM_TABLES, own);
  return {
    person: (profile) => userDocument(userResource(profile), startReading(user, "rfc")),
    account(resource, edit) {
      const document = serviceAccountDocument(edited(resource, edit), startReading(serviceAccount, "rfc"), resource);
      const { resource: next, search, unique } = document;
      return { resource: next, search, ...(unique && { unique }) };
    },
    group: ({ displayName, description }) =>
      groupDocument(given({ displayName, description }), startReading(group, "rfc")),
  };
}

function edited(resource: JsonObject, { owner, ...plain }: AccountEdit): JsonObject {
  const said = { ...plain, ...(owner !== undefined && { owner: owner && { value: owner } }) };
  const kept = Object.entries({ ...resource, ...said }).filter(([, value]) => value !== null);
  return Object.fromEntries(kept);
}

function userResource(profile: LocalProfile): JsonObject {
  const { userName, displayName, givenName, familyName, email, title, userType, country } = profile;
  const { department, employeeNumber, costCenter, division, organization, manager } = profile;
  const name = given({ givenName, familyName });
  const enterprise = {
    ...given({ department, employeeNumber, costCenter, division, organization }),
    ...(manager && { manager: { value: manager } }),
  };
  return {
    ...given({ userName, displayName, title, userType }),
    active: true,
    ...(Object.keys(name).length > 0 && { name }),
    ...(email && { emails: [{ value: email, type: "work", primary: true }] }),
    ...(country && { addresses: [{ country, type: "work", primary: true }] }),
    ...(Object.keys(enterprise).length > 0 && { [ENTERPRISE]: enterprise }),
  };
}

function given(texts: Readonly<Record<string, string | null | undefined>>): Readonly<Record<string, string>> {
  const said: Record<string, string> = {};
  for (const [name, text] of Object.entries(texts)) if (text) said[name] = text;
  return said;
}
