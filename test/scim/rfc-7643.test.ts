import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import { schemaDocuments } from "../../src/protocols/scim/discovery.js";
import { DEFAULTS, RFC_ENTERPRISE, RFC_GROUP, RFC_USER, type RfcRow } from "./rfc-7643-tables.js";
import { ENTERPRISE, GROUP, schemas, USER } from "./tables.js";

/** Every difference, and why: `attribute.characteristic`, or the attribute alone where the RFC's listing lacks it. */
const DIFFERENCES: Readonly<Record<string, readonly (readonly [what: string, why: string])[]>> = {
  [USER]: [
    ["externalId", "ENTRA-24: section 3.1 makes it common; checkers look for it here"],
    ["profileUrl.caseExact", "section 2.3.7: references are case-exact"],
    ["photos.value.caseExact", "section 2.3.7"],
    ["groups.$ref.caseExact", "section 2.3.7"],
    ["x509Certificates.value.caseExact", "section 2.3.6: binary is case-exact"],
    ["groups.value.caseExact", "section 3.1: an id is case-exact"],
    ["password.caseExact", "section 4.1.1: a password is never compared without regard to case"],
    ["groups.$ref.referenceTypes", "section 4.1.2: a group's address"],
    ["groups.type.canonicalValues", "members of members are not expanded, so nobody is an indirect member"],
    ["addresses.primary", "section 2.4: the default set of parts has it"],
  ],
  [ENTERPRISE]: [
    ["manager.value.caseExact", "section 3.1: an id is case-exact"],
    ["manager.$ref.caseExact", "section 2.3.7"],
    ["manager.$ref.mutability", "made of the id, which is what counts"],
  ],
  [GROUP]: [
    ["externalId", "ENTRA-24: section 3.1 makes it common; checkers look for it here"],
    ["displayName.required", "C14: section 4.2 says REQUIRED"],
    ["members.value.caseExact", "section 3.1: an id is case-exact"],
    ["members.$ref.caseExact", "section 2.3.7"],
    ["members.display", "section 2.4: the default set of parts has it"],
    ["description", "what the group is for"],
    ["idpMappingNames", "further names of the group"],
    ["roles", "roles that go to every member"],
  ],
};

type Flat = ReadonlyMap<string, Json>;

function flatten(rows: readonly (RfcRow | JsonObject)[], parent = ""): Flat {
  const flat = new Map<string, Json>();
  for (const row of rows) {
    const { name, subAttributes = [], description: _, ...rest } = { ...DEFAULTS, ...row } as JsonObject;
    const id = `${parent}${String(name)}`;
    flat.set(id, true);
    for (const [characteristic, value] of Object.entries(rest)) flat.set(`${id}.${characteristic}`, value);
    for (const [key, value] of flatten(subAttributes as readonly JsonObject[], `${id}.`)) flat.set(key, value);
  }
  return flat;
}

/** What one says and the other does not, or otherwise; of an attribute that one lacks only its name. */
function differences(one: Flat, other: Flat): readonly string[] {
  const found = [...new Set([...one.keys(), ...other.keys()])].filter(
    (key) => JSON.stringify(one.get(key)) !== JSON.stringify(other.get(key)),
  );
  return found.filter((key) => !found.some((longer) => longer !== key && key.startsWith(`${longer}.`))).sort();
}

describe("SCIM schemas beside RFC 7643 section 8.7.1", () => {
  const served = schemaDocuments(schemas, "https://rolecall.example/api/scim/v2");
  for (const [urn, rows] of [
    [USER, RFC_USER],
    [ENTERPRISE, RFC_ENTERPRISE],
    [GROUP, RFC_GROUP],
  ] as const) {
    it(`C14, RFC-18: ${urn} is the RFC's, characteristic by characteristic, but for what is listed with its reason`, () => {
      const document = served.find((schema) => schema["id"] === urn);
      const ours = flatten((document?.["attributes"] ?? []) as readonly JsonObject[]);
      const listed = (DIFFERENCES[urn] ?? []).map(([what]) => what);
      expect(differences(ours, flatten(rows))).to.deep.equal([...listed].sort());
    });
  }

  it("RFC-17: names and ids are the RFC's", () => {
    expect(served.map((schema) => [schema["id"], schema["name"]])).to.deep.include.members([
      [USER, "User"],
      [ENTERPRISE, "EnterpriseUser"],
      [GROUP, "Group"],
    ]);
  });
});
