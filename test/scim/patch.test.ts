import { join } from "node:path";
import { expect } from "chai";
import type { ScimProfile } from "../../src/model/connection.js";
import type { Json, JsonObject } from "../../src/model/json.js";
import { projectRoot } from "../../src/platform/root.js";
import { type QuirkName, startReading } from "../../src/protocols/scim/dialect.js";
import { elementForm } from "../../src/protocols/scim/element-form.js";
import { applyPatch, applyPatchInTurns, type PatchOutcome } from "../../src/protocols/scim/patch.js";
import { readPatchRequest } from "../../src/protocols/scim/patch-request.js";
import { readScimSchemas } from "../../src/protocols/scim/schema.js";
import { turnsDuring } from "../support/turns-during.js";
import { ENTERPRISE, PATCH_OP, refusal, USER, userReading } from "./tables.js";

type Operations = readonly { readonly [key: string]: unknown }[];

const work = { type: "work", value: "ada@work", primary: true };
const home = { type: "home", value: "ada@home" };
const ada: JsonObject = {
  userName: "ada",
  active: true,
  displayName: "Ada",
  name: { givenName: "Ada", familyName: "L" },
  emails: [work, home],
  [ENTERPRISE]: { department: "IT" },
};

function patch(
  operations: Operations,
  profile: ScimProfile = "rfc",
  before: JsonObject = ada,
): PatchOutcome & { readonly quirks: readonly QuirkName[] } {
  const reading = userReading(profile);
  const body = JSON.parse(JSON.stringify({ schemas: [PATCH_OP], Operations: operations })) as Json;
  const outcome = applyPatch(before, readPatchRequest(body, reading), reading);
  return { ...outcome, quirks: [...reading.quirks] };
}

/** What the operations leave, as the difference to `before`: changed attributes, and null for those that went. */
function difference(operations: Operations, profile: ScimProfile = "rfc", before: JsonObject = ada): JsonObject {
  const { resource } = patch(operations, profile, before);
  const names = new Set([...Object.keys(before), ...Object.keys(resource)]);
  const changed: Record<string, Json> = {};
  for (const name of names) {
    if (JSON.stringify(before[name]) !== JSON.stringify(resource[name])) changed[name] = resource[name] ?? null;
  }
  return changed;
}

