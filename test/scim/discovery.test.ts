import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import {
  resourceTypeDocuments,
  schemaDocuments,
  serviceProviderConfigDocument,
} from "../../src/protocols/scim/discovery.js";
import { isList, isObject } from "../../src/protocols/scim/json-value.js";
import { ENTERPRISE, GROUP, ROLECALL_GROUP, SERVICE_ACCOUNT, schemas, USER } from "./tables.js";

const baseUrl = "https://rolecall.example/api/scim/v2";

function everyValue(value: Json): readonly Json[] {
  if (typeof value !== "object" || value === null) return [value];
  return Object.values(value).flatMap(everyValue);
}

describe("SCIM discovery", () => {
  const documents = schemaDocuments(schemas, baseUrl);
  const CORE = "urn:ietf:params:scim:schemas:core:2.0";
  const OF_DISCOVERY = ["ServiceProviderConfig", "ResourceType", "Schema"];

  it("ENTRA-24: lists core and extension schemas with their locations, and holds no null", () => {
    expect(documents.map((document) => document["id"])).to.deep.equal([
      ...[USER, ENTERPRISE, GROUP, ROLECALL_GROUP],
      SERVICE_ACCOUNT,
      ...OF_DISCOVERY.map((name) => `${CORE}:${name}`),
    ]);
    expect(documents[0]?.["meta"]).to.deep.equal({ resourceType: "Schema", location: `${baseUrl}/Schemas/${USER}` });
    expect(everyValue(documents).filter((value) => value === null)).to.deep.equal([]);
  });

  it("RFC-18, ENTRA-24: says every characteristic of every attribute, in camel case", () => {
    const allowed: Readonly<Record<string, readonly Json[]>> = {
      type: ["string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"],
      multiValued: [true, false],
      required: [true, false],
      caseExact: [true, false],
      mutability: ["readOnly", "readWrite", "immutable", "writeOnly"],
      returned: ["always", "never", "default", "request"],
      uniqueness: ["none", "server", "global"],
    };
    const check = (attributes: Json | undefined): number => {
      if (!Array.isArray(attributes)) return 0;
      for (const attribute of attributes) {
        for (const [name, values] of Object.entries(allowed)) {
          expect(values, `${attribute.name}.${name}`).to.include(attribute[name]);
        }
        expect(attribute.name).to.match(/^[a-z$][A-Za-z0-9]*$/);
        check(attribute.subAttributes);
      }
      return attributes.length;
    };
    const counts = documents.map((document) => check(document["attributes"]));
    expect(counts.every((count) => count > 0)).to.equal(true);
  });

  it("RFC-17: resource types name listed schemas, and say of each extension whether it is required", () => {
    const listed = documents.map((document) => document["id"]);
    const types = resourceTypeDocuments(schemas, baseUrl);
    expect(types.map((type) => [type["id"], type["endpoint"], type["schemaExtensions"]])).to.deep.equal([
      ["User", "/Users", [{ schema: ENTERPRISE, required: false }]],
      ["Group", "/Groups", [{ schema: ROLECALL_GROUP, required: false }]],
      ["ServiceAccount", "/ServiceAccounts", []],
    ]);
    for (const type of types) expect(listed).to.include(type["schema"]);
    expect(types[0]?.["meta"]).to.deep.equal({
      resourceType: "ResourceType",
      location: `${baseUrl}/ResourceTypes/User`,
    });
  });

  it("RFC-16, CUR-06: the service provider configuration has every required part", () => {
    const config = serviceProviderConfigDocument(schemas, { maxOperations: 7, maxPayloadSize: 900 }, baseUrl);
    expect(config).to.include.all.keys(
      ..."schemas patch bulk filter changePassword sort etag authenticationSchemes pagination meta".split(" "),
    );
    expect(config["patch"]).to.deep.equal({ supported: true });
    expect(config["bulk"]).to.deep.equal({ supported: true, maxOperations: 7, maxPayloadSize: 900 });
    expect(config["authenticationSchemes"]).to.be.an("array").with.length(1);
  });

  /** `emails[type eq "work"].value`, `name.givenName`, `urn:...:department`: paths of attributes as Entra's mappings name them. */
  const pathsOf = (urn: string): readonly string[] => {
    const document = documents.find(({ id }) => id === urn);
    const rows = (value: Json | undefined): readonly JsonObject[] => (isList(value) ? value.filter(isObject) : []);
    return rows(document?.["attributes"]).flatMap((attribute) => {
      const name = urn === ENTERPRISE ? `${urn}:${attribute["name"]}` : String(attribute["name"]);
      const parts = rows(attribute["subAttributes"]);
      if (parts.length === 0 || name.endsWith("manager") || name === "members") return [name];
      const leaves = parts.map((part) => String(part["name"]));
      if (attribute["multiValued"] !== true) return leaves.map((leaf) => `${name}.${leaf}`);
      const types = parts.find((part) => part["name"] === "type")?.["canonicalValues"];
      const filters = isList(types) ? types.map((type) => `type eq "${type}"`) : ['primary eq "True"'];
      return filters.flatMap((filter) => leaves.map((leaf) => `${name}[${filter}].${leaf}`));
    });
  };

  it("ENTRA-24: every attribute that Entra maps unless told otherwise is found in /Schemas, externalId too", () => {
    const addresses = "formatted streetAddress locality region postalCode country".split(" ");
    expect([...pathsOf(USER), ...pathsOf(ENTERPRISE)]).to.include.members([
      ..."userName active displayName title preferredLanguage externalId".split(" "),
      ..."name.givenName name.familyName name.formatted".split(" "),
      'emails[type eq "work"].value',
      ...addresses.map((leaf) => `addresses[type eq "work"].${leaf}`),
      ...["work", "mobile", "fax"].map((type) => `phoneNumbers[type eq "${type}"].value`),
      'roles[primary eq "True"].value',
      ...["employeeNumber", "department", "manager"].map((name) => `${ENTERPRISE}:${name}`),
    ]);
    expect(pathsOf(GROUP)).to.include.members(["displayName", "externalId", "members"]);
    expect(pathsOf(`${CORE}:ResourceType`)).to.not.include("externalId");
  });

  it("RFC-17: what discovery serves has the attributes that its own schemas declare, and all that they require", () => {
    const limits = { maxOperations: 1_000, maxPayloadSize: 8_388_608 };
    const served: Readonly<Record<string, readonly JsonObject[]>> = {
      ServiceProviderConfig: [serviceProviderConfigDocument(schemas, limits, baseUrl)],
      ResourceType: resourceTypeDocuments(schemas, baseUrl),
      Schema: documents,
    };
    const problems = (declared: Json | undefined, value: Json | undefined, at: string): readonly string[] => {
      if (!isList(declared) || !isObject(value)) return [`${at}: not an object`];
      const rows = declared.filter(isObject);
      const undeclared = Object.keys(value).filter((key) => !rows.some((row) => row["name"] === key));
      return [
        ...undeclared.map((key) => `${at}.${key}: not declared`),
        ...rows.flatMap((row) => {
          const name = String(row["name"]);
          const held = value[name];
          if (held === undefined) return row["required"] === true ? [`${at}.${name}: missing`] : [];
          if (isList(held) !== (row["multiValued"] === true)) return [`${at}.${name}: one or many`];
          if (row["type"] !== "complex") return [];
          return (isList(held) ? held : [held]).flatMap((one) => problems(row["subAttributes"], one, `${at}.${name}`));
        }),
      ];
    };
    for (const [name, all] of Object.entries(served)) {
      const declared = documents.find((document) => document["name"] === name)?.["attributes"];
      for (const { schemas: urns, id, meta, ...rest } of all) {
        expect(urns).to.deep.equal([`${CORE}:${name}`]);
        expect([typeof id, typeof meta]).to.deep.equal([
          name === "ServiceProviderConfig" ? "undefined" : "string",
          "object",
        ]);
        // Only the schema of schemas has parts of parts of attributes (RFC 7643 section 8.7.2), which it cannot say itself.
        const deep = id === `${CORE}:Schema` ? ["Schema.attributes.subAttributes.subAttributes: not declared"] : [];
        expect(problems(declared, rest, name)).to.deep.equal(deep);
      }
    }
  });
});
