import { expect } from "chai";
import type { ResourceFilter } from "../../src/model/filter.js";
import { readFilter } from "../../src/protocols/scim/filter-resolve.js";
import { ENTERPRISE, GROUP, groupReading, ROLECALL_GROUP, refusal, USER, userReading } from "./tables.js";

const at = (...names: readonly string[]): { readonly name: string; readonly multi: boolean }[] =>
  names.map((name) => ({ name: name.replace("*", ""), multi: name.endsWith("*") }));
const compare = (path: readonly string[], comparator: string, value: unknown): ResourceFilter =>
  ({ op: "compare", path: at(...path), comparator, value }) as ResourceFilter;
const always: ResourceFilter = { op: "present", path: at("id") };
const never: ResourceFilter = { op: "not", item: always };

describe("W-12: SCIM filters against the schema", () => {
  const users: readonly (readonly [rule: string, text: string, filter: ResourceFilter])[] = [
    ["OKTA-02", 'userName eq "a@b.c"', compare(["userName"], "eq", "a@b.c")],
    ["OKTA-03, RFC-31", 'USERNAME Eq "A@B.C"', compare(["userName"], "eq", "a@b.c")],
    ["RFC-58, BUG-25", 'userName eq "E\u0301LODIE"', compare(["userName"], "eq", "\u00e9lodie")],
    ["RFC-32, ENTRA-03", 'externalId eq "AbC"', compare(["externalId"], "eq", "AbC")],
    ["RFC-32", 'id eq "AbC"', compare(["id"], "eq", "AbC")],
    [
      "ENTRA-04",
      'emails[type eq "WORK"].value eq "U@X"',
      {
        op: "element",
        path: at("emails*"),
        where: { op: "and", items: [compare(["type"], "eq", "work"), compare(["value"], "eq", "u@x")] },
      },
    ],
    ["RFC-35", 'emails co "X"', compare(["emails*", "value"], "co", "x")],
    ["RFC-35", "emails pr", { op: "present", path: at("emails*") }],
    ["RFC-35", 'not (title eq "x")', { op: "not", item: compare(["title"], "eq", "x") }],
    [
      "RFC-36",
      'meta.lastModified gt "2026-01-01T01:00:00+01:00"',
      compare(["meta", "lastModified"], "gt", Date.UTC(2026, 0, 1)),
    ],
    ["RFC-30", "title eq null", compare(["title"], "eq", null)],
    ["RFC-30", `${USER}:name.familyName sw "J"`, compare(["name", "familyName"], "sw", "j")],
    ["RFC-30", `${ENTERPRISE}:department eq "IT"`, compare([ENTERPRISE, "department"], "eq", "it")],
    ["RFC-30", `${ENTERPRISE} pr`, { op: "present", path: at(ENTERPRISE) }],
    [
      "ENTRA-23",
      'id eq "u" and manager eq "M"',
      {
        op: "and",
        items: [compare(["id"], "eq", "u"), compare([ENTERPRISE, "manager", "value"], "eq", "M")],
      },
    ],
    ["ENTRA-23", 'manager[value eq "M"]', compare([ENTERPRISE, "manager", "value"], "eq", "M")],
    [
      "ENTRA-29",
      'roles[primary eq "True"].value eq "Acme.Admin"',
      {
        op: "element",
        path: at("roles*"),
        where: { op: "and", items: [compare(["primary"], "eq", true), compare(["value"], "eq", "acme.admin")] },
      },
    ],
    [
      "ENTRA-26",
      "emails[primary eq true].value pr",
      {
        op: "element",
        path: at("emails*"),
        where: { op: "and", items: [compare(["primary"], "eq", true), { op: "present", path: at("value") }] },
      },
    ],
    ["RFC-34", "active eq false", compare(["active"], "eq", false)],
    ["RFC-29", 'meta.resourceType eq "User"', always],
    ["RFC-29", 'meta.resourceType eq "Group"', never],
    ["RFC-07", `schemas eq "${USER}"`, always],
    ["RFC-07", `schemas eq "${ENTERPRISE}"`, { op: "present", path: at(ENTERPRISE) }],
    ["RFC-07", 'schemas eq "urn:other"', never],
    ["RFC-14", 'groups eq "G"', compare(["groups*", "value"], "eq", "G")],
  ];
  for (const [rule, text, filter] of users) {
    it(`${rule}: ${text}`, () => {
      expect(readFilter(text, userReading())).to.deep.equal(filter);
    });
  }

  const groups: readonly (readonly [rule: string, text: string, filter: ResourceFilter])[] = [
    ["ENTRA-17", 'displayName eq "G"', compare(["displayName"], "eq", "g")],
    [
      "ENTRA-23",
      'id eq "g" and members eq "U"',
      {
        op: "and",
        items: [compare(["id"], "eq", "g"), compare(["members*", "value"], "eq", "U")],
      },
    ],
    [
      "ENTRA-23",
      'members[value eq "a" or value eq "b"]',
      {
        op: "or",
        items: [compare(["members*", "value"], "eq", "a"), compare(["members*", "value"], "eq", "b")],
      },
    ],
    ["TEC-22", 'idpMappingNames eq "X"', compare(["idpMappingNames*"], "eq", "X")],
    [
      "TEC-22",
      'idpMappingNames[value sw "X"]',
      {
        op: "element",
        path: at("idpMappingNames*"),
        where: compare(["[]"], "sw", "X"),
      },
    ],
    ["TEC-22", `${ROLECALL_GROUP}:description pr`, { op: "present", path: at(ROLECALL_GROUP, "description") }],
    ["RFC-15", `${GROUP}:members pr`, { op: "present", path: at("members*", "value") }],
  ];
  for (const [rule, text, filter] of groups) {
    it(`${rule}: ${text}`, () => {
      expect(readFilter(text, groupReading())).to.deep.equal(filter);
    });
  }

  const refused: readonly (readonly [rule: string, text: string])[] = [
    ["RFC-33", 'nosuch eq "x"'],
    ["RFC-33", 'name.nosuch eq "x"'],
    ["RFC-33", 'urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "x"'],
    ["RFC-33", 'emails[nosuch eq "x"]'],
    ["RFC-33", 'userName[value eq "x"]'],
    ["RFC-33", 'emails.value[type eq "x"]'],
    ["RFC-33", `${ENTERPRISE} eq "x"`],
    ["RFC-33", 'name eq "x"'],
    ["RFC-34", "active gt true"],
    ["RFC-34", "active co true"],
    ["RFC-34", 'x509Certificates.value lt "AA=="'],
    ["RFC-34", 'active eq "maybe"'],
    ["RFC-36", 'meta.created gt "yesterday"'],
    ["RFC-36", 'meta.created gt "2026-01-01T00:00:00"'],
    ["RFC-36", 'meta.created sw "2026"'],
    ["RFC-30", "title gt null"],
    ["RFC-13", 'password eq "x"'],
    ["RFC-13", "password pr"],
    ["C11", "userName eq 12"],
    ["RFC-53", 'meta.location eq "x"'],
    ["RFC-56", 'meta.version eq "x"'],
    ["RFC-30", 'meta[resourceType eq "User"]'],
    ["RFC-30", 'meta.resourceType sw "U"'],
    ["RFC-30", 'schemas co "x"'],
    ["RFC-14", 'groups.display co "x"'],
    ["SEC-06", '__proto__ eq "x"'],
    ["SEC-06", 'emails[constructor eq "x"]'],
    ["SEC-06", "schemas[value pr]"],
  ];
  for (const [rule, text] of refused) {
    it(`${rule}: refuses ${text}`, () => {
      expect(refusal(() => readFilter(text, userReading())).kind).to.equal("invalidFilter");
    });
  }

  it("RFC-15: asks members for nothing but who they are", () => {
    for (const text of [
      'members.display eq "x"',
      'members co "x"',
      'members[value eq "a" and value eq "b"]',
      "members eq null",
    ]) {
      expect(refusal(() => readFilter(text, groupReading())).kind, text).to.equal("invalidFilter");
    }
  });

  it("C11: the entra profile takes unquoted operands, and the request is marked", () => {
    const reading = userReading("entra");
    expect(readFilter("externalId eq jyoung and employeeNumber eq 701984", reading)).to.deep.equal({
      op: "and",
      items: [compare(["externalId"], "eq", "jyoung"), compare([ENTERPRISE, "employeeNumber"], "eq", "701984")],
    });
    expect([...reading.quirks]).to.have.members(["unquoted_operand", "urn_left_out"]);
  });

  it("marks a request by the deviations it needed, and no other", () => {
    const plain = userReading();
    readFilter('emails[type eq "work" and primary eq true]', plain);
    expect([...plain.quirks]).to.deep.equal([]);
    const bent = userReading();
    readFilter('manager eq "m" and roles[primary eq "tRUE"]', bent);
    expect([...bent.quirks]).to.have.members(["urn_left_out", "compared_by_value", "boolean_as_text"]);
  });

  it("RFC-02: knows a time by its instant and refuses days that do not exist", () => {
    const read = (text: string): ResourceFilter => readFilter(`meta.created eq "${text}"`, userReading());
    expect(read("2015-10-10T14:38:21.8617979-07:00")).to.deep.equal(
      compare(["meta", "created"], "eq", Date.UTC(2015, 9, 10, 21, 38, 21, 861)),
    );
    for (const text of ["2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01"]) {
      expect(refusal(() => read(text)).kind, text).to.equal("invalidFilter");
    }
  });
});