describe("SCIM PATCH of users", () => {
  const cases: readonly (readonly [rule: string, operations: Operations, changed: JsonObject])[] = [
    ["OKTA-09: path-less deactivation", [{ op: "replace", value: { active: false } }], { active: false }],
    [
      "ENTRA-07, BUG-05, BUG-06: capitalised, with a text for the boolean",
      [{ op: "Replace", path: "active", value: "False" }],
      { active: false },
    ],
    ["ENTRA-08: the flag dialect", [{ op: "replace", path: "active", value: false }], { active: false }],
    [
      "RFC-46: nested objects",
      [{ op: "replace", value: { name: { givenName: "A" }, title: "T" } }],
      { name: { givenName: "A", familyName: "L" }, title: "T" },
    ],
    [
      "RFC-46: extension objects",
      [{ op: "add", value: { [ENTERPRISE]: { costCenter: "9" } } }],
      { [ENTERPRISE]: { department: "IT", costCenter: "9" } },
    ],
    [
      "RFC-01, RFC-46: any letter case",
      [{ op: "ADD", value: { TITLE: "T", NAME: { GIVENNAME: "A" } } }],
      { title: "T", name: { givenName: "A", familyName: "L" } },
    ],
    [
      "ENTRA-09: dotted and URN-qualified keys are paths",
      [
        { op: "replace", path: 'emails[type eq "work"].value', value: "new@work" },
        { op: "replace", value: { displayName: "D", "name.givenName": "G", [`${ENTERPRISE}:employeeNumber`]: "7" } },
      ],
      {
        emails: [{ ...work, value: "new@work" }, home],
        displayName: "D",
        name: { givenName: "G", familyName: "L" },
        [ENTERPRISE]: { department: "IT", employeeNumber: "7" },
      },
    ],
    [
      "ENTRA-10: Replace on an absent attribute adds",
      [
        { op: "Replace", path: "nickName", value: "N" },
        { op: "Add", path: "externalId", value: "E" },
        { op: "Add", path: "name.middleName", value: "K" },
        { op: "Replace", path: `${ENTERPRISE}:employeeNumber`, value: "7" },
      ],
      {
        nickName: "N",
        externalId: "E",
        name: { givenName: "Ada", familyName: "L", middleName: "K" },
        [ENTERPRISE]: { department: "IT", employeeNumber: "7" },
      },
    ],
    [
      "ENTRA-11, BUG-04: an element made from the filter",
      [{ op: "Add", path: 'phoneNumbers[type eq "mobile"].value', value: "+1" }],
      { phoneNumbers: [{ type: "mobile", value: "+1" }] },
    ],
    [
      "ENTRA-11: in addresses, one leaf after the other",
      [
        { op: "Add", path: 'addresses[type eq "work"].locality', value: "Oslo" },
        { op: "Add", path: 'addresses[type eq "work"].country', value: "NO" },
      ],
      { addresses: [{ type: "work", locality: "Oslo", country: "NO" }] },
    ],
    [
      "ENTRA-11: from a compound filter",
      [{ op: "add", path: 'emails[type eq "other" and primary eq false].value', value: "o@x" }],
      { emails: [work, home, { type: "other", primary: false, value: "o@x" }] },
    ],
    [
      "ENTRA-29: keyed by primary as a text",
      [{ op: "Add", path: 'roles[primary eq "True"].value', value: "Acme.Admin" }],
      { roles: [{ primary: true, value: "Acme.Admin" }] },
    ],
    [
      "ENTRA-31: an app role as JSON in a string",
      [{ op: "Add", path: "roles", value: [{ value: '{"id":"1","value":"R","displayName":"Role"}' }] }],
      { roles: [{ value: "R", display: "Role" }] },
    ],
    [
      "ENTRA-31: the whole value as JSON in a string",
      [{ op: "Add", path: "roles", value: '{"id":"1","value":"R","displayName":"Role"}' }],
      { roles: [{ value: "R", display: "Role" }] },
    ],
    [
      "ENTRA-13: manager as a bare id",
      [{ op: "Add", path: `${ENTERPRISE}:manager`, value: "m" }],
      { [ENTERPRISE]: { department: "IT", manager: { value: "m" } } },
    ],
    [
      "ENTRA-13: manager.value",
      [{ op: "Replace", path: `${ENTERPRISE}:manager.value`, value: "m" }],
      { [ENTERPRISE]: { department: "IT", manager: { value: "m" } } },
    ],
    [
      "ENTRA-13: manager as an object",
      [{ op: "Replace", path: `${ENTERPRISE}:manager`, value: { value: "m" } }],
      { [ENTERPRISE]: { department: "IT", manager: { value: "m" } } },
    ],
    [
      "ENTRA-13: manager as a list",
      [{ op: "Add", path: `${ENTERPRISE}:manager`, value: [{ $ref: "http://x/Users/m", value: "m" }] }],
      { [ENTERPRISE]: { department: "IT", manager: { value: "m" } } },
    ],
    [
      "ENTRA-15, BUG-07: a core attribute by its URN",
      [{ op: "Replace", path: `${USER}:displayName`, value: "D" }],
      { displayName: "D" },
    ],
    [
      "ENTRA-15: a core value filter by its URN",
      [{ op: "Replace", path: `${USER}:emails[type eq "home"].value`, value: "h" }],
      { emails: [work, { ...home, value: "h" }] },
    ],
    [
      "BUG-07: the whole extension replaced",
      [{ op: "replace", path: ENTERPRISE, value: { division: "D" } }],
      { [ENTERPRISE]: { department: "IT", division: "D" } },
    ],
    ["BUG-07: the whole extension removed", [{ op: "remove", path: ENTERPRISE }], { [ENTERPRISE]: null }],
    ["BUG-07: the core schema as a path", [{ op: "replace", path: USER, value: { title: "T" } }], { title: "T" }],
    [
      "RFC-44: a new primary takes over",
      [{ op: "add", path: "emails", value: [{ value: "n@x", primary: true }] }],
      { emails: [{ ...work, primary: false }, home, { value: "n@x", primary: true }] },
    ],
    [
      "RFC-44: a new primary takes over from one that is sent again",
      [
        {
          op: "add",
          path: "emails",
          value: [
            { value: work.value, type: work.type },
            { value: "n@x", primary: true },
          ],
        },
      ],
      { emails: [{ ...work, primary: false }, home, { value: "n@x", primary: true }] },
    ],
    [
      "RFC-44: primary set on another element",
      [{ op: "replace", path: 'emails[type eq "home"].primary', value: true }],
      {
        emails: [
          { ...work, primary: false },
          { ...home, primary: true },
        ],
      },
    ],
    [
      "RFC-44: primary on an element made from the filter",
      [{ op: "add", path: 'emails[primary eq true and type eq "other"].value', value: "o" }],
      { emails: [{ ...work, primary: false }, home, { primary: true, type: "other", value: "o" }] },
    ],
    [
      "RFC-45: add merges a complex attribute",
      [{ op: "add", path: "name", value: { middleName: "K", givenName: null } }],
      { name: { givenName: "Ada", familyName: "L", middleName: "K" } },
    ],
    [
      "RFC-45: add appends to a list",
      [{ op: "add", path: "emails", value: { value: "n@x", type: "other" } }],
      { emails: [work, home, { value: "n@x", type: "other" }] },
    ],
    [
      "RFC-49: replace leaves parts that it does not name, and clears those it nulls",
      [{ op: "replace", path: "name", value: { givenName: "A", familyName: null } }],
      { name: { givenName: "A" } },
    ],
    [
      "RFC-49: replace of a list",
      [{ op: "replace", path: "emails", value: [{ value: "n@x" }] }],
      { emails: [{ value: "n@x" }] },
    ],
    ["RFC-06: replace by [] clears", [{ op: "replace", path: "emails", value: [] }], { emails: null }],
    ["RFC-06: replace by null clears", [{ op: "replace", path: "displayName", value: null }], { displayName: null }],
    [
      "RFC-06: add of null does nothing",
      [
        { op: "add", path: "displayName", value: null },
        { op: "add", path: "emails", value: null },
        { op: "add", path: 'emails[type eq "work"].value', value: null },
      ],
      {},
    ],
    ["RFC-48: removes an attribute", [{ op: "remove", path: "displayName" }], { displayName: null }],
    ["RFC-48: removes a part", [{ op: "remove", path: "name.givenName" }], { name: { familyName: "L" } }],
    [
      "RFC-48: the last part gone, the attribute is absent",
      [
        { op: "remove", path: "name.givenName" },
        { op: "remove", path: "name.familyName" },
      ],
      { name: null },
    ],
    [
      "RFC-48: removes what matches and only that",
      [{ op: "remove", path: 'emails[value ew "@HOME"]' }],
      { emails: [work] },
    ],
    [
      "RFC-48: the last element gone, the attribute is absent",
      [{ op: "remove", path: "emails[value pr]" }],
      { emails: null },
    ],
    [
      "RFC-48: a removed value takes its element along",
      [{ op: "Remove", path: 'emails[type eq "work"].value' }],
      { emails: [home] },
    ],
    [
      "RFC-48: a removal that matches nothing is done already",
      [
        { op: "remove", path: 'emails[type eq "other"]' },
        { op: "remove", path: "title" },
      ],
      {},
    ],
    [
      "RFC-49, BUG-08: every matching element changes",
      [{ op: "replace", path: 'emails[value sw "ada"].display', value: "D" }],
      {
        emails: [
          { ...work, display: "D" },
          { ...home, display: "D" },
        ],
      },
    ],
    [
      "RFC-49: a whole element replaced keeps what the filter pinned",
      [{ op: "replace", path: 'emails[type eq "home"]', value: { value: "n@x", display: "N" } }],
      { emails: [work, { type: "home", value: "n@x", display: "N" }] },
    ],
    [
      "RFC-49: add on a matching element merges",
      [{ op: "add", path: 'emails[type eq "work"]', value: { display: "N" } }],
      { emails: [{ ...work, display: "N" }, home] },
    ],
    [
      "RFC-43: a part of every element",
      [{ op: "replace", path: "emails.display", value: "D" }],
      {
        emails: [
          { ...work, display: "D" },
          { ...home, display: "D" },
        ],
      },
    ],
    [
      "ENTRA-26: emails keyed by primary",
      [{ op: "replace", path: "emails[primary eq true].value", value: "n@x" }],
      { emails: [{ ...work, value: "n@x" }, home] },
    ],
    [
      "ENTRA-13: the older dialect's list around a plain value",
      [{ op: "Replace", path: "displayName", value: [{ $ref: null, value: "D" }] }],
      { displayName: "D" },
    ],
    [
      "BUG-01: listed values go, the others stay",
      [{ op: "Remove", path: "emails", value: [{ value: "ADA@home" }] }],
      { emails: [work] },
    ],
    [
      "BUG-01: a listed type that differs goes not",
      [{ op: "Remove", path: "emails", value: [{ value: "ada@home", type: "work" }] }],
      {},
    ],
    ["BUG-01: an empty list removes nothing", [{ op: "Remove", path: "emails", value: [] }], {}],
    [
      "OKTA-04: a password changes nothing",
      [
        { op: "replace", path: "password", value: "s3cret" },
        { op: "replace", value: { password: "s3cret" } },
      ],
      {},
    ],
    [
      "OKTA-11: read-only keys of a value are ignored",
      [{ op: "replace", value: { id: "x", schemas: [], meta: {}, groups: [], displayName: "D" } }],
      { displayName: "D" },
    ],
    [
      "C8: unknown keys beside known ones are ignored",
      [{ op: "replace", value: { nosuch: 1, "no such": 1, "urn:nobody:1.0:User": {}, [ENTERPRISE]: {}, title: "T" } }],
      { title: "T" },
    ],
    ["BUG-24, C17: a removal of active revives nobody and ends nobody", [{ op: "remove", path: "active" }], {}],
    [
      "operations see what earlier ones left",
      [
        { op: "add", path: "title", value: "T" },
        { op: "remove", path: "title" },
      ],
      {},
    ],
    [
      "C7: replace makes an element of a type that the schema names",
      [{ op: "replace", path: 'phoneNumbers[type eq "Mobile"].value', value: "+1" }],
      { phoneNumbers: [{ type: "Mobile", value: "+1" }] },
    ],
  ];
  for (const [rule, operations, changed] of cases) {
    it(rule, () => {
      expect(difference(operations)).to.deep.equal(changed);
    });
  }

  for (const operation of [
    { op: "Replace", path: `${ENTERPRISE}:manager`, value: "" },
    { op: "Replace", path: `${ENTERPRISE}:manager`, value: { value: "" } },
    { op: "Replace", path: `${ENTERPRISE}:manager`, value: {} },
    { op: "replace", path: `${ENTERPRISE}:manager`, value: [] },
    { op: "replace", value: { [ENTERPRISE]: { manager: {} } } },
    { op: "replace", value: { [`${ENTERPRISE}:manager`]: [] } },
    { op: "Replace", path: `${ENTERPRISE}:manager.value`, value: "" },
    { op: "Replace", path: `${ENTERPRISE}:manager`, value: null },
    { op: "Remove", path: `${ENTERPRISE}:manager` },
    { op: "Remove", path: `${ENTERPRISE}:manager.value` },
    { op: "replace", value: { [ENTERPRISE]: { manager: null } } },
    { op: "replace", value: { [ENTERPRISE]: null } },
  ]) {
    it(`ENTRA-14: ${JSON.stringify(operation)} removes the manager`, () => {
      const before = { ...ada, [ENTERPRISE]: { manager: { value: "m" } } };
      expect(difference([operation], "rfc", before)).to.deep.equal({ [ENTERPRISE]: null });
    });
  }

  const unmatched = 'emails[type eq "nonexistent"].value';
  it("C7, BUG-09: replace through a filter that matches nothing is refused", () => {
    for (const path of [
      unmatched,
      'emails[value eq "x"].display',
      'roles[primary eq "True"].value',
      'emails[type eq "work" or type eq "other"].value',
    ]) {
      const before = { userName: "ada", active: true };
      expect(refusal(() => patch([{ op: "replace", path, value: "v" }], "rfc", before)).kind, path).to.equal(
        "noTarget",
      );
      expect(refusal(() => patch([{ op: "replace", path, value: "v" }], "okta", before)).kind, path).to.equal(
        "noTarget",
      );
    }
  });

  it("C7, ENTRA-12: the entra profile makes the element, unless the filter leaves its parts open", () => {
    expect(difference([{ op: "Replace", path: unmatched, value: "v" }], "entra")).to.deep.equal({
      emails: [work, home, { type: "nonexistent", value: "v" }],
    });
    for (const filter of [
      'type eq "a" or type eq "b"',
      'type sw "a"',
      'not (type eq "a")',
      'type eq "a" and type eq "b"',
      "type eq null",
    ]) {
      const operation = { op: "Replace", path: `phoneNumbers[${filter}].value`, value: "v" };
      expect(refusal(() => patch([operation], "entra")).kind, filter).to.equal("noTarget");
    }
  });

  const refused: readonly (readonly [kind: string, rule: string, operations: Operations])[] = [
    ["noTarget", "RFC-48: remove without a path", [{ op: "remove" }]],
    ["mutability", "RFC-48: removal of a required attribute", [{ op: "remove", path: "userName" }]],
    ["invalidValue", "RFC-12: an empty required attribute", [{ op: "replace", path: "userName", value: "" }]],
    ["invalidValue", "RFC-12: a required attribute set to null", [{ op: "replace", path: "userName", value: null }]],
    ["mutability", "RFC-19: id by path", [{ op: "replace", path: "id", value: "x" }]],
    ["mutability", "RFC-19: meta by path", [{ op: "replace", path: "meta.version", value: "x" }]],
    ["mutability", "RFC-14: groups by path", [{ op: "add", path: "groups", value: [{ value: "g" }] }]],
    [
      "mutability",
      "RFC-19: the manager's name",
      [{ op: "replace", path: `${ENTERPRISE}:manager.displayName`, value: "x" }],
    ],
    ["invalidPath", "RFC-43: an unknown attribute", [{ op: "replace", path: "nosuch", value: "x" }]],
    ["invalidPath", "RFC-43: an attribute of groups", [{ op: "add", path: "members", value: [{ value: "u" }] }]],
    ["noTarget", "a value that names nothing known", [{ op: "replace", value: { actve: false } }]],
    ["noTarget", "an empty value", [{ op: "replace", value: {} }]],
    ["noTarget", "an empty value at the URN of a schema", [{ op: "replace", path: ENTERPRISE, value: {} }]],
    [
      "noTarget",
      "an extension's value that names nothing known",
      [{ op: "replace", path: ENTERPRISE, value: { title: "x" } }],
    ],
    [
      "noTarget",
      "nothing known below an extension's URN",
      [{ op: "replace", value: { [ENTERPRISE]: { titel: "x" } } }],
    ],
    ["noTarget", "nothing known below the core URN", [{ op: "add", value: { [USER]: { titel: "x", nam: 1 } } }]],
    ["noTarget", "no known part of a complex attribute", [{ op: "replace", value: { name: { famlyName: "x" } } }]],
    ["noTarget", "no known part at a complex attribute's path", [{ op: "add", path: "name", value: { famly: "x" } }]],
    ["noTarget", "no known part in a list at its path", [{ op: "add", path: "emails", value: [{ vlaue: "x" }] }]],
    ["noTarget", "nothing known to replace a list by", [{ op: "replace", path: "emails", value: [{ vlaue: "x" }] }]],
    ["noTarget", "no known part of a manager", [{ op: "add", path: `${ENTERPRISE}:manager`, value: { id: "x" } }]],
    ["invalidValue", "a path-less value that is no object", [{ op: "replace", value: "x" }]],
    ["invalidValue", "an extension's value that is no object", [{ op: "replace", value: { [ENTERPRISE]: "x" } }]],
    ["mutability", "removal of the resource itself", [{ op: "remove", path: USER }]],
    ["invalidValue", "BUG-05: a text that is no boolean", [{ op: "Replace", path: "active", value: "off" }]],
    ["invalidValue", "RFC-02: a bad type", [{ op: "replace", path: "emails", value: [{ value: 7 }] }]],
    [
      "invalidValue",
      "RFC-02: a bad type inside a filtered element",
      [{ op: "replace", path: 'emails[type eq "work"].primary', value: "x" }],
    ],
    ["invalidValue", "OKTA-04: a password of a bad type", [{ op: "replace", path: "password", value: 7 }]],
    [
      "invalidValue",
      "RFC-44: two primaries at once",
      [
        {
          op: "add",
          path: "emails",
          value: [
            { value: "a", primary: true },
            { value: "b", primary: true },
          ],
        },
      ],
    ],
    ["invalidValue", "RFC-44: primary on several elements", [{ op: "replace", path: "emails.primary", value: true }]],
    [
      "invalidValue",
      "RFC-49: several elements for one",
      [{ op: "replace", path: 'emails[type eq "work"]', value: [{ value: "a" }, { value: "b" }] }],
    ],
    [
      "invalidValue",
      "BUG-01: a listed value that says nothing",
      [{ op: "remove", path: "emails", value: [{ nosuch: "x" }] }],
    ],
    ["invalidValue", "BUG-01: a listed null", [{ op: "remove", path: "emails", value: [null] }]],
    ["invalidPath", "SEC-06: a prototype path", [{ op: "replace", path: "__proto__.active", value: true }]],
    [
      "invalidPath",
      "SEC-06: a prototype path in other letters",
      [{ op: "replace", value: { title: "T", "__PROTO__.x": 1 } }],
    ],
    [
      "invalidPath",
      "SEC-06: a prototype path as a key",
      [{ op: "replace", value: { title: "T", "constructor.prototype": 1 } }],
    ],
    [
      "invalidPath",
      "SEC-06: a prototype path behind a URN",
      [{ op: "replace", value: { title: "T", [`${ENTERPRISE}:__proto__`]: 1 } }],
    ],
    [
      "invalidPath",
      "SEC-06: a prototype path in brackets",
      [{ op: "replace", value: { title: "T", "__proto__[a pr]": 1 } }],
    ],
    [
      "invalidValue",
      "SEC-06: a prototype key in a value",
      [{ op: "replace", path: "name", value: { constructor: 1 } }],
    ],
  ];
  for (const [kind, rule, operations] of refused) {
    it(`${rule}: refused as ${kind}`, () => {
      expect(refusal(() => patch(operations)).kind).to.equal(kind);
    });
  }

  it("says what may have been meant", () => {
    const detail = (operation: { readonly [key: string]: unknown }): string => refusal(() => patch([operation])).detail;
    expect(detail({ op: "replace", value: { actve: false } })).to.equal(
      "the value of replace names no attribute of User, only `actve`, did you mean `active`?",
    );
    expect(detail({ op: "replace", value: { name: { givnName: "x" } } })).to.equal(
      "the value of replace names no attribute of User, only `name.givnName`, did you mean `name.givenName`?",
    );
    expect(detail({ op: "add", path: "emails", value: [{ vlaue: "x" }] })).to.contain(
      "the value of add names no attribute of emails, only `emails.vlaue`, did you mean",
    );
    expect(detail({ op: "replace", path: "name.givnName", value: "x" })).to.equal(
      "`name.givnName` names no attribute of User, did you mean `name.givenName`?",
    );
    expect(detail({ op: "replace", path: "zzzzzz", value: "x" })).to.equal(
      "`zzzzzz` names no attribute of User: /Schemas lists them",
    );
  });

  it("passes over what it does not know beside what it does, and an extension in which nothing is said", () => {
    const names = { name: { famlyName: "x" }, emails: [{ vlaue: "x" }], [ENTERPRISE]: { titel: "x" } };
    const reading = userReading();
    const operations = [{ op: "replace", value: { title: "Boss", ...names } }];
    const { Operations } = { Operations: operations as Json };
    const read = readPatchRequest({ schemas: [PATCH_OP], Operations }, reading);
    expect(applyPatch(ada, read, reading).resource).to.deep.equal({ ...ada, title: "Boss" });
    expect([...reading.quirks]).to.deep.equal(["unknown_attribute"]);
    expect(patch([{ op: "replace", value: { [ENTERPRISE]: {} } }]).changed).to.equal(false);
    expect(patch([{ op: "replace", path: "name", value: {} }]).changed).to.equal(false);
    const mixed = [{ op: "add", path: "emails", value: [{ vlaue: "x" }, { value: "new@acme.example" }] }];
    expect(patch(mixed).resource["emails"]).to.deep.include({ value: "new@acme.example" });
  });

  it("SEC-06: an own __proto__ key, as JSON.parse leaves it, is refused", () => {
    const body = JSON.parse(
      `{"schemas":["${PATCH_OP}"],"Operations":[{"op":"replace","value":{"__proto__":{"active":false}}}]}`,
    ) as Json;
    expect(refusal(() => readPatchRequest(body, userReading())).kind).to.equal("invalidValue");
  });

  it("RFC-43, RFC-48: a removed value goes alone where its element says more, and what comes at the path later fills the element", () => {
    const display = { ...work, display: "Work" };
    const phone = { value: "1", type: "work", display: "P" };
    const before = { ...ada, emails: [display, home], phoneNumbers: [phone] };
    const { value: _, ...bare } = display;
    for (const value of [{}, { value: null }]) {
      const op = "value" in value ? "Replace" : "Remove";
      const clear = [
        { op, path: 'emails[type eq "work"].value', ...value },
        { op, path: "phoneNumbers.value", ...value },
      ];
      const cleared = { emails: [bare, home], phoneNumbers: [{ type: "work", display: "P" }] };
      expect(difference(clear, "rfc", before)).to.deep.equal(cleared);
      for (const profile of ["rfc", "okta", "entra"] as const) {
        for (const again of ["Add", "Replace"]) {
          const fill = { op: again, path: 'emails[type eq "work"].value', value: work.value };
          expect(difference([...clear, fill], profile, before), `${profile} ${again}`).to.deep.equal({
            emails: [display, home],
            phoneNumbers: cleared.phoneNumbers,
          });
        }
      }
    }
  });

  it("RFC-48: a removed value takes its element along where the schema requires one, and equal rests are one", () => {
    const before = {
      ...ada,
      emails: [
        { ...home, display: "D" },
        { value: "x", type: "home", display: "D" },
      ],
    };
    const remove = { schemas: [PATCH_OP], Operations: [{ op: "remove", path: "emails.value" }] };
    const reading = userReading();
    const once = applyPatch(before, readPatchRequest(remove, reading), reading).resource;
    expect(once["emails"]).to.deep.equal([{ type: "home", display: "D" }]);
    const { type } = reading;
    const attributes = new Map(type.core.attributes);
    const emails = attributes.get("emails");
    const value = emails?.subs.get("value");
    if (emails === undefined || value === undefined) throw new Error("users have e-mails");
    attributes.set("emails", { ...emails, subs: new Map(emails.subs).set("value", { ...value, required: true }) });
    const core = { ...type.core, attributes };
    const schemas = new Map(type.schemas).set(core.urn.toLowerCase(), core);
    const strict = { ...reading, type: { ...type, core, schemas } };
    expect(applyPatch(before, readPatchRequest(remove, strict), strict).resource).not.to.have.property("emails");
  });

  it("an extension with nothing in it, in a value without a path, replaces nothing", () => {
    expect(patch([{ op: "replace", value: { [ENTERPRISE]: {} } }]).changed).to.equal(false);
  });

  it("RFC-47: an operation that fails leaves nothing of those before it", () => {
    const before = JSON.parse(JSON.stringify(ada)) as JsonObject;
    const operations = [
      { op: "replace", path: "active", value: false },
      { op: "remove", path: "emails" },
      { op: "replace", path: 'emails[type eq "work"].value', value: "x" },
      { op: "replace", path: "nosuch", value: "x" },
    ];
    refusal(() => patch(operations, "rfc", before));
    expect(before).to.deep.equal(ada);
  });

  const idle: readonly Operations[] = [
    [{ op: "replace", path: "active", value: "True" }],
    [
      { op: "add", path: "emails", value: [work, { type: "HOME", value: "ADA@home" }] },
      { op: "replace", path: 'emails[type eq "HOME"].type', value: "home" },
      { op: "replace", path: 'emails[type eq "home"].value', value: "ada@home" },
    ],
    [{ op: "add", path: "emails", value: [{ value: "ada@home", type: "home" }] }],
    [{ op: "replace", value: { name: { familyName: "L", givenName: "Ada" }, [ENTERPRISE]: { department: "IT" } } }],
    [{ op: "replace", path: "emails", value: [{ primary: true, value: "ada@work", type: "work" }, home] }],
  ];
  for (const operations of idle) {
    it(`RFC-45: ${JSON.stringify(operations).slice(0, 70)} changes nothing and says so`, () => {
      expect(patch(operations).changed).to.equal(false);
    });
  }

  it("RFC-45: says when something did change", () => {
    expect(patch([{ op: "replace", path: "active", value: false }]).changed).to.equal(true);
    // The first value is the one that rules and orders read where none is primary.
    const turned = [home, { primary: true, value: "ada@work", type: "work" }];
    expect(patch([{ op: "replace", path: "emails", value: turned }]).changed).to.equal(true);
  });

  it("the same PATCH twice is the same as once", () => {
    for (const [, operations] of cases) {
      const once = patch(operations, "entra").resource;
      expect(patch(operations, "entra", once).resource).to.deep.equal(once);
    }
  });

  it("marks a request by the deviations it needed, and a plain one by none", () => {
    expect(patch([{ op: "replace", path: 'emails[type eq "work"].value', value: "x" }]).quirks).to.deep.equal([]);
    expect(patch([{ op: "Replace", path: "active", value: "False" }]).quirks).to.have.members([
      "capitalised_operation",
      "boolean_as_text",
    ]);
    expect(patch([{ op: "add", path: 'phoneNumbers[type eq "mobile"].value', value: "1" }]).quirks).to.deep.equal([
      "element_from_filter",
    ]);
    expect(patch([{ op: "add", value: { "name.givenName": "G", id: "x" } }]).quirks).to.have.members([
      "dotted_key",
      "read_only_in_value",
    ]);
    expect(patch([{ op: "remove", path: "emails", value: [home] }]).quirks).to.deep.equal(["remove_by_value"]);
  });

  it("SEC-06: bounds the values of one attribute, also one by one", () => {
    const add = (from: number, count: number): { readonly [key: string]: unknown } => ({
      op: "add",
      path: "emails",
      value: Array.from({ length: count }, (_, index) => ({ value: `${from + index}@x` })),
    });
    expect(patch([add(0, 240)]).changed).to.equal(true);
    expect(refusal(() => patch([add(0, 150), add(150, 150)])).kind).to.equal("invalidValue");
  });
});

