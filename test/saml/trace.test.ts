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
  const response = samlResponse({ now: NOW, attributes: ATTRIBUTES, nameId: "anna@acme.example" });
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

  it("is bounded, whatever a stranger sends", () => {
    const attributes = Array.from({ length: 400 }, (_, at) => ({ name: `n${at}${"x".repeat(500)}`, values: ["y"] }));
    const { seen } = openResponse(samlResponse({ now: NOW, attributes, responseIssuer: "i".repeat(5000) }).base64);
    const kept = redactSeen(seen, PATHS);
    expect(Object.keys(kept["attributes"] as JsonObject)).to.have.length(300);
    expect(JSON.stringify(kept).length).to.be.below(300 * 300);
  });
});
