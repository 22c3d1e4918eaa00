import { expect } from "chai";
import { type Guard, SamlFailure } from "../../src/protocols/saml/failure.js";
import { RESPONSE_CAPS } from "../../src/protocols/saml/prescan.js";
import { openResponse } from "../../src/protocols/saml/response.js";
import { assertionShape, responseShape } from "../../src/protocols/saml/shape.js";
import { parseXml } from "../../src/protocols/saml/xml.js";
import { type ResponseWishes, SAML, SAMLP, STATUS, samlResponse } from "../support/saml-response.js";

function refusal(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (error instanceof SamlFailure) return `${error.guard}: ${String(error.detail["problem"])}`;
    throw error;
  }
  return "accepted";
}

const shapeOf = (xml: string) => responseShape(parseXml(xml, RESPONSE_CAPS));

describe("SML-15: the shape of a response", () => {
  it("is known before anything is verified: who is who, and what is signed", () => {
    const shape = shapeOf(samlResponse({ signed: "assertion" }).xml);
    expect([shape.id, shape.assertion?.id]).to.deep.equal(["_response-1", "_assertion-1"]);
    expect([shape.signature, shape.assertion?.signature?.name]).to.deep.equal([undefined, "Signature"]);
    expect(shape.issuer?.text).to.equal("https://idp.acme.example/saml");
  });

  const refused: Readonly<Record<string, readonly [wishes: Partial<ResponseWishes>, guard: Guard, problem: RegExp]>> = {
    "a success without an assertion": [{ xml: { assertion: "" } }, "structure", /says `Success` and has no Assertion/],
    "a StatusCode without a value": [
      { xml: { status: "<samlp:Status><samlp:StatusCode/></samlp:Status>", assertion: "" } },
      "structure",
      /no Value/,
    ],
    "text in the Response": [{ extra: { beforeStatus: "eve" } }, "structure", /Response has text/],
    "text in the Assertion": [{ extra: { behindConditions: "eve" } }, "structure", /Assertion has text/],
    "an unknown element first": [
      { xml: { responseIssuer: `<x xmlns="urn:x"/>` } },
      "structure",
      /Response has an element that does not belong/,
    ],
    "two assertions": [
      { extra: { endOfResponse: `<saml:Assertion xmlns:saml="${SAML}"/>` } },
      "structure",
      /more than one Assertion/,
    ],
    "an assertion beside an encrypted one": [
      { extra: { endOfResponse: `<saml:EncryptedAssertion xmlns:saml="${SAML}"/>` } },
      "structure",
      /more than one Assertion/,
    ],
    "an ID that is too long": [{ responseId: "x".repeat(257) }, "structure", /Response has no usable ID/],
    "an ID twice, in other letters of the attribute": [
      { extra: { inSubject: `<x xmlns="urn:x" iD="_assertion-1"/>` } },
      "structure",
      /the same ID/,
    ],
  };
  for (const [what, [wishes, guard, problem]] of Object.entries(refused))
    it(`is not one with ${what}`, () => {
      const { base64 } = samlResponse({ signed: "none", ...wishes });
      const found = refusal(() => openResponse(base64));
      expect(found).to.match(problem);
      expect(found).to.match(new RegExp(`^${guard}:`));
    });

  it("is that of a Response of SAML 2.0, not of anything else", () => {
    const status = `<samlp:Status><samlp:StatusCode Value="${STATUS}Requester"/></samlp:Status>`;
    const message = (name: string) =>
      `<samlp:${name} xmlns:samlp="${SAMLP}" ID="_1" Version="2.0">${status}</samlp:${name}>`;
    expect(shapeOf(message("Response")).success).to.equal(false);
    expect(refusal(() => shapeOf(message("LogoutResponse")))).to.match(/^structure: .*no SAML 2.0 Response/);
    expect(refusal(() => shapeOf(message("Response").replace(SAMLP, SAML)))).to.match(/^structure:/);
  });

  it("is, of what an assertion's own signature gives, that of an Assertion", () => {
    const shape = (xml: string) => assertionShape(parseXml(xml, RESPONSE_CAPS));
    expect(shape(`<Assertion xmlns="${SAML}" ID="_1"/>`).id).to.equal("_1");
    for (const xml of [`<Advice xmlns="${SAML}" ID="_1"/>`, `<Assertion xmlns="urn:x" ID="_1"/>`])
      expect(refusal(() => shape(xml))).to.match(/^structure: what is signed is no SAML 2.0 Assertion/);
    const nested = `<Assertion xmlns="${SAML}" ID="_1"><Advice><Assertion ID="_2"/></Advice></Assertion>`;
    expect(refusal(() => shape(nested))).to.match(/^structure: an element stands where none of its kind may be/);
  });
});

describe("the posted field", () => {
  const { base64 } = samlResponse({ signed: "none" });
  const refused: Readonly<Record<string, readonly [field: string, guard: Guard]>> = {
    nothing: ["", "encoding"],
    "blanks alone": [" \r\n", "encoding"],
    "base64 for URLs": [Buffer.from("<a>???>>></a>").toString("base64url"), "encoding"],
    "base64 without its padding": [Buffer.from("<a>1</a>").toString("base64").replace(/=+$/, ""), "encoding"],
    "base64 with bits that are not read": ["PGEvPh==", "encoding"],
    "base64 with something behind it": [`${Buffer.from("<a/>.").toString("base64")}=PGE+`, "encoding"],
    "XML as it is": ["<a/>", "encoding"],
    "text that is not UTF-8": [Buffer.from("<a>\u00FC</a>", "latin1").toString("base64"), "encoding"],
    "UTF-16": [Buffer.from("\uFEFF<a/>", "utf16le").toString("base64"), "encoding"],
    "more than the size of any response": [`${base64}${" ".repeat(720_000)}`, "size"],
  };
  for (const [what, [field, guard]] of Object.entries(refused))
    it(`is not ${what}`, () => {
      expect(refusal(() => openResponse(field))).to.match(new RegExp(`^${guard}:`));
    });

  it("may be broken into lines anywhere", () => {
    expect(openResponse(`\n ${base64.replace(/.{5}/g, "$&\r\n\t")} `).shape.id).to.equal("_response-1");
  });
});
