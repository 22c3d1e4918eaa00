import type { ScimUserDocument } from "../../model/directory.js";
import type { JsonObject } from "../../model/json.js";
import { isList, isObject } from "./json-value.js";
import { preferred } from "./multi-value.js";
import { appRoleFromJson } from "./quirks/entra.js";
import { assignmentOf, assignmentsOf } from "./roles.js";

const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/** What rules may read of a User resource. What the document leaves out, or leaves empty, is known to be empty. */
export function userFacts(resource: JsonObject): Pick<ScimUserDocument, "attributes" | "appRoles" | "roles"> {
  const name = objectAt(resource, "name");
  const enterprise = objectAt(resource, ENTERPRISE);
  return {
    attributes: {
      userName: textAt(resource, "userName"),
      email: textAt(preferred(resource["emails"]), "value"),
      displayName: textAt(resource, "displayName"),
      givenName: textAt(name, "givenName"),
      familyName: textAt(name, "familyName"),
      active: resource["active"] !== false,
      department: textAt(enterprise, "department"),
      title: textAt(resource, "title"),
      userType: textAt(resource, "userType"),
      country: textAt(preferred(resource["addresses"]), "country"),
      employeeNumber: textAt(enterprise, "employeeNumber"),
      costCenter: textAt(enterprise, "costCenter"),
      division: textAt(enterprise, "division"),
      organization: textAt(enterprise, "organization"),
      manager: textAt(objectAt(enterprise, "manager"), "value"),
    },
    appRoles: appRolesOf(resource),
    ...assignedRoles(resource),
  };
}

/** Role assignments of a User or a Group; absent where there are none. */
export function assignedRoles(resource: JsonObject): Pick<ScimUserDocument, "roles"> {
  const roles = assignmentsOf(resource);
  return roles.length === 0 ? {} : { roles };
}

/** Every assignment's value, and each value of elements without a type once: so it can be told which of them have one. */
function appRolesOf(resource: JsonObject): readonly string[] {
  const roles = resource["roles"];
  const untyped = (isList(roles) ? roles : []).filter((role) => assignmentOf(role) === undefined);
  const values = untyped.flatMap((role) => textAt(isObject(role) ? role : undefined, "value") ?? []);
  return [...new Set(values.map(appRole)), ...assignmentsOf(resource).map(({ value }) => appRole(value))];
}

function appRole(value: string): string {
  return appRoleFromJson(value)?.value ?? value;
}

function objectAt(object: JsonObject | undefined, key: string): JsonObject | undefined {
  const value = object?.[key];
  return isObject(value) ? value : undefined;
}

function textAt(object: JsonObject | undefined, key: string): string | null {
  const value = object?.[key];
  return typeof value === "string" && value !== "" ? value : null;
}
