import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { openResponse } from "../../src/protocols/saml/response.js";
import { redactSeen, seenOf } from "../../src/protocols/saml/trace.js";
import { ACME, NAME_ID, samlResponse, type WireAttribute } from "../support/saml-response.js";
import { consume, NOW } from "./corpus.js";

const ATTRIBUTES: readonly WireAttribute[] = [
  { name: "displayName", values: ["Ada Lovelace"] },
  { name: "mail", values: ["ada@acme.example", "lovelace@old.example"] },
  { name: "groups", values: ["Eng", "R&D <core>"] },
  { name: "urn:oid:1.2.3", friendlyName: "teams", values: ["Platform"] },
  { name: "phone", values: ["555 12 34"] },
  { name: "__proto__", values: ["boss"] },
];
const PATHS = ["groups", "teams"];
const PERSONAL = /Lovelace|ada@|lovelace@|anna@|555|boss/;

describe("what a trace keeps of a SAML response", () => {
  const response = samlResponse({
    now: NOW,
    attributes: ATTRIBUTES,
    nameId: "anna@acme.example",
    spProvidedId: "anna@ours",
  });
  const kinds: readonly [kind: string, seen: () => JsonObject][] = [
    ["verified", () => seenOf(consume(response.base64))],
    ["not verified", () => openResponse(response.base64).seen],
  ];
  for (const [kind, seen] of kinds) {
    describe(`that is ${kind}`, () => {
      const kept = (): { readonly nameId: JsonObject; readonly attributes: JsonObject } & JsonObject =>
        redactSeen(seen(), PATHS) as never;

      it("is no value that is about the person", () => {
        expect(JSON.stringify(kept())).not.to.match(PERSONAL);
      });

      it("is every attribute by its name, with as many values as came", () => {
        const { attributes } = kept();
        expect(Object.keys(attributes)).to.have.members([
          "displayName",
          "mail",
          "groups",
          "urn:oid:1.2.3",
          "phone",
          "(__proto__)",
        ]);
        expect(attributes["mail"]).to.deep.equal(["…@acme.example", "…@old.example"]);
      });

      it("is groups as they came", () => {
        expect(kept().attributes["groups"]).to.deep.equal(["Eng", "R&D <core>"]);
      });

      it("is the NameID's format, and the domain of an address", () => {
        expect(kept().nameId).to.deep.include({ format: NAME_ID.email, value: "…@acme.example" });
      });

      it("lets two sign-ins be compared", () => {
        const again = redactSeen(seen(), PATHS);
        expect(again).to.deep.equal(kept());
      });
    });
  }

  it("is groups that are read by FriendlyName, under their Name", () => {
    const { attributes, friendlyNames } = redactSeen(seenOf(consume(response.base64)), PATHS);
    expect(friendlyNames).to.deep.equal({ "urn:oid:1.2.3": "teams" });
    expect(attributes).to.deep.include({ "urn:oid:1.2.3": ["Platform"] });
  });

  it("is whom it is from and for, and when, where it was refused", () => {
    const { response: message, audiences, assertion } = redactSeen(openResponse(response.base64).seen, PATHS);
    expect(message).to.include({ issuer: ACME.idp, destination: ACME.acs, inResponseTo: ACME.request });
    expect([audiences, assertion]).to.deep.equal([
      [ACME.sp],
      { id: "_assertion-1", issuer: ACME.idp, issueInstant: NOW },
    ]);
  });

  const floods: readonly [title: string, wishes: Parameters<typeof samlResponse>[0]][] = [
    ["many attributes", { attributes: numbered(400, (n) => ({ name: `n${n}${"x".repeat(500)}`, values: ["y"] })) }],
    [
      "many values",
      { attributes: numbered(33, (n) => ({ name: `n${n}`, values: numbered(120, () => "y"), type: null })) },
    ],
    ["many groups with long names", { attributes: [{ name: "groups", values: numbered(400, () => "g".repeat(190)) }] }],
    ["many audiences", { audiences: [numbered(400, () => "a".repeat(300))] }],
    ["a long issuer", { responseIssuer: "i".repeat(50_000) }],
  ];
  for (const [title, wishes] of floods) {
    it(`is bounded where a stranger sends ${title}`, () => {
      const { seen } = openResponse(samlResponse({ now: NOW, signed: "none", ...wishes }).base64);
      expect(JSON.stringify(redactSeen(seen, PATHS)).length).to.be.below(30_000);
    });
  }

  it("is 250 groups, all of them", () => {
    const values = numbered(250, (n) => `CN=group number ${n},OU=Groups,DC=acme,DC=example`);
    const { seen } = openResponse(samlResponse({ now: NOW, attributes: [{ name: "groups", values }] }).base64);
    expect(redactSeen(seen, PATHS)["attributes"]).to.deep.equal({ groups: values });
  });
});

function numbered<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n));
}
