import { createHash } from "node:crypto";
import { expect } from "chai";
import { SamlFailure } from "../../src/protocols/saml/failure.js";
import { openResponse } from "../../src/protocols/saml/response.js";
import type { Expected, VerifiedAssertion } from "../../src/protocols/saml/verified.js";
import { verifyResponse } from "../../src/protocols/saml/verify.js";
import { globexKey, idpKey, idpNextKey } from "../support/saml-keys.js";
import {
  ACME,
  BEARER,
  NAME_FORMAT,
  NAME_ID,
  type ResponseWishes,
  replaceOnly,
  SAML,
  STATUS,
  samlResponse,
  type WireAttribute,
} from "../support/saml-response.js";
import { ALGORITHM, DIGEST, type SignatureWishes } from "../support/saml-signature.js";

const NOW = "2026-11-22T09:00:00.000Z";
const SECOND = 1000;
const HOUR = 3600 * SECOND;

function at(milliseconds: number): string {
  return new Date(Date.parse(NOW) + milliseconds).toISOString();
}

function expectedAt(now: string, idp: Partial<Expected["idp"]> = {}): Expected {
  return {
    idp: { entityId: ACME.idp, certificates: [idpKey.certificate], requireSigned: "either", ...idp },
    sp: { entityId: ACME.sp, acsUrl: ACME.acs },
    inResponseTo: ACME.request,
    now,
  };
}

function accept(wishes: Partial<ResponseWishes> = {}, idp: Partial<Expected["idp"]> = {}): VerifiedAssertion {
  return verifyResponse(openResponse(samlResponse({ now: NOW, ...wishes }).base64), expectedAt(NOW, idp));
}

