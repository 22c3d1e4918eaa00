import { compileResourceType, type ResourceType, type SchemaTable } from "../../src/protocols/scim/schema.js";

const TEST = "urn:ietf:params:scim:schemas:test:2.0:TestResource";
export const TEST_EXTENSION = "urn:ietf:params:scim:schemas:extension:test:2.0:TestResource";

const description = "for tests";
const subs = (
  ...rows: SchemaTable["attributes"]
): { readonly type: "complex"; readonly subAttributes: SchemaTable["attributes"] } => ({
  type: "complex",
  subAttributes: rows,
});

/** The resource by which strict clients probe every attribute characteristic. */
const table: SchemaTable = {
  id: TEST,
  name: "TestResource",
  description,
  attributes: [
    { name: "identifier", description, required: true, uniqueness: "server" },
    { name: "caseExactString", description, caseExact: true },
    { name: "caseInsensitiveString", description },
    { name: "integerAttr", description, type: "integer" },
    { name: "decimalAttr", description, type: "decimal" },
    { name: "booleanAttr", description, type: "boolean" },
    { name: "dateTimeAttr", description, type: "dateTime" },
    { name: "binaryAttr", description, type: "binary" },
    { name: "referenceAttr", description, type: "reference", referenceTypes: ["uri"] },
    { name: "readOnlyAttr", description, mutability: "readOnly" },
    { name: "immutableAttr", description, mutability: "immutable" },
    { name: "writeOnlyAttr", description, mutability: "writeOnly", returned: "never" },
    { name: "requestOnlyAttr", description, returned: "request" },
    { name: "alwaysReturnedAttr", description, returned: "always" },
    { name: "multiStrings", description, multiValued: true },
    {
      name: "complexAttr",
      description,
      ...subs(
        { name: "sub1", description, required: true, returned: "always" },
        { name: "sub2", description, type: "integer", mutability: "immutable" },
        { name: "sub3", description, type: "boolean", returned: "request" },
      ),
    },
    {
      name: "multiComplex",
      description,
      multiValued: true,
      ...subs(
        { name: "value", description },
        { name: "type", description },
        { name: "primary", description, type: "boolean" },
        { name: "secret", description, returned: "never" },
      ),
    },
  ],
};

const extension: SchemaTable = {
  id: TEST_EXTENSION,
  name: "TestExtension",
  description,
  attributes: [
    { name: "extString", description },
    { name: "extRequired", description, required: true },
    { name: "extInteger", description, type: "integer" },
    { name: "extImmutable", description, mutability: "immutable" },
    { name: "department_ids", description, multiValued: true },
  ],
};

const common: SchemaTable = {
  id: "common",
  name: "common",
  description,
  attributes: [{ name: "id", description, mutability: "readOnly", returned: "always", caseExact: true }],
};

export const testType: ResourceType = compileResourceType(
  {
    id: "TestResource",
    name: "TestResource",
    endpoint: "/TestResources",
    description,
    schema: TEST,
    schemaExtensions: [{ schema: TEST_EXTENSION, required: true }],
  },
  [table, extension],
  common,
);
