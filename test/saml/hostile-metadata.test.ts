/** Which keys metadata lets sign, shown by what they sign: responses that are accepted and refused by it. */
import { expect } from "chai";
import { type IdpMetadata, readIdpMetadata } from "../../src/protocols/saml/metadata.js";
import { attackerKey, globexKey, idpKey, idpNextKey, type SigningKey } from "../support/saml-keys.js";
import { ACME, samlResponse } from "../support/saml-response.js";
import { judge, NOW } from "./corpus.js";
import {
  armoured,
  entities,
  idpMetadata,
  idpRole,
  keyDescriptor,
  type MetadataWishes,
  SAML2,
  spRole,
  ssoService,
} from "./idp-metadata.js";

const KEYS: Readonly<Record<string, SigningKey>> = {
  A: idpKey,
  B: idpNextKey,
  C: globexKey,
  eve: attackerKey,
};
const [A, B, C, EVE] = [idpKey, idpNextKey, globexKey, attackerKey].map((key) => key.certificate) as [
  string,
  string,
  string,
  string,
];

const RULES = { now: NOW, allowHttp: false, pointer: "/metadataXml" } as const;

function acme(wishes: Partial<MetadataWishes>): string {
  return idpMetadata({ entityId: ACME.idp, ...wishes });
}

function believed(xml: string): IdpMetadata {
  const reading = readIdpMetadata(xml, RULES);
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  return reading.metadata;
}

/** The names of those whose responses are let in by what this metadata says. */
function letIn(xml: string): string[] {
  const { entityId, certificates } = believed(xml);
  return Object.entries(KEYS).flatMap(([name, key]) => {
    const { base64 } = samlResponse({ now: NOW, signature: { key } });
    return judge(base64, { idp: { entityId, certificates } }) === `nobody: accepted as \`${ACME.nameId}\``
      ? [name]
      : [];
  });
}

function codesOf(xml: string): readonly string[] {
  const reading = readIdpMetadata(xml, RULES);
  return reading.ok ? [] : reading.problems.map(({ code }) => code);
}

const hidden = `<md:Extensions><x:y xmlns:x="urn:x">${idpRole({ keys: keyDescriptor(EVE, "signing") })}</x:y></md:Extensions>`;
const CASES: readonly (readonly [row: string, xml: string, who: readonly string[]])[] = [
  [
    "MD-1: two KeyDescriptor use=signing",
    acme({ keys: keyDescriptor(A, "signing") + keyDescriptor(B, "signing") }),
    ["A", "B"],
  ],
  ["MD-2: two KeyDescriptor with no use", acme({ keys: keyDescriptor(A) + keyDescriptor(B) }), ["A", "B"]],
  [
    "MD-3: no-use A, signing B, encryption C",
    acme({ keys: keyDescriptor(A) + keyDescriptor(B, "signing") + keyDescriptor(C, "encryption") }),
    ["A", "B"],
  ],
  [
    "no-use A, signing B, encryption C, the other way round",
    acme({ keys: keyDescriptor(C, "encryption") + keyDescriptor(B, "signing") + keyDescriptor(A) }),
    ["A", "B"],
  ],
  [
    "MD-5: IDPSSODescriptor A + SPSSODescriptor C in one entity",
    acme({ keys: keyDescriptor(A, "signing"), otherRoles: spRole(keyDescriptor(C, "signing")) }),
    ["A"],
  ],
  ["MD-6: certificate text with PEM armour", acme({ keys: keyDescriptor(armoured(A), "signing") }), ["A"]],
  [
    "MD-7: EntitiesDescriptor, with another service's keys beside",
    entities(
      idpMetadata({ entityId: "https://evil.example", role: spRole(keyDescriptor(EVE, "signing")) }) +
        acme({ keys: keyDescriptor(A, "signing") }),
    ),
    ["A"],
  ],
  [
    "a key of an attribute authority",
    acme({
      otherRoles: `<md:AttributeAuthorityDescriptor protocolSupportEnumeration="${SAML2}">${keyDescriptor(EVE, "signing")}</md:AttributeAuthorityDescriptor>`,
    }),
    ["A"],
  ],
  [
    "a role that stands in the extensions of the entity",
    acme({ role: hidden + idpRole({ keys: keyDescriptor(A, "signing") }) }),
    ["A"],
  ],
  [
    "a key that stands in the extensions of another key",
    acme({
      keys: keyDescriptor(A, "signing").replace(
        "</md:KeyDescriptor>",
        `<md:EncryptionMethod Algorithm="urn:x">${keyDescriptor(EVE, "signing")}</md:EncryptionMethod></md:KeyDescriptor>`,
      ),
    }),
    ["A"],
  ],
  [
    "a certificate outside of X509Data",
    acme({
      keys: keyDescriptor(A, "signing").replace(
        "</ds:KeyInfo>",
        `<ds:KeyValue><ds:X509Certificate>${EVE}</ds:X509Certificate></ds:KeyValue></ds:KeyInfo>`,
      ),
    }),
    ["A"],
  ],
  [
    "a signature of the metadata with a key of its own",
    acme({
      role: `<ds:Signature><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${EVE}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>${idpRole({ keys: keyDescriptor(A, "signing") })}`,
    }),
    ["A"],
  ],
  [
    "a key whose use is said in a namespace of its own",
    acme({
      keys:
        keyDescriptor(A, "signing") +
        keyDescriptor(EVE).replace("<md:KeyDescriptor", `<md:KeyDescriptor use="encryption" md:use="signing"`),
    }),
    ["A"],
  ],
  [
    "a key in a comment",
    acme({ keys: `<!--${keyDescriptor(EVE, "signing")}-->${keyDescriptor(A, "signing")}` }),
    ["A"],
  ],
];

