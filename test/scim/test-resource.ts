import { join } from "node:path";
import { projectRoot } from "../../src/platform/root.js";
import { readCustomTables, SCIM_TABLES } from "../../src/protocols/scim/custom-schemas.js";
import { type ResourceType, readScimSchemas } from "../../src/protocols/scim/schema.js";

export const TEST = "urn:ietf:params:scim:schemas:test:2.0:TestResource";
export const TEST_EXTENSION = "urn:ietf:params:scim:schemas:extension:test:2.0:TestResource";
/** An extension of users and of groups. */
export const BADGE = "urn:acme:scim:2.0:Badge";

/** The operator's file with the resource by which strict clients probe every characteristic. */
export const TEST_RESOURCE_FILE = join(projectRoot, "test", "scim", "test-resource.json");

export const testType: ResourceType = compile();

function compile(): ResourceType {
  const read = readCustomTables([TEST_RESOURCE_FILE]);
  if (!read.ok) throw new Error(read.lines.join("\n"));
  const [type] = readScimSchemas(SCIM_TABLES, read.tables).custom;
  if (type === undefined) throw new Error(`${TEST_RESOURCE_FILE} defines no resource type`);
  return type;
}
