import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { matches } from "../../src/protocols/scim/filter-match.js";
import { readFilter } from "../../src/protocols/scim/filter-resolve.js";
import { searchDocument } from "../../src/protocols/scim/search-document.js";
import { ENTERPRISE, schemas, userReading } from "./tables.js";

const ada: JsonObject = {
  userName: "Ada@Example.com",
  title: "Engineer",
  nickName: "",
  active: true,
  name: { familyName: "Lovelace" },
  emails: [
    { type: "work", value: "ada@example.com", primary: true },
    { type: "home", value: "ada@home.example" },
  ],
  [ENTERPRISE]: { department: "R&D", manager: { value: "Charles" } },
};

describe("SCIM filters on a resource in memory", () => {
  const document = searchDocument(schemas.user, ada);
  const truths: readonly (readonly [rule: string, text: string, expected: boolean])[] = [
    ["RFC-21", 'userName eq "ADA@example.COM"', true],
    ["RFC-21", 'manager.value eq "charles"', false],
    ["RFC-21", 'manager.value eq "Charles"', true],
    ["RFC-30", 'title ne "engineer"', false],
    ["RFC-30", 'title co "GIN"', true],
    ["RFC-30", 'title sw "eng" and title ew "neer"', true],
    ["RFC-30", 'title sw "neer"', false],
    ["RFC-30", 'title gt "engine" and title lt "f"', true],
    ["RFC-30", 'title ge "engineer" and title le "engineer"', true],
    ["RFC-30", 'title lt "engineer" or title gt "engineer"', false],
    ["RFC-30", "active eq true", true],
    ["RFC-30", "active ne true", false],
    ["RFC-35", 'emails.value ew "home.example"', true],
    ["RFC-35", 'emails.value ne "ada@example.com"', true],
    ["RFC-35", 'emails[type eq "home" and value co "@example"]', false],
    ["RFC-35", 'emails.type eq "home" and emails.value co "@example"', true],
    ["RFC-35", 'emails.value ne "ada@example.com" and emails.value ne "ada@home.example"', true],
    ["RFC-35", "emails.primary ne true", false],
    ["RFC-35", "emails.primary ne false", true],
    ["RFC-35", 'emails.display ne "x"', true],
    ["RFC-35", 'emails[type ne "work"].value eq "ada@home.example"', true],
    ["RFC-35", 'phoneNumbers.value ne "1"', true],
    ["RFC-35", 'nickName ne ""', false],
    ["RFC-35", 'nickName ne "x"', true],
    ["RFC-35", 'userType ne "x"', true],
    ["RFC-35", 'not (userType eq "x")', true],
    ["RFC-35", 'userType lt "x"', false],
    ["RFC-35", "userType eq null", true],
    ["RFC-35", "userType ne null", false],
    ["RFC-35", "title eq null", false],
    ["RFC-35", "title ne null", true],
    ["RFC-35", "nickName pr", false],
    ["RFC-35", 'nickName eq ""', true],
    ["RFC-35", "phoneNumbers pr", false],
    ["RFC-35", "name pr", true],
    ["RFC-35", "emails pr", true],
    ["RFC-35", `${ENTERPRISE} pr and ${ENTERPRISE}:department eq "r&d"`, true],
    ["ENTRA-04", 'emails[type eq "work"].value eq "ada@example.com"', true],
    ["ENTRA-04", 'emails[type eq "home"].value eq "ada@example.com"', false],
  ];
  for (const [rule, text, expected] of truths) {
    it(`${rule}: ${text} is ${expected}`, () => {
      expect(matches(readFilter(text, userReading()), document)).to.equal(expected);
    });
  }

  it("SEC-06: never finds what an object only inherits", () => {
    expect(matches({ op: "present", path: [{ name: "toString", multi: false }] }, document)).to.equal(false);
    expect(matches({ op: "present", path: [{ name: "__proto__", multi: false }] }, document)).to.equal(false);
  });
});
