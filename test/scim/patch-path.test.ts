import { expect } from "chai";
import { readPath } from "../../src/protocols/scim/patch-path.js";
import { ENTERPRISE, groupReading, refusal, USER, userReading } from "./tables.js";

describe("SCIM paths", () => {
  const good: readonly (readonly [path: string, attribute: string | undefined, sub?: string])[] = [
    ["userName", "userName"],
    ["NAME.GIVENNAME", "name", "name.givenName"],
    ["emails", "emails"],
    ['emails[type eq "work"]', "emails"],
    ['emails[type eq "work"].value', "emails", "emails.value"],
    ['emails[type eq "work" and not (value co "]" or primary eq true)].display', "emails", "emails.display"],
    ['emails[value eq "a\\"]b"].type', "emails", "emails.type"],
    [`${USER}:displayName`, "displayName"],
    [`${USER}:emails[type eq "work"].value`, "emails", "emails.value"],
    [`${ENTERPRISE}:manager.value`, `${ENTERPRISE}:manager`, `${ENTERPRISE}:manager.value`],
    [ENTERPRISE, undefined],
    [ENTERPRISE.toUpperCase(), undefined],
    ["manager", `${ENTERPRISE}:manager`],
  ];
  for (const [path, attribute, sub] of good) {
    it(`RFC-43: ${path}`, () => {
      const target = readPath(path, userReading());
      expect(target.attribute?.id).to.equal(attribute);
      expect("sub" in target ? target.sub?.id : undefined).to.equal(sub);
      expect("where" in target).to.equal(path.includes("["));
    });
  }

  const bad = [
    "",
    " ",
    "nosuch",
    "name.nosuch",
    "emails.",
    ".value",
    "emails[",
    'emails[type eq "work"',
    'emails[type eq "work"]value',
    'emails[type eq "work"].',
    'emails[type eq "work"].nosuch',
    'emails[type eq "work"].value.x',
    'userName[value eq "x"]',
    'emails.value[type eq "x"]',
    'nosuch[a eq "b"]',
    `${ENTERPRISE}:nosuch`,
    "urn:nobody:1.0:User:title",
    `${ENTERPRISE}:`,
    'name[givenName eq "x"]',
    "a b",
    "members",
    "__proto__",
    "__proto__.x",
    "constructor.prototype",
    "name.constructor",
    `${ENTERPRISE}:__proto__`,
    'emails[__proto__ eq "x"]',
    'emails[type eq "x"].__proto__',
    "__PROTO__",
    `urn:${"x".repeat(3000)}:title`,
    `emails[type eq "${"x".repeat(2100)}"]`,
    // each of these quotes may begin a text: whoever tries them all is busy for minutes
    `emails[type eq "${'\\"'.repeat(150_000)}`,
    `emails["${'\\"'.repeat(900)}`,
  ];
  for (const path of bad) {
    it(`W-14, RFC-43, SEC-06: refuses ${path.slice(0, 60)}`, () => {
      expect(refusal(() => readPath(path, userReading())).kind).to.equal("invalidPath");
    });
  }

  for (const path of [
    "emails[]",
    "emails[type]",
    'emails[type zz "x"]',
    'emails[nosuch eq "x"]',
    "emails[type eq work]",
  ]) {
    it(`RFC-33: refuses the filter in ${path}`, () => {
      expect(refusal(() => readPath(path, userReading())).kind).to.equal("invalidFilter");
    });
  }

  it("takes a prototype's name for text where it is quoted", () => {
    expect(readPath('members[value eq "constructor"]', groupReading()).attribute?.id).to.equal("members");
    expect(readPath('members[value eq "a\\"__proto__\\\\"]', groupReading()).attribute?.id).to.equal("members");
    expect(refusal(() => readPath('members[value eq "a\\\\"__proto__]', groupReading())).kind).to.equal("invalidPath");
  });
});
