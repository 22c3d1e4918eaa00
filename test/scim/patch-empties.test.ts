import { expect } from "chai";
import type { ScimProfile } from "../../src/model/connection.js";
import type { Json, JsonObject } from "../../src/model/json.js";
import { applyPatch } from "../../src/protocols/scim/patch.js";
import { readPatchRequest } from "../../src/protocols/scim/patch-request.js";
import { ENTERPRISE, PATCH_OP, userReading } from "./tables.js";

const BARE: JsonObject = { userName: "ada", active: true };
const FULL: JsonObject = {
  ...BARE,
  title: "Lead",
  name: { givenName: "Ada", familyName: "Lovelace" },
  emails: [{ type: "work", value: "ada@work.test", primary: true }],
  addresses: [{ type: "work", locality: "London", country: "GB" }],
  phoneNumbers: [{ type: "mobile", value: "1" }],
  [ENTERPRISE]: { department: "IT", manager: { value: "u1" } },
};

const PLAIN = ["title", "name.givenName", "name.familyName", `${ENTERPRISE}:department`, `${ENTERPRISE}:manager`];
const FILTERED = [
  'emails[type eq "work"].value',
  'addresses[type eq "work"].locality',
  'addresses[type eq "work"].country',
  'phoneNumbers[type eq "mobile"].value',
];
const PROFILES: readonly ScimProfile[] = ["rfc", "okta", "entra"];

function patched(before: JsonObject, operations: readonly Json[], profile: ScimProfile): JsonObject {
  const reading = userReading(profile);
  return applyPatch(before, readPatchRequest({ schemas: [PATCH_OP], Operations: operations }, reading), reading)
    .resource;
}

/** One operation for each path, or the plain ones as keys of one value. */
function empties(value: Json, together: boolean): readonly Json[] {
  const replace = (path: string) => ({ op: "replace", path, value });
  if (!together) return [...PLAIN, ...FILTERED].map(replace);
  return [...FILTERED.map(replace), { op: "replace", value: Object.fromEntries(PLAIN.map((path) => [path, value])) }];
}

/** What is left of the values that were emptied: text that is not blank. */
function textsIn(value: Json | undefined): readonly string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

describe("SCIM PATCH that empties attributes, as Microsoft's validator does", () => {
  for (const profile of PROFILES) {
    for (const together of [false, true]) {
      const way = together ? "the plain ones in one value" : "each by its path";
      it(`ENTRA-26, RFC-06: by "" and then by null, ${way}, under the profile ${profile}`, () => {
        const emptied = patched(FULL, empties("", together), profile);
        const { userName, active, emails, ...rest } = emptied;
        expect([userName, active]).to.deep.equal(["ada", true]);
        expect(textsIn(rest).filter((text) => text !== "work" && text !== "mobile")).to.deep.equal([]);
        expect(textsIn(emails).filter((text) => text !== "work")).to.deep.equal([]);
        const again = patched(emptied, empties(null, together), profile);
        expect(
          textsIn({ ...again, userName: "" }).filter((text) => text !== "work" && text !== "mobile"),
        ).to.deep.equal([]);
      });

      it(`ENTRA-26, BUG-09: of somebody who has none of them leaves no element, ${way}, under the profile ${profile}`, () => {
        expect(patched(BARE, empties(null, together), profile)).to.deep.equal(BARE);
        const emptied = patched(BARE, empties("", together), profile);
        expect(patched(emptied, empties(null, together), profile)).to.deep.equal(BARE);
      });
    }
  }
});
