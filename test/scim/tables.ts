import { join } from "node:path";
import type { ScimProfile } from "../../src/model/connection.js";
import { projectRoot } from "../../src/platform/root.js";
import { type Reading, startReading } from "../../src/protocols/scim/dialect.js";
import { ScimError, type ScimErrorKind } from "../../src/protocols/scim/errors.js";
import { readScimSchemas } from "../../src/protocols/scim/schema.js";

export const schemas = readScimSchemas(join(projectRoot, "schemas", "scim"));

export const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
export const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";
export const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
export const ROLECALL_GROUP = "urn:ietf:params:scim:schemas:extension:rolecall:2.0:Group";
export const SERVICE_ACCOUNT = "urn:ietf:params:scim:schemas:rolecall:2.0:ServiceAccount";
export const PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

export function userReading(profile: ScimProfile = "rfc"): Reading {
  return startReading(schemas.user, profile);
}

export function groupReading(profile: ScimProfile = "rfc"): Reading {
  return startReading(schemas.group, profile);
}

/** The refusal that a call ends in; fails the test when it does not end in one. */
export function refusal(call: () => unknown): { readonly kind: ScimErrorKind; readonly detail: string } {
  try {
    call();
  } catch (error) {
    if (error instanceof ScimError) return { kind: error.kind, detail: error.message };
    throw error;
  }
  throw new Error("expected a refusal, and there was none");
}