describe("keys that metadata lets sign", () => {
  for (const [row, xml, who] of CASES) {
    it(`${row}: ${who.join(" and ")} alone`, () => {
      expect(letIn(xml)).to.deep.equal(who);
    });
  }

  it("MD-4: only use=encryption: nobody's, so that it is refused", () => {
    expect(codesOf(acme({ keys: keyDescriptor(A, "encryption") }))).to.deep.equal(["certificate_missing"]);
  });

  it("of two providers at once: nobody's, so that it is refused", () => {
    const both = entities(
      acme({}) + idpMetadata({ entityId: "https://evil.example", keys: keyDescriptor(EVE, "signing") }),
    );
    expect(codesOf(both)).to.deep.equal(["several_entities"]);
  });

  it("name the provider that is believed: another's responses are not, whoever signed them", () => {
    const { certificates } = believed(acme({ entityId: "https://other.example/saml" }));
    const { base64 } = samlResponse({ now: NOW });
    expect(judge(base64, { idp: { entityId: "https://other.example/saml", certificates } })).to.equal("issuer");
  });
});

describe("MD-7: work that metadata makes", () => {
  const many = (count: number, each: (n: number) => string) =>
    Array.from({ length: count }, (_, n) => each(n)).join("");
  const CASES: readonly (readonly [string, () => string, readonly string[]])[] = [
    ["a million <", () => "<".repeat(1_000_000), ["xml_refused"]],
    ["half a million openings of comments", () => "<!--".repeat(250_000), ["xml_refused"]],
    ["a quarter of a million comments", () => `${"<!---->".repeat(140_000)}${acme({})}`, []],
    ["deep nesting", () => acme({ otherRoles: "<a>".repeat(20_000) + "</a>".repeat(20_000) }), ["metadata_too_large"]],
    [
      "nested groups of entities",
      () =>
        `${'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">'.repeat(5_000)}${"</md:EntitiesDescriptor>".repeat(5_000)}`,
      ["metadata_too_large"],
    ],
    [
      "thousands of attributes",
      () => acme({ entityAttributes: many(5_000, (n) => ` a${n}="x"`) }),
      ["metadata_too_large"],
    ],
    [
      "thousands of namespaces",
      () => acme({ entityAttributes: many(5_000, (n) => ` xmlns:a${n}="urn:x${n}"`) }),
      ["metadata_too_large"],
    ],
    [
      "hundreds of certificates",
      () => acme({ keys: keyDescriptor(A, "signing").repeat(300) }),
      ["certificate_too_many"],
    ],
    ["thousands of addresses", () => acme({ services: ssoService("https://idp.acme.example/sso").repeat(5_000) }), []],
    [
      "ten levels of entities",
      () =>
        `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>${acme({ entityId: "&b;" })}`,
      ["xml_refused"],
    ],
    ["more than a megabyte", () => acme({ entityAttributes: ` x="${"y".repeat(1_100_000)}"` }), ["metadata_too_large"]],
  ];
  for (const [what, xml, codes] of CASES) {
    it(`${codes.length === 0 ? "bears" : "refuses"} ${what}`, () => {
      expect(codesOf(xml())).to.deep.equal(codes);
    });
  }
});