function failureOf(attempt: () => unknown): SamlFailure {
  try {
    attempt();
  } catch (error) {
    if (error instanceof SamlFailure) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

const valuesOf = (assertion: VerifiedAssertion) =>
  Object.fromEntries(assertion.attributes.map(({ name, values }) => [name, values]));

const SIGNINGS = ["assertion", "response", "both"] as const;

describe("a response from the connection's provider", () => {
  for (const signed of SIGNINGS)
    it(`is read whole (signed: ${signed})`, () => {
      expect(accept({ signed })).to.deep.equal({
        id: "_assertion-1",
        rememberUntil: at(360 * SECOND),
        issuedAt: NOW,
        nameId: { value: ACME.nameId, format: NAME_ID.email },
        attributes: [
          { name: "email", values: [ACME.nameId] },
          { name: "groups", values: ["Engineering", "IT Admins"] },
        ],
        sessionIndex: "_session-1",
        sessionEndsAt: at(8 * HOUR),
        authnContext: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
      });
    });

  describe("is accepted", () => {
    const shapes: Readonly<Record<string, Partial<ResponseWishes>>> = {
      "with the prefixes ns0 and ns1, and an Issuer of the entity format": {
        prefixes: { samlp: "ns0", saml: "ns1" },
        issuerFormat: NAME_ID.entity,
      },
      "with default namespaces alone": { prefixes: { samlp: "", saml: "" }, signature: { prefix: "" } },
      "with a prolog": { beforeSigning: (xml) => `<?xml version="1.0" encoding="UTF-8"?>\n${xml}` },
      "without KeyInfo": { signature: { keyInfo: null } },
      "with line breaks in its base64 values": { signature: { signature: wrapped } },
      "without types of values": { attributes: [{ name: "groups", values: ["a"], type: null }] },
      "with values of any type": { attributes: [{ name: "groups", values: ["a"], type: "xs:anyType" }] },
      "without attributes": { attributes: [] },
      "without an Issuer of the Response": { responseIssuer: null },
      "without SessionNotOnOrAfter and SessionIndex": { sessionNotOnOrAfter: null, sessionIndex: null },
      "without NotBefore": { notBefore: null },
      "of whole seconds": {
        issueInstant: "2026-11-22T09:00:00Z",
        notBefore: "2026-11-22T09:00:00Z",
        notOnOrAfter: "2026-11-22T09:05:00Z",
        confirmationNotOnOrAfter: "2026-11-22T09:05:00Z",
      },
      "of fine fractions of seconds, and offsets of nothing": {
        notBefore: "2026-11-22T08:59:59.1234567Z",
        notOnOrAfter: "2026-11-22T09:05:00.1+00:00",
      },
      "for most of a day": { notBefore: at(-60 * SECOND), notOnOrAfter: at(20 * HOUR) },
      "whose sender's clock is 59 seconds ahead": {
        confirmationNotBefore: at(59 * SECOND),
        issueInstant: at(59 * SECOND),
        notBefore: at(59 * SECOND),
        authnInstant: at(59 * SECOND),
      },
      "whose sender's clock is 59 seconds behind": {
        notOnOrAfter: at(-59 * SECOND),
        notBefore: at(-359 * SECOND),
        confirmationNotOnOrAfter: at(-59 * SECOND),
        sessionNotOnOrAfter: at(-59 * SECOND),
      },
      "for us among others": { audiences: [["https://other.example", ACME.sp]] },
      "with two restrictions that both name us": { audiences: [[ACME.sp], ["https://other.example", ACME.sp]] },
      "to be used once, and handed on to nobody": {
        extra: { inConditions: `<saml:OneTimeUse/><saml:ProxyRestriction Count="0"/>` },
      },
      "with advice": { extra: { behindConditions: `<saml:Advice><x xmlns="urn:x">hint</x></saml:Advice>` } },
      "with extensions": {
        extra: { beforeStatus: `<samlp:Extensions><x xmlns="urn:x" y="z">hint</x></samlp:Extensions>` },
      },
      "with a confirmation by another method before the bearer's": {
        xml: {
          subjectConfirmation:
            `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"/>` +
            `<saml:SubjectConfirmation Method="${BEARER}"><saml:SubjectConfirmationData Address="192.0.2.1" InResponseTo="${ACME.request}" ` +
            `NotOnOrAfter="${at(300 * SECOND)}" Recipient="${ACME.acs}"/></saml:SubjectConfirmation>`,
        },
      },
      "with a bearer's confirmation for another service before ours": {
        xml: {
          subjectConfirmation: [`https://other.example/acs`, ACME.acs]
            .map(
              (recipient) =>
                `<saml:SubjectConfirmation Method="${BEARER}"><saml:SubjectConfirmationData InResponseTo="${ACME.request}" ` +
                `NotOnOrAfter="${at(300 * SECOND)}" Recipient="${recipient}"/></saml:SubjectConfirmation>`,
            )
            .join(""),
        },
      },
      "with an ID that begins with a digit": { assertionId: "0d9e", responseId: "1-response" },
      "with the signatures behind everything else": {
        assertionSignature: { place: (xml, signature) => atEnd(xml, "</saml:Assertion>", signature) },
        responseSignature: { place: (xml, signature) => atEnd(xml, "</samlp:Response>", signature) },
      },
    };
    for (const [what, wishes] of Object.entries(shapes))
      for (const signed of SIGNINGS)
        it(`${what} (signed: ${signed})`, () => {
          expect(accept({ ...wishes, signed }).nameId.value).to.equal(ACME.nameId);
        });

    it("without a Destination where the assertion alone is signed", () => {
      expect(accept({ signed: "assertion", destination: null }).nameId.value).to.equal(ACME.nameId);
    });

    it("with line breaks and blanks in the posted base64", () => {
      const wrapped = samlResponse({ now: NOW }).base64.replace(/.{64}/g, "$&\r\n ");
      expect(verifyResponse(openResponse(wrapped), expectedAt(NOW)).nameId.value).to.equal(ACME.nameId);
    });

    it("twice from the same opened response, with the same result", () => {
      const opened = openResponse(samlResponse({ now: NOW, signature: { inclusivePrefixes: ["xs", "samlp"] } }).base64);
      const first = verifyResponse(opened, expectedAt(NOW));
      expect(verifyResponse(opened, expectedAt(NOW))).to.deep.equal(first);
    });

    for (const requireSigned of SIGNINGS)
      it(`where the connection asks for \`${requireSigned}\` and both are signed`, () => {
        expect(accept({}, { requireSigned }).nameId.value).to.equal(ACME.nameId);
      });
  });

  describe("is signed by", () => {
    const ways: Readonly<Record<string, Partial<SignatureWishes>>> = {
      "RSA with SHA-384": { algorithm: ALGORITHM.rsaSha384, digest: DIGEST.sha384 },
      "RSA with SHA-512": { algorithm: ALGORITHM.rsaSha512, digest: DIGEST.sha512 },
      "RSA with SHA-256 over a SHA-512 digest": { digest: DIGEST.sha512 },
      "exclusive canonicalisation with a list of prefixes": { inclusivePrefixes: ["xs", "saml", "samlp", "nobody"] },
    };
    for (const [what, signature] of Object.entries(ways))
      for (const signed of SIGNINGS)
        it(`${what} (signed: ${signed})`, () => {
          expect(accept({ signed, signature }).nameId.value).to.equal(ACME.nameId);
        });

    it("the last of several keys", () => {
      const certificates = [globexKey.certificate, idpKey.certificate, idpNextKey.certificate];
      expect(accept({ signature: { key: idpNextKey } }, { certificates }).nameId.value).to.equal(ACME.nameId);
    });

    it("two keys of the connection, one for each signature", () => {
      const certificates = [idpKey.certificate, idpNextKey.certificate];
      expect(accept({ responseSignature: { key: idpNextKey } }, { certificates }).nameId.value).to.equal(ACME.nameId);
    });
  });

  describe("says of the person", () => {
    const read = (attributes: readonly WireAttribute[]) => valuesOf(accept({ signed: "assertion", attributes }));

    it("text of any script, and markup as text", () => {
      const values = ["Łukasz Żółć", "R&D <b>“quoted”</b>", "李雷 😀", 'O\'Brien, "Bob"', "CN=a\\,b,OU=c", "&lt;"];
      expect(read([{ name: "displayName", values }])).to.deep.equal({ displayName: values });
      expect(accept({ nameId: "Zoë & <b>" }).nameId.value).to.equal("Zoë & <b>");
    });

    it("line separators that the parser would take for line breaks", () => {
      const { xml } = samlResponse({
        now: NOW,
        xml: {
          attributeStatement: `<saml:AttributeStatement><saml:Attribute Name="n"><saml:AttributeValue>a&#x2028;b&#x85;c</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>`,
        },
      });
      // The same signed octets, as a provider writes them.
      const raw = replaceOnly(xml, "a&#x2028;b&#x85;c", "a\u2028b\u0085c");
      const verified = verifyResponse(openResponse(Buffer.from(raw).toString("base64")), expectedAt(NOW));
      expect(valuesOf(verified)).to.deep.equal({ n: ["a\u2028b\u0085c"] });
    });

    it("one, many, no and 250 groups", () => {
      for (const count of [1, 3, 0, 250]) {
        const groups = Array.from({ length: count }, (_, index) => `CN=Group ${index},OU=Łódź,DC=acme`);
        expect(read([{ name: "groups", values: groups }])).to.deep.equal({ groups });
      }
    });

    it("values as they are: blanks, empty ones, and one that is nil", () => {
      const nil = `<saml:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>`;
      const statement = `<saml:AttributeStatement><saml:Attribute Name="n">${nil}<saml:AttributeValue> a </saml:AttributeValue><saml:AttributeValue/></saml:Attribute></saml:AttributeStatement>`;
      expect(valuesOf(accept({ xml: { attributeStatement: statement } }))).to.deep.equal({ n: ["", " a ", ""] });
    });

    it("one attribute of each name, though the provider writes one for each role", () => {
      const { attributes } = accept({
        attributes: [
          { name: "Role", values: ["a"] },
          { name: "email", values: ["x@acme.example"] },
          { name: "Role", values: ["b", "c"], friendlyName: "role" },
          { name: "Role", values: ["d"], nameFormat: NAME_FORMAT.uri, friendlyName: "other" },
        ],
      });
      expect(attributes).to.deep.equal([
        { name: "Role", friendlyName: "role", values: ["a", "b", "c", "d"] },
        { name: "email", values: ["x@acme.example"] },
      ]);
    });

    it("attributes of several statements", () => {
      const more = `<saml:AttributeStatement><saml:Attribute Name="more"><saml:AttributeValue>x</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>`;
      expect(valuesOf(accept({ extra: { endOfAssertion: more } }))["more"]).to.deep.equal(["x"]);
    });

    it("the NameID that is an attribute's whole value, as eduPersonTargetedID is sent", () => {
      const write = (value: string) =>
        `<saml:AttributeStatement><saml:Attribute Name="id"><saml:AttributeValue>${value}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>`;
      const nameId = `<saml:NameID Format="${NAME_ID.persistent}">a1b2</saml:NameID>`;
      expect(valuesOf(accept({ xml: { attributeStatement: write(` ${nameId} `) } }))).to.deep.equal({ id: ["a1b2"] });
      for (const value of [`x${nameId}`, `${nameId}x`, nameId + nameId, nameId.replace("a1b2", "a1<x/>b2")])
        expect(failureOf(() => accept({ xml: { attributeStatement: write(value) } })).guard, value).to.equal(
          "attributes",
        );
    });

    it("at most 5,000 values under at most 300 names", () => {
      const values = (count: number) => [
        { name: "groups", type: null, values: Array.from({ length: count }, (_, n) => `${n}`) },
      ];
      const names = (count: number) =>
        Array.from({ length: count }, (_, n) => ({ name: `a${n}`, type: null, values: ["x"] }));
      expect(read(values(5000))["groups"]).to.have.length(5000);
      expect(Object.keys(read(names(300)))).to.have.length(300);
      for (const attributes of [values(5001), names(301)])
        expect(failureOf(() => read(attributes)).guard).to.equal("attributes");
    });

    it("a NameID without format, with its qualifiers, and without the white space around it", () => {
      const qualifiers = { nameQualifier: ACME.idp, spNameQualifier: ACME.sp, spProvidedId: "ours-1" };
      const wishes = { nameIdFormat: null, ...qualifiers, nameId: "\n  u-1 \t" };
      expect(accept(wishes).nameId).to.deep.equal({ value: "u-1", format: NAME_ID.unspecified, ...qualifiers });
    });

    it("a NameID of at most 1024 bytes", () => {
      expect(accept({ nameId: "x".repeat(1024) }).nameId.value).to.have.length(1024);
      expect(accept({ nameId: "é".repeat(512) }).nameId.value).to.have.length(512);
      expect(failureOf(() => accept({ nameId: "é".repeat(513) })).guard).to.equal("name_id");
      expect(failureOf(() => accept({ spNameQualifier: "😀".repeat(257) })).guard).to.equal("name_id");
      expect(failureOf(() => accept({ nameId: "x".repeat(1025) })).guard).to.equal("name_id");
      expect(failureOf(() => accept({ nameQualifier: "x".repeat(1025) })).guard).to.equal("name_id");
      expect(failureOf(() => accept({ spProvidedId: "x".repeat(1025) })).guard).to.equal("name_id");
    });

    it("a SessionIndex of any length, as a digest where an index in a database could not hold it", () => {
      expect(accept({ sessionIndex: "x".repeat(255) }).sessionIndex).to.equal("x".repeat(255));
      const long = "é".repeat(128);
      const digest = createHash("sha256").update(long, "utf8").digest("hex");
      expect(accept({ sessionIndex: long }).sessionIndex).to.equal(`sha256:${digest}`);
    });

    it("SML-13: that the session ends when the first of its statements ends", () => {
      const second = `<saml:AuthnStatement AuthnInstant="${NOW}" SessionIndex="_2" SessionNotOnOrAfter="${at(HOUR)}"/>`;
      const { sessionEndsAt, sessionIndex } = accept({ extra: { behindConditions: second } });
      expect([sessionEndsAt, sessionIndex]).to.deep.equal([at(HOUR), "_2"]);
      expect(accept({ extra: { inAttributeStatement: "" }, sessionNotOnOrAfter: at(2 * HOUR) }).sessionEndsAt).to.equal(
        at(2 * HOUR),
      );
    });
  });

  it("is accepted until the very moment until which its id is remembered, and not then", () => {
    const opened = openResponse(samlResponse({ now: NOW, confirmationNotOnOrAfter: at(20 * HOUR) }).base64);
    const { rememberUntil } = verifyResponse(opened, expectedAt(NOW));
    const justBefore = new Date(Date.parse(rememberUntil) - 1).toISOString();
    expect(verifyResponse(opened, expectedAt(justBefore)).id).to.equal("_assertion-1");
    expect(failureOf(() => verifyResponse(opened, expectedAt(rememberUntil))).guard).to.equal("expired");
  });

  it("is accepted until the very moment at which its confirmation ends, skew included", () => {
    const opened = openResponse(samlResponse({ now: NOW, notOnOrAfter: at(HOUR) }).base64);
    expect(verifyResponse(opened, expectedAt(at(360 * SECOND - 1))).id).to.equal("_assertion-1");
    expect(failureOf(() => verifyResponse(opened, expectedAt(at(360 * SECOND)))).guard).to.equal("expired");
  });

  it("is accepted from the very moment at which clocks may differ by that much", () => {
    const opened = openResponse(
      samlResponse({
        now: NOW,
        issueInstant: at(-HOUR),
        notBefore: at(HOUR),
        notOnOrAfter: at(2 * HOUR),
        confirmationNotOnOrAfter: at(2 * HOUR),
      }).base64,
    );
    expect(verifyResponse(opened, expectedAt(at(HOUR - 60 * SECOND))).id).to.equal("_assertion-1");
    expect(failureOf(() => verifyResponse(opened, expectedAt(at(HOUR - 60 * SECOND - 1)))).guard).to.equal(
      "not_yet_valid",
    );
  });
});

describe("times of a response", () => {
  it("are read to the millisecond, whatever their fraction", () => {
    const end = (fraction: string) =>
      accept({ sessionNotOnOrAfter: `2026-11-22T17:00:00${fraction}` }).sessionEndsAt?.slice(
        "2026-11-22T17:00:".length,
      );
    const read = ["Z", ".1Z", ".12Z", ".1239Z", ".000000009Z", "+00:00", ".5-00:00"].map(end);
    expect(read).to.deep.equal(["00.000Z", "00.100Z", "00.120Z", "00.123Z", "00.000Z", "00.000Z", "00.500Z"]);
  });

  for (const time of [
    "2026-11-22T11:05:00+02:00",
    "2026-11-22T09:05:00",
    "2026-11-22T24:00:00Z",
    "2026-11-22T09:05:60Z",
  ])
    it(`are refused if they are not in UTC, or at no time of a day: ${time}`, () => {
      const { guard, detail } = failureOf(() => accept({ notOnOrAfter: time }));
      expect([guard, detail["got"]]).to.deep.equal(["conditions", time]);
    });

  it("leave an assertion no more than a day and five minutes, counted from when it was made where it has no beginning", () => {
    const day = 24 * HOUR + 300 * SECOND;
    expect(accept({ notBefore: null, notOnOrAfter: at(day) }).rememberUntil).to.equal(at(day + 60 * SECOND));
    expect(failureOf(() => accept({ notBefore: null, notOnOrAfter: at(day + 1) })).guard).to.equal("lifetime");
    expect(failureOf(() => accept({ notBefore: at(-1), notOnOrAfter: at(day) })).guard).to.equal("lifetime");
  });
});

describe("an opened response, before anything is verified", () => {
  it("names the request that it says it answers", () => {
    expect(openResponse(samlResponse({ signed: "none" }).base64).inResponseTo).to.equal(ACME.request);
    expect(openResponse(samlResponse({ inResponseTo: null }).base64)).to.not.have.property("inResponseTo");
  });

  it("names the request of its confirmation where the Response itself names none", () => {
    const { base64 } = samlResponse({ responseInResponseTo: null, confirmationInResponseTo: "_request-2" });
    expect(openResponse(base64).inResponseTo).to.equal("_request-2");
  });

  it("says what the provider said instead of signing anybody in, and needs no assertion for it", () => {
    const { base64 } = samlResponse({
      signed: "none",
      status: `${STATUS}Responder`,
      subStatus: `${STATUS}NoPassive`,
      statusMessage: "no session here",
      xml: { assertion: "" },
    });
    const opened = openResponse(base64);
    expect(opened.success).to.equal(false);
    expect(opened.status).to.deep.equal({ code: "Responder", subCode: "NoPassive", message: "no session here" });
    expect(opened.inResponseTo).to.equal(ACME.request);
    const failure = failureOf(() => verifyResponse(opened, expectedAt(NOW)));
    expect(failure.guard).to.equal("status");
    expect(failure.detail["got"]).to.deep.equal(["Responder", "NoPassive", "no session here"]);
  });

  it("keeps codes of a provider's own as they are", () => {
    const { base64 } = samlResponse({ status: "urn:acme:Busy", xml: { assertion: "" }, signed: "none" });
    expect(openResponse(base64).status).to.deep.equal({ code: "urn:acme:Busy" });
  });

  it("keeps no more of what the provider said than a trace has room for", () => {
    const long = "x".repeat(5000);
    const { base64 } = samlResponse({ status: `urn:${long}`, subStatus: long, statusMessage: `a\nb${long}` });
    const { code, subCode, message } = openResponse(base64).status;
    expect([code, subCode, message].map((text) => text?.length)).to.deep.equal([201, 201, 201]);
    expect(message).to.match(/^a\uFFFDbx/u);
  });

  it("does not take a code for success that only ends like it", () => {
    expect(openResponse(samlResponse({ status: "Success" }).base64).success).to.equal(false);
  });

  it("shows what the message says, whoever wrote it", () => {
    const { seen } = openResponse(
      samlResponse({
        now: NOW,
        signed: "none",
        attributes: [
          { name: "groups", values: ["a"], friendlyName: "memberOf" },
          { name: "groups", values: ["b"] },
          { name: "__proto__", values: ["c"] },
        ],
      }).base64,
    );
    expect(seen["response"]).to.deep.equal({
      id: "_response-1",
      issuer: ACME.idp,
      issueInstant: NOW,
      destination: ACME.acs,
      inResponseTo: ACME.request,
    });
    expect(seen["nameId"]).to.deep.equal({ format: NAME_ID.email, value: ACME.nameId });
    expect(seen["audiences"]).to.deep.equal([ACME.sp]);
    expect(Object.entries(seen["attributes"] ?? {})).to.deep.equal([
      ["groups", ["a", "b"]],
      ["__proto__", ["c"]],
    ]);
    expect(seen["friendlyNames"]).to.deep.equal({ groups: "memberOf" });
  });

  it("says whether there is something in it that only we can read", () => {
    const data = `<EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#"/>`;
    const assertion = `<saml:EncryptedAssertion xmlns:saml="${SAML}">${data}</saml:EncryptedAssertion>`;
    expect(openResponse(samlResponse({ signed: "none", xml: { assertion } }).base64).isEncrypted).to.equal(true);
    expect(openResponse(samlResponse({ signed: "none" }).base64).isEncrypted).to.equal(false);
  });
});

describe("a refusal", () => {
  const refusals: Readonly<Record<string, readonly [wishes: Partial<ResponseWishes>, detail: object]>> = {
    "another audience, ours and the ones that were named": [
      { audiences: [["https://other.example", "https://third.example"]] },
      { wanted: ACME.sp, got: ["https://other.example", "https://third.example"] },
    ],
    "another recipient, ours and the one that was named": [
      { recipient: "https://other.example/acs" },
      { wanted: ACME.acs, got: "https://other.example/acs" },
    ],
    "another issuer, the connection's and the one that was named": [
      { issuer: "https://other.example" },
      { wanted: ACME.idp, got: "https://other.example" },
    ],
    "a time that is over, that time and now": [
      { notBefore: at(-2 * HOUR), notOnOrAfter: at(-HOUR) },
      { wanted: NOW, got: at(-HOUR) },
    ],
  };
  for (const [what, [wishes, detail]] of Object.entries(refusals))
    it(`shows the admin, of ${what}`, () => {
      expect(failureOf(() => accept(wishes)).detail).to.deep.include(detail);
    });

  it("tells the admin of SHA-1 what to set", () => {
    const signature = { algorithm: ALGORITHM.rsaSha1, digest: DIGEST.sha1 };
    const { guard, detail } = failureOf(() => accept({ signature }));
    expect(guard).to.equal("algorithm");
    expect(detail["problem"]).to.match(
      /SHA-1 .* never accepted: set the identity provider to sign with RSA and SHA-256/,
    );
    expect(detail["got"]).to.equal(ALGORITHM.rsaSha1);
  });

  it("names the algorithm that is not accepted", () => {
    const { guard, detail } = failureOf(() => accept({ signature: { algorithm: ALGORITHM.hmacSha256 } }));
    expect([guard, detail["got"]]).to.deep.equal(["algorithm", ALGORITHM.hmacSha256]);
  });

  it("tells apart what no key signed and what was changed afterwards", () => {
    const stranger = failureOf(() => accept({ signature: { key: globexKey } }));
    expect([stranger.guard, stranger.detail["problem"]]).to.match(/signature,.*signed with none of the 1 keys/);
    const changed = samlResponse({ now: NOW }).replaced(">Engineering<", ">Owners<");
    const failure = failureOf(() => verifyResponse(openResponse(changed.base64), expectedAt(NOW)));
    expect([failure.guard, failure.detail["problem"]]).to.match(/signature,.*was changed after it was signed/);
  });

  it("shows nothing of the person whose name it does not take", () => {
    const nameId = "anna\u200B@acme.example";
    for (const wishes of [{ nameId }, { nameQualifier: nameId }, { extra: { inSubject: nameId } }]) {
      const { guard, detail } = failureOf(() => accept(wishes));
      expect(guard).to.be.oneOf(["name_id", "subject"]);
      expect(JSON.stringify(detail)).not.to.include("acme.example");
    }
  });

  it("shows no more than 200 characters of what a stranger wrote, and none that move a cursor", () => {
    const { detail } = failureOf(() => accept({ recipient: `https://x/\u007F${"y".repeat(5000)}` }));
    expect(detail["got"]).to.match(/^https:\/\/x\/\uFFFDy{189}…$/u);
  });
});

function wrapped(xml: string): string {
  return xml.replace(/(>[A-Za-z0-9+/=]{70,}<)/g, (value) => value.replace(/[A-Za-z0-9+/=]{64}/g, "$&\n"));
}

function atEnd(xml: string, endTag: string, signature: string): string {
  return replaceOnly(xml, endTag, signature + endTag);
}
