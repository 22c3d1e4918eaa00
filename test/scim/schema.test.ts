import { expect } from "chai";
import {
  type Attribute,
  compileResourceType,
  hint,
  lookup,
  type ResourceType,
} from "../../src/protocols/scim/schema.js";
import type { SchemaTable } from "../../src/protocols/scim/schema-tables.js";
import { ENTERPRISE, GROUP, schemas, USER } from "./tables.js";

describe("SCIM schema tables", () => {
  const all = schemas.types.flatMap((type) => [type.core, ...type.extensions.map((extension) => extension.schema)]);
  const attributes = all.flatMap((schema) => [...schema.attributes.values()]);

  it("RFC-03: holds no complex attribute inside a complex one", () => {
    const nested = attributes.flatMap((attribute) =>
      [...attribute.subs.values()].filter((sub) => sub.type === "complex"),
    );
    expect(nested.map((sub) => sub.id)).to.deep.equal([]);
  });

  it("gives every complex attribute parts, every other none, and every reference its types", () => {
    const wrong = (attribute: Attribute): boolean =>
      (attribute.type === "complex") !== attribute.subs.size > 0 ||
      (attribute.type === "reference") !== attribute.referenceTypes.length > 0;
    const leaves = attributes.flatMap((attribute) => [attribute, ...attribute.subs.values()]);
    expect(leaves.filter(wrong).map((attribute) => attribute.id)).to.deep.equal([]);
  });

  it("holds every attribute of RFC 7643 section 4.1", () => {
    const names = schemas.user.core.own.map((attribute) => attribute.name);
    expect(names).to.have.members([
      ..."userName name displayName nickName profileUrl title userType preferredLanguage locale timezone".split(" "),
      ..."active password emails phoneNumbers ims photos addresses groups entitlements roles x509Certificates".split(
        " ",
      ),
    ]);
  });

  it("RFC-01: finds names and URNs in any letter case and gives the canonical name back", () => {
    expect(lookup(schemas.user, { name: "USERNAME" })?.attribute?.name).to.equal("userName");
    const manager = lookup(schemas.user, { uri: ENTERPRISE.toUpperCase(), name: "MANAGER", sub: "VALUE" });
    expect(manager?.sub?.id).to.equal(`${ENTERPRISE}:manager.value`);
  });

  it("ENTRA-15: a core attribute with its URN is the attribute without it", () => {
    expect(lookup(schemas.user, { uri: USER, name: "displayName" })?.attribute).to.equal(
      lookup(schemas.user, { name: "displayName" })?.attribute,
    );
  });

  it("finds a whole schema by its URN", () => {
    const cut = ENTERPRISE.lastIndexOf(":");
    const found = lookup(schemas.user, { uri: ENTERPRISE.slice(0, cut), name: "User" });
    expect(found?.schema.urn).to.equal(ENTERPRISE);
    expect(found?.attribute).to.equal(undefined);
  });

  it("ENTRA-23: an extension's attribute is found without its URN, unless the core has one of that name", () => {
    expect(lookup(schemas.user, { name: "manager" })).to.deep.include({ urnLeftOut: true });
    expect(lookup(schemas.group, { name: "description" })?.schema.urn).to.equal(GROUP);
  });

  it("ENTRA-23: a name that two extensions share means neither without its URN", () => {
    const extension = (id: string): SchemaTable => ({
      id,
      name: id,
      description: "",
      attributes: [{ name: "x", description: "" }],
    });
    const core: SchemaTable = { id: "urn:core", name: "core", description: "", attributes: [] };
    const row = { id: "T", name: "T", endpoint: "/T", description: "", schema: "urn:core" };
    const compiled = (...ids: readonly string[]): ResourceType =>
      compileResourceType(
        { ...row, schemaExtensions: ids.map((schema) => ({ schema, required: false })) },
        [core, ...ids.map(extension)],
        core,
      );
    expect(lookup(compiled("urn:a"), { name: "x" })?.schema.urn).to.equal("urn:a");
    expect(lookup(compiled("urn:a", "urn:b"), { name: "x" })).to.equal(undefined);
  });

  it("hints name paths that mean what they name", () => {
    const badge = (id: string): SchemaTable => ({
      ...{
        id,
        name: "Badge",
        description: "",
        attributes: [{ name: "number" }, { name: "title" }, { name: `only${id}` }],
      },
    });
    const attributes = [
      { name: "title" },
      ...["emails", "photos", "phones", "ims"].map((name) => ({ name, subAttributes: [{ name: "linked" }] })),
    ];
    const core: SchemaTable = { id: "urn:c", name: "Core", description: "", attributes };
    const schemaExtensions = ["urn:a", "urn:b"].map((schema) => ({ schema, required: false }));
    const type = compileResourceType(
      { name: "Thing", endpoint: "/Things", description: "", schema: core.id, schemaExtensions },
      [core, badge("urn:a"), badge("urn:b")],
      { id: "urn:common", name: "Common", description: "", attributes: [] },
    );
    expect(hint(type, "number")).to.equal(", did you mean `urn:a:number` or `urn:b:number`?");
    expect(hint(type, "onlyurn:b")).to.equal(", did you mean `onlyurn:b`?");
    expect(hint(type, "tile")).to.equal(", did you mean `title`?");
    expect(hint(type, "linkd")).to.equal(", did you mean `emails.linked` or `photos.linked` or `phones.linked`?");
    expect(hint(type, "zzzzz")).to.equal(": /Schemas lists them");
  });

  it("does not find an attribute of another resource type, nor what no object should have", () => {
    for (const name of ["members", "__proto__", "constructor", "toString", ""]) {
      expect(lookup(schemas.user, { name }), name).to.equal(undefined);
    }
  });

  it("SEC-06: clients can write neither id, meta, schemas nor groups, and password never comes back", () => {
    const readOnly = ["id", "meta", "schemas", "groups"].map(
      (name) => schemas.user.core.attributes.get(name)?.mutability,
    );
    expect(readOnly).to.deep.equal(["readOnly", "readOnly", "readOnly", "readOnly"]);
    expect(schemas.user.core.attributes.get("password")).to.include({ mutability: "writeOnly", returned: "never" });
  });

  it("RFC-32, C14: ids and external ids are case-exact, userName is not, a group's displayName is required", () => {
    const exact = ["id", "externalId", "userName"].map(
      (name) => schemas.user.core.attributes.get(name.toLowerCase())?.caseExact,
    );
    expect(exact).to.deep.equal([true, true, false]);
    expect(schemas.group.core.attributes.get("displayname")?.required).to.equal(true);
  });
});
