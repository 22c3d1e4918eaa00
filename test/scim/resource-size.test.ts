import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { refuseTooLarge } from "../../src/protocols/scim/resource-size.js";
import { refusal } from "./tables.js";

const MOST = 1_000;
const titled = (length: number, more: JsonObject = {}): JsonObject => ({ title: "x".repeat(length), ...more });
const bytes = (resource: JsonObject): number => Buffer.byteLength(JSON.stringify(resource));
const taken = (resource: JsonObject, previous?: JsonObject) =>
  expect(() => refuseTooLarge(resource, MOST, previous)).not.to.throw();

describe("the size of a SCIM resource", () => {
  it("SEC-06: is counted in bytes of its JSON, up to the limit itself", () => {
    const frame = bytes(titled(0));
    taken(titled(MOST - frame));
    for (const text of [
      "x".repeat(MOST - frame + 1),
      "é".repeat(500),
      "\u0001".repeat(170),
      "\ud83d\ude00".repeat(250),
    ]) {
      expect(refusal(() => refuseTooLarge({ title: text }, MOST, undefined)).kind).to.equal("invalidValue");
    }
    const lists = {
      emails: Array.from({ length: 40 }, (_, at) => ({ value: `ada${at}@acme.example`, primary: false })),
    };
    expect(refusal(() => refuseTooLarge(lists, MOST, undefined)).kind).to.equal("invalidValue");
  });

  it("SEC-06: is told with the limit and the attribute to shorten", () => {
    const { detail } = refusal(() => refuseTooLarge(titled(2000, { nickName: "ada" }), MOST, undefined));
    expect(detail)
      .to.contain(`${bytes(titled(2000, { nickName: "ada" }))} bytes`)
      .and.contain("`title`")
      .and.contain("1000");
  });

  it("may stay above the limit and shrink, so that somebody can be deactivated, and not grow", () => {
    const before = titled(2000, { active: true });
    taken({ ...before, active: false }, before);
    taken(titled(1500, { active: true }), before);
    expect(refusal(() => refuseTooLarge(titled(2001, { active: true }), MOST, before)).kind).to.equal("invalidValue");
  });
});
