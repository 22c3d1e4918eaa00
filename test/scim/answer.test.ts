import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { readUser } from "../../src/protocols/scim/document.js";
import { entityTag } from "../../src/protocols/scim/entity-tag.js";
import {
  chosenIds,
  DEFAULT_PROJECTION,
  type ProjectionRequest,
  readProjection,
  wants,
} from "../../src/protocols/scim/project.js";
import { renderGroup, renderUser, type StoredResource } from "../../src/protocols/scim/render.js";
import { ENTERPRISE, GROUP, groupReading, ROLECALL_GROUP, refusal, schemas, USER, userReading } from "./tables.js";

const baseUrl = "https://rolecall.example/api/scim/v2";
const row = (resource: JsonObject): StoredResource => ({
  id: "u1",
  resource,
  version: 3,
  createdAt: "2026-01-01T00:00:00.000Z",
  modifiedAt: "2026-01-02T00:00:00.000Z",
});
const meta = {
  resourceType: "User",
  created: "2026-01-01T00:00:00.000Z",
  lastModified: "2026-01-02T00:00:00.000Z",
  location: `${baseUrl}/Users/u1`,
  version: entityTag({ version: 3 }, ["g1", "Platform"]),
};
const ada: JsonObject = {
  userName: "ada",
  active: true,
  name: { givenName: "Ada", familyName: "L" },
  emails: [
    { value: "w@x", type: "work", primary: true },
    { value: "h@x", type: "home" },
  ],
  [ENTERPRISE]: { department: "IT", manager: { value: "m1" } },
};
const groups = [{ id: "g1", displayName: "Platform" }];

function show(request: ProjectionRequest, resource: JsonObject = ada): JsonObject {
  const projection = readProjection(request, userReading());
  return renderUser(row(resource), { groups }, { type: schemas.user, baseUrl, projection }).resource;
}

