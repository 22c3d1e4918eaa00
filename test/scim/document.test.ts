import { expect } from "chai";
import type { ScimUserDocument } from "../../src/model/directory.js";
import type { Json, JsonObject } from "../../src/model/json.js";
import { readGroup, readUser } from "../../src/protocols/scim/document.js";
import { ENTERPRISE, GROUP, groupReading, ROLECALL_GROUP, refusal, USER, userReading } from "./tables.js";

const user = (more: { readonly [key: string]: unknown }): Json =>
  ({ schemas: [USER], userName: "ada", ...more }) as Json;
const group = (more: { readonly [key: string]: unknown }): Json =>
  ({ schemas: [GROUP], displayName: "G", ...more }) as Json;
const read = (body: unknown): ScimUserDocument => readUser(body as Json, userReading());

/** The resource that a POST with these attributes leaves, without what every one of these has. */
function stored(more: { readonly [key: string]: unknown }): JsonObject {
  const { userName: _, active: __, ...rest } = read(user(more)).resource;
  return rest;
}

describe("SCIM user documents", () => {
  it("RFC-01: reads names in any letter case and keeps the canonical ones", () => {
    const body = {
      SCHEMAS: [USER.toUpperCase()],
      USERNAME: "ada",
      Emails: [{ VALUE: "a@b", Primary: true }],
      [ENTERPRISE.toLowerCase()]: { Department: "IT" },
    };
    expect(read(body).resource).to.deep.equal({
      userName: "ada",
      active: true,
      emails: [{ value: "a@b", primary: true }],
      [ENTERPRISE]: { department: "IT" },
    });
  });

  it("RFC-01: reads core attributes below their schema's URN as if they lay at the root", () => {
    const reading = userReading();
    const body = {
      schemas: [USER],
      title: "Lead",
      [USER.toUpperCase()]: { UserName: "ada", emails: [{ value: "a@b" }] },
    };
    expect(readUser(body, reading).resource).to.deep.equal({
      userName: "ada",
      active: true,
      title: "Lead",
      emails: [{ value: "a@b" }],
    });
    expect([...reading.quirks]).to.deep.equal(["core_below_urn"]);
    const members = { schemas: [GROUP], [GROUP]: { displayName: "G", members: [{ value: "u1" }] } };
    expect(readGroup(members, groupReading()).members).to.deep.equal(["u1"]);
  });

  it("RFC-01, ENTRA-15: reads keys with their schema's URN before them, of the core, of an extension and of a group", () => {
    const reading = userReading();
    const body = {
      schemas: [USER],
      [`${USER}:userName`]: "ada",
      [`${USER.toUpperCase()}:ACTIVE`]: "False",
      [`${ENTERPRISE}:department`]: "IT",
      [ENTERPRISE]: { division: "North" },
      [USER]: { [`${USER}:title`]: "Lead", locale: "en" },
      "urn:nobody:1.0:active": true,
    };
    expect(readUser(body, reading).resource).to.deep.equal({
      userName: "ada",
      active: false,
      title: "Lead",
      locale: "en",
      [ENTERPRISE]: { department: "IT", division: "North" },
    });
    expect([...reading.quirks].sort()).to.deep.equal([
      ...["boolean_as_text", "core_below_urn", "dotted_key", "unknown_attribute", "unlisted_schema"],
    ]);
    const group = { schemas: [GROUP], [`${GROUP}:displayName`]: "G", [`${GROUP}:members`]: [{ value: "u1" }] };
    expect(readGroup(group, groupReading()).members).to.deep.equal(["u1"]);
    for (const key of ["__proto__", "constructor"]) {
      expect(refusal(() => read(user({ [`${USER}:${key}`]: 1 }))).detail).to.include("names no attribute");
    }
    for (const more of [{ active: true }, { [USER]: { active: true } }, { Active: false }]) {
      const twice = { ...more, [`${USER}:active`]: false };
      expect(refusal(() => read(user(twice))).detail).to.include("is given twice");
    }
    const twice = { [ENTERPRISE]: { department: "A" }, [`${ENTERPRISE}:Department`]: "B" };
    expect(refusal(() => read(user(twice))).detail).to.include("is given twice");
  });

  it("RFC-01, SEC-06: below the URN of the core too, nothing is given twice and no prototype is reached", () => {
    const refused = (core: unknown) => refusal(() => read(user({ [USER]: core }))).detail;
    expect([refused({ USERNAME: "bob" }), refused({ schemas: [USER] })]).to.deep.equal([
      "`USERNAME` is given twice: letter case makes no difference",
      "`schemas` is given twice: letter case makes no difference",
    ]);
    expect(refused(JSON.parse('{ "__proto__": { "active": false } }'))).to.include("`__proto__`");
  });

  it("RFC-01: refuses one attribute under two spellings, rather than choose", () => {
    for (const more of [{ title: "a", TITLE: "b" }, { name: { givenName: "a", GivenName: "b" } }]) {
      expect(refusal(() => read(user(more))).kind).to.equal("invalidValue");
    }
  });

  it("RFC-06, ENTRA-05: null, [] and empty objects are absent, at every level", () => {
    const body = {
      title: null,
      emails: [],
      phoneNumbers: [null],
      name: { givenName: null },
      roles: null,
      [ENTERPRISE]: { department: null, manager: null },
    };
    expect(stored(body)).to.deep.equal({});
    expect(stored({ emails: [{ value: "a@b", display: null }], [ENTERPRISE]: null })).to.deep.equal({
      emails: [{ value: "a@b" }],
    });
  });

  it("IDP-02: keeps empty text, which is no null", () => {
    expect(stored({ title: "" })).to.deep.equal({ title: "" });
  });

  for (const [sent, kept] of [
    ["True", true],
    ["False", false],
    ["FALSE", false],
    ["true", true],
    [false, false],
  ] as const) {
    it(`BUG-05, ENTRA-05: active ${JSON.stringify(sent)} is ${kept}`, () => {
      expect(read(user({ active: sent }))).to.deep.include({ active: kept });
      expect(read(user({ active: sent })).resource["active"]).to.equal(kept);
    });
  }

  const mistyped: readonly (readonly [attribute: string, more: { readonly [key: string]: unknown }])[] = [
    ["active", { active: "no" }],
    ["active", { active: "" }],
    ["active", { active: 0 }],
    ["emails.primary", { emails: [{ value: "a@b", primary: "yes" }] }],
    ["userName", { userName: 7 }],
    ["userName", { userName: ["ada"] }],
    ["title", { title: { value: "x" } }],
    ["title", { title: "a\0b" }],
    ["title", { title: "\ud800" }],
    ["name", { name: "Ada" }],
    ["name", { name: [] as Json }],
    ["emails", { emails: ["a@b"] }],
    ["emails.value", { emails: [{ value: 7 }] }],
    ["profileUrl", { profileUrl: "not a url" }],
    ["x509Certificates.value", { x509Certificates: [{ value: "%%%" }] }],
    [`${ENTERPRISE}:department`, { [ENTERPRISE]: { department: true } }],
    [`${ENTERPRISE}:manager`, { [ENTERPRISE]: { manager: 7 } }],
    [ENTERPRISE, { [ENTERPRISE]: "x" }],
    ["password", { password: 7 }],
  ];
  for (const [attribute, more] of mistyped) {
    it(`RFC-02, RFC-26: refuses ${JSON.stringify(more)} and names ${attribute}`, () => {
      const found = refusal(() => read(user(more)));
      expect(found.kind).to.equal("invalidValue");
      expect(found.detail).to.contain(`\`${attribute}\``);
    });
  }

  it("RFC-13: keeps a password out of the refusal too", () => {
    for (const password of ["hunter2\0", ["hunter2"], { hunter2: 1 }]) {
      expect(refusal(() => read(user({ password }))).detail).not.to.contain("hunter2");
    }
  });

  it("OKTA-04: drops the password, and groups that Okta sends", () => {
    const reading = userReading("okta");
    const document = readUser(user({ password: "1mz050nq", groups: [] }), reading);
    expect(document.resource).to.deep.equal({ userName: "ada", active: true });
    expect(JSON.stringify(document)).not.to.contain("1mz050nq");
    expect([...reading.quirks]).to.deep.equal(["placeholder_password"]);
  });

  it("OKTA-08, RFC-08, RFC-10, RFC-19: ignores what only the server may say", () => {
    const body = {
      id: "mine",
      meta: { version: "7" },
      groups: [{ value: "g" }],
      [ENTERPRISE]: { manager: { value: "m", displayName: "M", $ref: "x" } },
    };
    expect(stored(body)).to.deep.equal({ [ENTERPRISE]: { manager: { value: "m" } } });
  });

  it("C8: ignores attributes that nobody declared, at every level", () => {
    const reading = userReading();
    const document = readUser(
      user({ usrName: "x", "urn:nobody:1.0:User": { a: 1 }, name: { nick: "x", givenName: "Ada" } }),
      reading,
    );
    expect(document.resource).to.deep.equal({ userName: "ada", active: true, name: { givenName: "Ada" } });
    expect([...reading.quirks]).to.deep.equal(["unknown_attribute"]);
  });

  const badSchemas: readonly unknown[] = [
    undefined,
    null,
    [],
    "x",
    [7],
    [ENTERPRISE],
    [GROUP],
    [USER, USER.toUpperCase()],
    [USER, "urn:nobody:1.0:User"],
  ];
  for (const list of badSchemas) {
    it(`RFC-07, C8: refuses schemas ${JSON.stringify(list)}`, () => {
      expect(refusal(() => read({ schemas: list, userName: "ada" })).kind).to.equal("invalidValue");
    });
  }

  it("RFC-04: refuses two primary values, and says of which attribute", () => {
    const emails = [
      { value: "a@b", primary: true },
      { value: "c@d", primary: "True" },
    ];
    expect(refusal(() => read(user({ emails }))).detail).to.contain("`emails`");
  });

  it("RFC-05: keeps one of each type and value, without regard to case where the schema says so", () => {
    const emails = [
      { value: "a@b", type: "work" },
      { value: "A@B", type: "Work", primary: true },
      { value: "a@b", type: "home" },
    ];
    expect(stored({ emails })["emails"]).to.deep.equal([
      { value: "A@B", type: "Work", primary: true },
      { value: "a@b", type: "home" },
    ]);
    const address = { type: "work", locality: "Oslo" };
    expect(
      stored({ addresses: [address, { ...address }, { type: "work", locality: "Bergen" }] })["addresses"],
    ).to.have.length(2);
  });

  for (const more of [{}, { userName: null }, { userName: "" }, { userName: "  " }]) {
    it(`RFC-12, RFC-26: refuses a user with ${JSON.stringify(more)}`, () => {
      expect(refusal(() => read({ schemas: [USER], ...more })).detail).to.equal("`userName` is required");
    });
  }

  for (const body of [null, undefined, 7, "x", [], [{}]]) {
    it(`RFC-26: refuses the body ${JSON.stringify(body)}`, () => {
      expect(refusal(() => read(body)).kind).to.equal("invalidSyntax");
    });
  }

  it("refuses index keys that are longer than a database takes", () => {
    const long = "x".repeat(513);
    for (const more of [{ userName: long }, { externalId: long }, { emails: [{ value: long }] }]) {
      expect(refusal(() => read(user(more))).kind).to.equal("invalidValue");
    }
    expect(read(user({ userName: "x".repeat(512) })).userName).to.have.length(512);
  });

  it("SEC-06: bounds the values of one attribute", () => {
    const emails = Array.from({ length: 251 }, (_, index) => ({ value: `${index}@x` }));
    expect(read(user({ emails: emails.slice(1) })).resource["emails"]).to.have.length(250);
    expect(refusal(() => read(user({ emails }))).kind).to.equal("invalidValue");
  });

  const polluted = [
    '{"__proto__":{"active":false}}',
    '{"constructor":1}',
    '{"name":{"prototype":1}}',
    '{"unknown":[{"a":{"__PROTO__":1}}]}',
  ];
  for (const text of polluted) {
    it(`SEC-06: refuses ${text} without touching any prototype`, () => {
      const body = JSON.parse(text) as JsonObject;
      const sent = Object.defineProperty({ schemas: [USER], userName: "ada" }, "extra", {
        value: body,
        enumerable: true,
      });
      expect(refusal(() => read(sent)).kind).to.equal("invalidValue");
      expect(refusal(() => read(body)).kind).to.equal("invalidValue");
      expect(({} as JsonObject)["active"]).to.equal(undefined);
    });
  }

  it("SEC-06: refuses bodies nested beyond any resource", () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`) as Json;
    expect(refusal(() => read(user({ deep }))).kind).to.equal("invalidValue");
    const levels = (count: number) => JSON.parse("[".repeat(count) + "]".repeat(count)) as Json;
    expect(read(user({ more: levels(15) })).userName, "the body is the first of 16 levels").to.equal("ada");
    expect(refusal(() => read(user({ more: levels(16) }))).detail).to.contain("16 levels");
  });

  const managers: readonly (readonly [sent: unknown, kept: unknown, quirk: string | undefined])[] = [
    ["m1", { value: "m1" }, "manager_as_text"],
    [{ value: "m1" }, { value: "m1" }, undefined],
    [[{ $ref: "../Users/m1", value: "m1" }], { value: "m1" }, "manager_as_list"],
    ["", undefined, "manager_emptied"],
    [{ value: "" }, undefined, "manager_emptied"],
    [{}, undefined, "manager_emptied"],
    [[], undefined, "manager_emptied"],
    [null, undefined, undefined],
  ];
  for (const [sent, kept, quirk] of managers) {
    it(`ENTRA-05, ENTRA-13, BUG-23: manager ${JSON.stringify(sent)}`, () => {
      const reading = userReading();
      const enterprise = readUser(user({ schemas: [USER, ENTERPRISE], [ENTERPRISE]: { manager: sent } }), reading)
        .resource[ENTERPRISE];
      expect(enterprise).to.deep.equal(kept === undefined ? undefined : { manager: kept });
      expect([...reading.quirks]).to.deep.equal(quirk === undefined ? [] : [quirk]);
    });
  }

  it("ENTRA-30, ENTRA-31: app roles, also as JSON in a string, become the same fact", () => {
    const wrapped = JSON.stringify({ id: "1", value: "Acme.Admin", displayName: "Admin" });
    const plain = read(
      user({ roles: [{ primary: false, type: "WindowsAzureActiveDirectoryRole", value: "Acme.Admin" }] }),
    );
    const json = read(user({ roles: [{ value: wrapped }, { value: "{not json" }] }));
    expect(plain.appRoles).to.deep.equal(["Acme.Admin"]);
    expect(json.appRoles).to.deep.equal(["Acme.Admin", "{not json"]);
    expect(json.resource["roles"]).to.deep.equal([{ value: "Acme.Admin", display: "Admin" }, { value: "{not json" }]);
  });

  it("gives the facts that rules read, and null for what is not there", () => {
    const document = read(
      user({
        displayName: "Ada L",
        name: { givenName: "Ada" },
        title: "",
        userType: "Employee",
        active: false,
        emails: [{ value: "first@x" }, { value: "main@x", primary: true }],
        addresses: [
          { type: "home", country: "FR" },
          { type: "work", country: "SE", primary: true },
        ],
        [ENTERPRISE]: {
          employeeNumber: "7",
          costCenter: "c",
          organization: "o",
          division: "d",
          department: "IT",
          manager: "m",
        },
      }),
    );
    expect(document.attributes).to.deep.equal({
      userName: "ada",
      email: "main@x",
      displayName: "Ada L",
      givenName: "Ada",
      familyName: null,
      active: false,
      department: "IT",
      title: null,
      userType: "Employee",
      country: "SE",
      employeeNumber: "7",
      costCenter: "c",
      division: "d",
      organization: "o",
      manager: "m",
    });
    expect(document.email).to.equal("main@x");
    expect(read(user({ emails: [{ value: "first@x" }] })).attributes.email).to.equal("first@x");
    expect(read(user({})).attributes.email).to.equal(null);
  });

  it("RFC-58: gives the store folded keys and a search document beside the text as sent", () => {
    const document = read(
      user({
        userName: "A\u030ada",
        externalId: "Ext",
        emails: [{ value: "A@B", type: "work" }],
        [ENTERPRISE]: { department: "IT" },
      }),
    );
    expect(document).to.deep.include({ userName: "A\u030ada", userNameFolded: "\u00e5da", externalId: "Ext" });
    expect(document.search).to.deep.equal({
      userName: "\u00e5da",
      externalId: "Ext",
      active: true,
      emails: [{ value: "a@b", type: "work" }],
      [ENTERPRISE]: { department: "it" },
    });
  });

  it("RFC-41: a PUT clears what it leaves out, yet revives nobody by leaving out active", () => {
    const previous = { userName: "ada", active: false, title: "x" };
    expect(readUser(user({}), userReading(), previous).resource).to.deep.equal({ userName: "ada", active: false });
    expect(readUser(user({ active: true }), userReading(), previous).active).to.equal(true);
  });
});

describe("SCIM group documents", () => {
  it("OKTA-14, OKTA-16: reads the group and its members apart", () => {
    const { document, members } = readGroup(
      group({ externalId: "E", members: [{ value: "u1", display: "ada" }, { value: "u2" }] }),
      groupReading(),
    );
    expect(members).to.deep.equal(["u1", "u2"]);
    expect(document).to.deep.equal({
      resource: { displayName: "G", externalId: "E" },
      search: { displayName: "g", externalId: "E" },
      displayName: "G",
      displayNameFolded: "g",
      externalId: "E",
      idpMappingNames: [],
    });
  });

  for (const members of [undefined, null, []]) {
    it(`OKTA-16, RFC-06: members ${JSON.stringify(members)} are none`, () => {
      expect(readGroup(group({ members }), groupReading()).members).to.deep.equal([]);
    });
  }

  it("C9, C13, ENTRA-19: reads bare ids, displayName and a null $ref, and each member once", () => {
    const reading = groupReading();
    const members = ["u1", { displayName: "new User", VALUE: "u2" }, { $ref: null, value: "u1", type: "user" }, null];
    expect(readGroup(group({ members }), reading).members).to.deep.equal(["u1", "u2"]);
    expect([...reading.quirks]).to.have.members(["bare_member", "member_display_name", "null_element"]);
  });

  for (const member of [
    {},
    { value: null },
    { value: 7 },
    { value: "" },
    { display: "x" },
    7,
    [],
    { value: "d1", type: "Device" },
    { value: "a\0" },
  ]) {
    it(`RFC-15: refuses the member ${JSON.stringify(member)}`, () => {
      expect(refusal(() => readGroup(group({ members: [member] }), groupReading())).kind).to.equal("invalidValue");
    });
  }

  it("SEC-06: bounds the members of one request", () => {
    const members = Array.from({ length: 10_001 }, (_, index) => ({ value: `u${index}` }));
    expect(refusal(() => readGroup(group({ members }), groupReading())).kind).to.equal("tooLarge");
    expect(readGroup(group({ members: members.slice(1) }), groupReading()).members).to.have.length(10_000);
  });

  it("C14: refuses a group without a name", () => {
    expect(refusal(() => readGroup({ schemas: [GROUP] }, groupReading())).detail).to.equal("`displayName` is required");
  });

  it("ENTRA-18: takes Microsoft's own schema beside the core one and keeps nothing of it", () => {
    const reading = groupReading();
    const schemas = [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"];
    expect(readGroup(group({ schemas, meta: { resourceType: "Group" } }), reading).document.resource).to.deep.equal({
      displayName: "G",
    });
    expect([...reading.quirks]).to.deep.equal(["foreign_schema"]);
  });

  it("TEC-22: reads description and mapping names at both places, as one list", () => {
    const body = {
      description: "d",
      idpMappingNames: ["a", "b", "a"],
      [ROLECALL_GROUP]: { idpMappingNames: ["b", "c"] },
    };
    const { document } = readGroup(group(body), groupReading());
    expect(document.idpMappingNames).to.deep.equal(["a", "b", "c"]);
    expect(document.resource).to.deep.equal({
      displayName: "G",
      description: "d",
      idpMappingNames: ["a", "b", "c"],
      [ROLECALL_GROUP]: { idpMappingNames: ["a", "b", "c"] },
    });
  });
});