describe("SCIM PatchOp messages", () => {
  const request = (body: unknown): unknown => readPatchRequest(body as Json, userReading());
  const operations = [{ op: "add", path: "title", value: "x" }];

  for (const body of [
    null,
    [],
    "x",
    {},
    { Operations: operations },
    { schemas: [], Operations: operations },
    { schemas: [USER], Operations: operations },
    { schemas: PATCH_OP, Operations: operations },
    { schemas: [PATCH_OP] },
    { schemas: [PATCH_OP], Operations: [] },
    { schemas: [PATCH_OP], Operations: {} },
    { schemas: [PATCH_OP], Operations: [null] },
    { schemas: [PATCH_OP], Operations: [{ op: "move", path: "title" }] },
    { schemas: [PATCH_OP], Operations: [{ path: "title" }] },
    { schemas: [PATCH_OP], Operations: [{ op: 7 }] },
  ]) {
    it(`RFC-42, ENTRA-26: refuses ${JSON.stringify(body)}`, () => {
      expect(refusal(() => request(body)).kind).to.equal("invalidSyntax");
    });
  }

  it("RFC-42: refuses an operation without a value, and a path that is no text", () => {
    expect(refusal(() => request({ schemas: [PATCH_OP], Operations: [{ op: "add", path: "title" }] })).kind).to.equal(
      "invalidValue",
    );
    expect(
      refusal(() => request({ schemas: [PATCH_OP], Operations: [{ op: "add", path: ["title"], value: "x" }] })).kind,
    ).to.equal("invalidPath");
  });

  it("RFC-01, RFC-42: takes keys and operations in any letter case, and a null path for none", () => {
    expect(
      request({ SCHEMAS: [PATCH_OP.toUpperCase()], operations: [{ OP: "aDD", Path: null, VALUE: { a: 1 } }] }),
    ).to.deep.equal([{ kind: "add", value: { a: 1 } }]);
  });

  it("SEC-06: bounds the operations of one request", () => {
    const many = (count: number): unknown => ({
      schemas: [PATCH_OP],
      Operations: Array.from({ length: count }, () => operations[0]),
    });
    expect(request(many(1000))).to.have.length(1000);
    expect(refusal(() => request(many(1001))).kind).to.equal("tooLarge");
  });

  it("SEC-06: bounds what operations cost by the attributes that their values name and the comparisons of their paths", () => {
    const titles = (count: number): Operations =>
      Array.from({ length: count }, (_, at) => ({ op: "add", value: { title: `${at}`, displayName: `${at}` } }));
    expect(patch(titles(500)).changed).to.equal(true);
    expect(refusal(() => patch(titles(501))).kind).to.equal("tooLarge");
    const filtered = (count: number): Operations => {
      const path = `emails[not (${Array.from({ length: 40 }, (_, at) => `value eq "${at}"`).join(" or ")})].display`;
      return Array.from({ length: count }, (_, at) => ({ op: "replace", path, value: `${at}` }));
    };
    expect(patch(filtered(50)).changed).to.equal(true);
    expect(refusal(() => patch(filtered(51))).kind, "each comparison is made with every value").to.equal("tooLarge");
    const unknown = (count: number): JsonObject =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`x${at}`, at]));
    expect(
      patch([{ op: "add", value: { ...unknown(999), title: "T" } }]).changed,
      "ignored keys are not counted",
    ).to.equal(true);
    expect(refusal(() => patch([{ op: "add", value: unknown(1001) }])).kind).to.equal("tooLarge");
  });

  /** 250 addresses, and schemas that tell how often a text of `display` was folded, or do something else then. */
  const crowded = (onFold: () => void = () => undefined) => {
    const { user } = readScimSchemas(join(projectRoot, "schemas", "scim"));
    const seen = { folds: 0 };
    const display = user.core.attributes.get("emails")?.subs.get("display") ?? {};
    Object.defineProperty(display, "caseExact", {
      get() {
        seen.folds += 1;
        onFold();
        return false;
      },
    });
    const emails = Array.from({ length: 250 }, (_, at) => ({ value: `${at}@x`, type: `x${at}`, display: `D${at}` }));
    const reading = startReading(user, "rfc");
    const stored = { userName: "ada", active: true, emails };
    const read = (operations: Operations) =>
      readPatchRequest({ schemas: [PATCH_OP], Operations: operations } as unknown as Json, reading);
    return {
      seen,
      stored,
      reading,
      read,
      run: (operations: Operations) => applyPatch(stored, read(operations), reading),
    };
  };
  const times = (count: number, operation: (at: number) => Operations[number]): Operations =>
    Array.from({ length: count }, (_, at) => operation(at));

  it("SEC-06: reads no part of an element twice, however many operations change others of its parts", () => {
    for (const operations of [
      times(100, (at) => ({ op: "replace", path: "emails[value pr].type", value: `t${at}` })),
      times(100, (at) => ({ op: "add", path: "emails[value pr]", value: { type: `t${at}` } })),
      times(100, (at) => ({
        op: at % 2 ? "remove" : "replace",
        path: "emails[value pr].type",
        ...(at % 2 ? {} : { value: "t" }),
      })),
      times(100, (at) => ({ op: "add", path: "emails", value: [{ value: "1@x", type: "x1", primary: at % 2 === 0 }] })),
    ]) {
      const { run, seen } = crowded();
      const { resource } = run(operations);
      expect(resource["emails"]).to.have.length(250);
      expect(seen.folds, JSON.stringify(operations[1])).to.be.at.most(300);
    }
  });

  it("SEC-06: bounds how many elements the paths of one request select, and what is written to each of them", () => {
    const { run } = crowded();
    const select = (count: number) => times(count, (at) => ({ op: "replace", path: "emails.type", value: `t${at}` }));
    expect(run(select(100)).changed).to.equal(true);
    expect(refusal(() => run(select(101)))).to.deep.include({ kind: "tooLarge" });
    const copied = (length: number) => [{ op: "replace", path: "emails.display", value: "x".repeat(length) }];
    expect(refusal(() => run(copied(3000))).detail).to.contain("bytes of at most");
    expect(refusal(() => run(copied(5000))).detail).to.contain("too long to be that of 250");
  });

  it("SEC-06: bounds how many values the operations of one request list, by paths and by the keys of a value alike", () => {
    const { run, stored } = crowded();
    const value = stored.emails.map(({ value, type }) => ({ value, type }));
    for (const op of ["add", "replace", "remove"]) {
      const list = (count: number) => times(count, () => ({ op, path: "emails", value }));
      expect(() => run(list(100)), op).not.to.throw();
      expect(
        refusal(() => run(list(101))),
        op,
      ).to.deep.include({ kind: "tooLarge" });
    }
    const keyed = (count: number) => times(count, () => ({ op: "replace", value: { emails: value } }));
    expect(refusal(() => run(keyed(101)))).to.deep.include({ kind: "tooLarge" });
    const both = [...keyed(99), ...times(2, () => ({ op: "replace", path: "emails.type", value: "work" }))];
    expect(refusal(() => run(both))).to.deep.include({ kind: "tooLarge" });
  });

  it("SEC-06: takes no longer list in an operation than an attribute may hold, also to remove what it lists", () => {
    const { run } = crowded();
    const listed = (op: string, count: number, item: object) => [
      { op, path: "emails", value: Array(count).fill(item) },
    ];
    for (const op of ["add", "replace", "remove"]) {
      expect(() => run(listed(op, 250, { value: "1@x", type: "x1" })), op).not.to.throw();
      expect(
        refusal(() => run(listed(op, 251, { value: "1@x" }))),
        op,
      ).to.deep.include({ kind: "invalidValue" });
    }
    const { resource } = run(listed("remove", 250, { value: "1@X", type: "X1" }));
    expect(resource["emails"]).to.have.length(249);
    expect(run(listed("remove", 250, { display: "d1" })).resource["emails"]).to.have.length(249);
    expect(run(listed("remove", 250, { value: "1@x", type: "other" })).changed).to.equal(false);
  });

  it("SEC-06: lets others have their turn between operations, and between the attributes of one value", async () => {
    const slow = () => {
      const until = performance.now() + 6;
      while (performance.now() < until);
    };
    const write = (at: number) => ({ op: "replace", path: `emails[value eq "${at}@x"].display`, value: `d${at}` });
    const keys = Object.fromEntries([1, 2, 3, 4].map((at) => [write(at).path, "d"]));
    for (const operations of [times(4, write), [{ op: "replace", value: keys }]]) {
      let isSlow = false;
      const { stored, reading, read, run } = crowded(() => isSlow && slow());
      run(operations);
      isSlow = true;
      const turns = await turnsDuring(() => applyPatchInTurns(stored, read(operations), reading));
      expect(turns).to.be.at.least(4);
    }
  });

  it("SEC-06: makes the form by which an element is compared once", () => {
    const { reading, stored, seen } = crowded();
    const attribute = reading.type.core.attributes.get("emails");
    const [element] = stored.emails;
    if (attribute === undefined || element === undefined) throw new Error("no emails");
    expect(elementForm(attribute, element, reading)).to.equal(elementForm(attribute, element, reading));
    expect(seen.folds).to.equal(1);
  });
});
