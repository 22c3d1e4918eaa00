/** The other side of the hostile responses: what looks like them and does no harm is accepted, as what was signed. */
import { expect } from "chai";
import { attackerKey, idpNextKey } from "../support/saml-keys.js";
import { ACME, BEARER, NAME_ID, type ResponseWishes, SAML } from "../support/saml-response.js";
import { ALGORITHM, certificateInfo, DIGEST } from "../support/saml-signature.js";
import { acceptedBase, at, consume, type Derived, derived, type Otherwise } from "./corpus.js";

interface Harmless extends Derived {
  /** Why it may be accepted. */
  readonly because: string;
}

const ASSERTION_ONLY = { signed: "assertion" } as const;

/** What was changed here is not signed, and nothing is read from it; or it is another spelling of the same signed octets. */
const HARMLESS: readonly Harmless[] = [
  {
    name: "another ID of the unsigned Response",
    because: "replays are found by the signed ID of the Assertion",
    base: ASSERTION_ONLY,
    derive: (valid) => valid.replaced(` ID="_response-1"`, ` ID="_response-2"`),
  },
  {
    name: "another message in an unsigned Status",
    because: "the code alone decides, and it can only refuse",
    base: ASSERTION_ONLY,
    derive: (valid) =>
      valid.replaced("</samlp:Status>", "<samlp:StatusMessage>eve</samlp:StatusMessage></samlp:Status>"),
  },
  {
    name: "a Response signature that was taken away from a signed Assertion",
    because: "the connection wants either, and the Assertion says all that counts",
    derive: (valid) => valid.altered((xml) => xml.replace(/<ds:Signature .*?<\/ds:Signature>/, "")),
  },
  {
    name: "no Destination of an unsigned Response",
    because: "only a signed Response must have one, and the signed Recipient says the same",
    base: ASSERTION_ONLY,
    derive: (valid) => valid.replaced(` Destination="${ACME.acs}"`, ""),
  },
  {
    name: "no Issuer of an unsigned Response",
    because: "the signed Assertion has its own",
    base: ASSERTION_ONLY,
    derive: (valid) => valid.altered((xml) => xml.replace(/<saml:Issuer .*?<\/saml:Issuer>/, "")),
  },
  {
    name: "Extensions of an unsigned Response",
    because: "nothing is read from them",
    base: ASSERTION_ONLY,
    derive: (valid) =>
      valid.replaced(
        "<samlp:Status>",
        `<samlp:Extensions><x:NameID xmlns:x="urn:x">eve</x:NameID></samlp:Extensions><samlp:Status>`,
      ),
  },
  {
    name: "no KeyInfo",
    because: "keys come from the connection alone",
    base: ASSERTION_ONLY,
    derive: (valid) => valid.altered((xml) => xml.replaceAll(/<ds:KeyInfo>.*?<\/ds:KeyInfo>/g, "")),
  },
  {
    name: "another stranger's certificate in KeyInfo",
    because: "keys come from the connection alone",
    base: { signed: "assertion", signature: { keyInfo: certificateInfo(attackerKey) } },
    derive: (valid) => valid.replaced(attackerKey.certificate, idpNextKey.certificate),
  },
  {
    name: "the same name by character references",
    because: "the signed octets are the same",
    derive: (valid) => valid.replaced(`>${ACME.nameId}</saml:NameID>`, ">&#97;nna@acme&#x2E;example</saml:NameID>"),
  },
  {
    name: "a prolog and a line break at the end",
    because: "they are no part of what is signed",
    derive: (valid) => valid.altered((xml) => `<?xml version="1.0" encoding="UTF-8"?>\n${xml}\n`),
  },
  {
    name: "line breaks in the base64",
    because: "some providers break lines",
    derive: (valid) => valid.base64.replaceAll(/.{76}/g, "$&\r\n"),
  },
  {
    name: "line breaks between the elements of the unsigned envelope",
    because: "white space between elements says nothing",
    base: ASSERTION_ONLY,
    derive: (valid) => valid.altered((xml) => xml.replace("<samlp:Status>", "\n  <samlp:Status>\n    ")),
  },
  {
    name: "line breaks and other quotes inside start tags",
    because: "the signed octets are the same",
    derive: (valid) => valid.altered((xml) => xml.replaceAll(` Version="2.0"`, `\n\tVersion='2.0' `)),
  },
  {
    name: "attributes in another order",
    because: "the signed octets are the same",
    derive: (valid) => valid.altered((xml) => xml.replaceAll(/ (ID="[^"]*") (Version="2.0")/g, " $2 $1")),
  },
];

describe("changes that are accepted with the signed identity alone", () => {
  for (const harmless of HARMLESS) {
    it(`${harmless.name}, because ${harmless.because}`, () => {
      const { base } = harmless;
      const identity = consume(acceptedBase(base === undefined ? {} : { base }).base64);
      expect(consume(derived(harmless))).to.deep.equal(identity);
    });
  }
});

const confirmation = (method: string, attributes: string) =>
  `<saml:SubjectConfirmation Method="${method}"><saml:SubjectConfirmationData ${attributes}/></saml:SubjectConfirmation>`;
const GOOD = `InResponseTo="${ACME.request}" NotOnOrAfter="${at(300)}" Recipient="${ACME.acs}"`;

const HONEST: readonly (readonly [string, Partial<ResponseWishes>, Otherwise?])[] = [
  ["a Response signature alone where one is wanted", { signed: "response" }, { idp: { requireSigned: "response" } }],
  [
    "an Assertion signature alone where one is wanted",
    { signed: "assertion" },
    { idp: { requireSigned: "assertion" } },
  ],
  ["both signatures where both are wanted", { signed: "both" }, { idp: { requireSigned: "both" } }],
  ["the second key of the connection, without KeyInfo", { signature: { key: idpNextKey, keyInfo: null } }],
  ["two signatures by two keys of the connection", { responseSignature: { key: idpNextKey } }],
  ["SHA-384", { signature: { algorithm: ALGORITHM.rsaSha384, digest: DIGEST.sha384 } }],
  ["SHA-512", { signature: { algorithm: ALGORITHM.rsaSha512, digest: DIGEST.sha512 } }],
  ["a list of prefixes for the canonicalisation", { signature: { inclusivePrefixes: ["xs", "xsi"] } }],
  ["other prefixes", { prefixes: { samlp: "ns0", saml: "ns1" }, signature: { prefix: "ns2" } }],
  ["default namespaces", { prefixes: { samlp: "", saml: "" }, signature: { prefix: "" } }],
  [
    "what ended less than a minute ago",
    { notBefore: at(-360), notOnOrAfter: at(-59), confirmationNotOnOrAfter: at(-59), sessionNotOnOrAfter: null },
  ],
  ["what begins in less than a minute", { notBefore: at(59) }],
  ["a lifetime of twenty hours", { notOnOrAfter: at(72_000), confirmationNotOnOrAfter: at(72_000) }],
  [
    "a day with a minute at each end, as LemonLDAP::NG says by itself",
    { notBefore: at(-60), notOnOrAfter: at(86_460) },
  ],
  ["Conditions without NotBefore", { notBefore: null }],
  ["one more Audience in the restriction", { audiences: [["https://other.example", ACME.sp]] }],
  ["two restrictions that both name us", { audiences: [[ACME.sp], ["https://other.example", ACME.sp]] }],
  ["the condition to be used once", { extra: { inConditions: "<saml:OneTimeUse/>" } }],
  ["the condition not to be passed on", { extra: { inConditions: `<saml:ProxyRestriction Count="0"/>` } }],
  [
    "a confirmation that does not hold before one that does",
    {
      xml: {
        subjectConfirmation:
          confirmation("urn:oasis:names:tc:SAML:2.0:cm:sender-vouches", "") +
          confirmation(BEARER, GOOD.replace(ACME.acs, "https://other.example/acs")) +
          confirmation(BEARER, GOOD),
      },
    },
  ],
  ["an Issuer with the format of entities", { issuerFormat: NAME_ID.entity }],
  ["no SessionNotOnOrAfter and no SessionIndex", { sessionNotOnOrAfter: null, sessionIndex: null }],
  ["no attributes", { attributes: [] }],
  ["a NameID without format", { nameIdFormat: null }],
  ["a NameID of letters from everywhere", { nameId: "Zoë.Åström+行政@acme.example" }],
  ["a NameID with markup in its text", { nameId: `<saml:NameID xmlns:saml="${SAML}">&amp;` }],
  ["250 groups", { attributes: [{ name: "groups", values: Array.from({ length: 250 }, (_, n) => `group ${n}`) }] }],
];

describe("what honest providers send is accepted beside its hostile twins", () => {
  for (const [what, base, otherwise] of HONEST) {
    it(what, () => {
      acceptedBase({ base, ...(otherwise && { otherwise }) });
    });
  }
});