describe("SCIM answers", () => {
  it("SEC-06: bounds the comparisons in all filters of the attributes together", () => {
    const filter = (count: number) =>
      `emails[${Array.from({ length: count }, (_, at) => `not (value eq "${at}")`).join(" and ")}]`;
    expect(show({ attributes: [filter(50), filter(50)] })["emails"]).to.have.length(2);
    for (const request of [
      { attributes: [filter(50), filter(50), "emails[type pr]"] },
      { attributes: Array<string>(101).fill("emails[type pr]").join(",") },
      { excludedAttributes: [filter(50), filter(50), filter(1)] },
    ]) {
      expect(refusal(() => show(request)).kind).to.equal("invalidValue");
    }
  });

  it("RFC-10, RFC-14, RFC-56: a user with meta, version and direct groups", () => {
    expect(show({})).to.deep.equal({
      schemas: [USER, ENTERPRISE],
      id: "u1",
      ...ada,
      groups: [{ value: "g1", $ref: `${baseUrl}/Groups/g1`, display: "Platform", type: "direct" }],
      meta,
    });
  });

  it("RFC-07: lists the extension exactly when there is data of it", () => {
    expect(show({}, { userName: "ada", active: true })["schemas"]).to.deep.equal([USER]);
    expect(show({ attributes: "userName" })["schemas"]).to.deep.equal([USER]);
    expect(show({ attributes: `${ENTERPRISE}:department` })["schemas"]).to.deep.equal([USER, ENTERPRISE]);
  });

  it("ENTRA-13: gives the manager as an object with link and name where they are known", () => {
    const rendering = { type: schemas.user, baseUrl, projection: DEFAULT_PROJECTION };
    const { resource: answer } = renderUser(row(ada), { manager: { displayName: "Charles" } }, rendering);
    expect(answer[ENTERPRISE]).to.deep.equal({
      department: "IT",
      manager: { value: "m1", $ref: `${baseUrl}/Users/m1`, displayName: "Charles" },
    });
    expect(renderUser(row(ada), {}, rendering).resource[ENTERPRISE]).to.deep.equal({
      department: "IT",
      manager: { value: "m1" },
    });
  });

  it("OKTA-08, RFC-41: what was answered can be put back and changes nothing", () => {
    const rendering = { type: schemas.user, baseUrl, projection: DEFAULT_PROJECTION };
    const { resource: answer } = renderUser(row(ada), { groups, manager: { displayName: "Charles" } }, rendering);
    expect(readUser(answer, userReading(), ada).resource).to.deep.equal(ada);
  });

  it("RFC-39: whoever names the whole of a schema and a part of an attribute gets the whole", () => {
    const whole = show({ attributes: USER });
    for (const part of ["name.givenName", "emails.value", 'emails[type eq "home"]', `${USER}:name.familyName`]) {
      expect(show({ attributes: `${USER},${part}` }), part).to.deep.equal(whole);
      expect(show({ attributes: [part, USER] }), part).to.deep.equal(whole);
    }
    const extension = show({ attributes: `${ENTERPRISE},${ENTERPRISE}:manager.displayName` });
    expect(extension[ENTERPRISE]).to.deep.equal(ada[ENTERPRISE]);
    const groupOf = (attributes: string) => readProjection({ attributes }, groupReading());
    const one = 'members[value eq "m1"]';
    expect(chosenIds(schemas.group, "members", groupOf(one))).to.deep.equal(["m1"]);
    expect(chosenIds(schemas.group, "members", groupOf(`${GROUP},${one}`))).to.equal(undefined);
  });

  const base = { schemas: [USER], id: "u1" };
  const projections: readonly (readonly [rule: string, request: ProjectionRequest, answer: JsonObject])[] = [
    ["RFC-39: names", { attributes: "userName" }, { ...base, userName: "ada" }],
    [
      "RFC-39: any letter case, spaces, parts",
      { attributes: " USERNAME , Name.GivenName " },
      { ...base, userName: "ada", name: { givenName: "Ada" } },
    ],
    [
      "RFC-39: parts of a list",
      { attributes: "emails.value" },
      { ...base, emails: [{ value: "w@x" }, { value: "h@x" }] },
    ],
    [
      "RFC-39: by URN",
      { attributes: `${USER}:userName,${ENTERPRISE}:manager.value` },
      { ...base, schemas: [USER, ENTERPRISE], userName: "ada", [ENTERPRISE]: { manager: { value: "m1" } } },
    ],
    [
      "RFC-39: a whole extension",
      { attributes: ENTERPRISE },
      { ...base, schemas: [USER, ENTERPRISE], [ENTERPRISE]: ada[ENTERPRISE] ?? null },
    ],
    ["RFC-39: a list of names", { attributes: ["userName", "active"] }, { ...base, userName: "ada", active: true }],
    ["ENTRA-23: id alone", { attributes: "id" }, base],
    ["RFC-39: unknown names show nothing more", { attributes: "nosuch,urn:nobody:1.0:User:a" }, base],
    [
      "RFC-39: an empty list is none",
      { attributes: "", excludedAttributes: "name,emails,groups,meta,active" },
      { ...base, schemas: [USER, ENTERPRISE], userName: "ada", [ENTERPRISE]: ada[ENTERPRISE] ?? null },
    ],
    [
      "C10: elements by filter",
      { attributes: 'emails[type eq "WORK"]' },
      { ...base, emails: [{ value: "w@x", type: "work", primary: true }] },
    ],
    [
      "C10: a part of elements by filter, beside others",
      { attributes: 'userName,emails[type eq "home" and value co ","],emails[type eq "work"].value' },
      { ...base, userName: "ada", emails: [{ value: "w@x" }] },
    ],
    ["C10: no element left", { attributes: 'emails[type eq "other"]' }, base],
    [
      "C10: each element shows what was named of it",
      { attributes: 'emails.type,emails[type eq "work"].value' },
      { ...base, emails: [{ value: "w@x", type: "work" }, { type: "home" }] },
    ],
    [
      "RFC-39: excluded parts",
      { excludedAttributes: `emails.type,emails.primary,name,groups,meta,active,${ENTERPRISE}` },
      { ...base, userName: "ada", emails: [{ value: "w@x" }, { value: "h@x" }] },
    ],
    [
      "RFC-39: id and schemas cannot be excluded",
      { excludedAttributes: `id,schemas,name,emails,groups,meta,active,${ENTERPRISE}` },
      { ...base, userName: "ada" },
    ],
  ];
  for (const [rule, request, answer] of projections) {
    it(rule, () => {
      expect(show(request)).to.deep.equal(answer);
    });
  }

  it("RFC-39: attributes and excludedAttributes exclude one another", () => {
    expect(refusal(() => show({ attributes: "id", excludedAttributes: "name" })).kind).to.equal("invalidValue");
  });

  it("SEC-06: refuses broken and hostile names", () => {
    expect(refusal(() => show({ attributes: "__proto__" })).kind).to.equal("invalidPath");
    expect(refusal(() => show({ attributes: "emails[type eq" })).kind).to.equal("invalidPath");
    expect(refusal(() => show({ attributes: 'emails[type zz "x"]' })).kind).to.equal("invalidFilter");
    expect(refusal(() => show({ attributes: Array.from({ length: 201 }, () => "id") })).kind).to.equal("invalidValue");
  });

  it("RFC-15: a group with the links of its members", () => {
    const resource = { displayName: "G", [ROLECALL_GROUP]: { description: "d" } };
    const rendering = { type: schemas.group, baseUrl, projection: DEFAULT_PROJECTION };
    const members = [
      { id: "m1", type: "User", display: "Ada" },
      { id: "m2", type: "Group", display: "Inside" },
    ] as const;
    const { resource: answer, etag } = renderGroup(row(resource), members, rendering);
    expect(answer).to.deep.equal({
      schemas: [GROUP, ROLECALL_GROUP],
      id: "u1",
      ...resource,
      members: [
        { value: "m1", $ref: `${baseUrl}/Users/m1`, type: "User", display: "Ada" },
        { value: "m2", $ref: `${baseUrl}/Groups/m2`, type: "Group", display: "Inside" },
      ],
      meta: { ...meta, resourceType: "Group", location: `${baseUrl}/Groups/u1`, version: etag },
    });
    expect(renderGroup(row(resource), [], rendering).resource["members"]).to.deep.equal([]);
    expect(renderGroup(row(resource), undefined, rendering).resource).not.to.have.property("members");
  });

  it("ENTRA-17, ROLE-05: tells whether members are wanted before anybody reads them", () => {
    const wanted = (request: ProjectionRequest): boolean =>
      wants(schemas.group, "members", readProjection(request, groupReading()));
    expect(wanted({})).to.equal(true);
    expect(wanted({ excludedAttributes: "members" })).to.equal(false);
    expect(wanted({ excludedAttributes: "members.display" })).to.equal(true);
    expect(wanted({ attributes: "displayName" })).to.equal(false);
    expect(wanted({ attributes: "MEMBERS" })).to.equal(true);
    expect(wanted({ attributes: 'members[value eq "u1"]' })).to.equal(true);
    expect(wants(schemas.group, "nosuch", DEFAULT_PROJECTION)).to.equal(false);
  });

  it("ROLE-05, C10: names the members that a filter chooses, and none where others could be shown", () => {
    const chosen = (request: ProjectionRequest) =>
      chosenIds(schemas.group, "members", readProjection(request, groupReading()));
    const cases: readonly (readonly [attributes: string, ids: readonly string[] | undefined])[] = [
      ['members[value eq "u1"]', ["u1"]],
      ['displayName,members[value eq "u1"].display', ["u1"]],
      ['members[value eq "u1" or value eq "u2"]', ["u1", "u2"]],
      ['members[type eq "User" and value eq "u1"]', ["u1"]],
      ['members[value eq "u1"],members[value eq "u2"].value', ["u1", "u2"]],
      ['members[value eq "u1"],members.display', undefined],
      ['members[value eq "u1" or type eq "Group"]', undefined],
      ['members[not (value eq "u1")]', undefined],
      ['members[value sw "u1"]', undefined],
      ["members", undefined],
      ["displayName", undefined],
    ];
    for (const [attributes, ids] of cases) expect(chosen({ attributes }), attributes).to.deep.equal(ids);
    expect(chosen({})).to.equal(undefined);
    expect(chosen({ excludedAttributes: 'members[value eq "u1"]' })).to.equal(undefined);
  });
});
