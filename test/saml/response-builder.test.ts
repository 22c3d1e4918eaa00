import { DOMParser } from "@xmldom/xmldom";
import { expect } from "chai";
import { SignedXml } from "xml-crypto";
import { attackerKey, idpKey } from "../support/saml-keys.js";
import { ACME, type ResponseWishes, type SamlMessage, samlResponse } from "../support/saml-response.js";
import { ALGORITHM, DIGEST, DS, TRANSFORM } from "../support/saml-signature.js";

/** What xml-crypto, asked with this certificate, finds signed; each signature apart. */
function signedOctets(message: SamlMessage, certificatePem = idpKey.certificatePem): string[] {
  const document = new DOMParser().parseFromString(message.xml, "text/xml");
  const signatures = Array.from(document.getElementsByTagNameNS(DS, "Signature"));
  return signatures.flatMap((signature) => {
    const signed = new SignedXml({ publicCert: certificatePem, getCertFromKeyInfo: () => null });
    signed.loadSignature(signature);
    try {
      return signed.checkSignature(message.xml) ? signed.getSignedReferences() : [];
    } catch {
      return [];
    }
  });
}

const VALID: readonly {
  readonly name: string;
  readonly wishes: Partial<ResponseWishes>;
  readonly signatures: number;
}[] = [
  { name: "both signed", wishes: {}, signatures: 2 },
  { name: "only the assertion signed", wishes: { signed: "assertion" }, signatures: 1 },
  { name: "only the response signed", wishes: { signed: "response" }, signatures: 1 },
  { name: "other prefixes", wishes: { prefixes: { samlp: "ns0", saml: "ns1" } }, signatures: 2 },
  {
    name: "default namespaces alone",
    wishes: { prefixes: { samlp: "", saml: "" }, signature: { prefix: "" } },
    signatures: 2,
  },
  { name: "no key info", wishes: { signature: { keyInfo: null } }, signatures: 2 },
  { name: "sha512", wishes: { signature: { algorithm: ALGORITHM.rsaSha512, digest: DIGEST.sha512 } }, signatures: 2 },
  { name: "sha1", wishes: { signature: { algorithm: ALGORITHM.rsaSha1, digest: DIGEST.sha1 } }, signatures: 2 },
  { name: "PSS", wishes: { signature: { algorithm: ALGORITHM.pssSha256 } }, signatures: 2 },
  {
    name: "inclusive canonicalisation",
    wishes: {
      signed: "assertion",
      signature: { canonicalization: TRANSFORM.inclusive, transforms: [TRANSFORM.enveloped, TRANSFORM.inclusive] },
    },
    signatures: 1,
  },
  { name: "a list of inclusive prefixes", wishes: { signature: { inclusivePrefixes: ["xs"] } }, signatures: 2 },
  { name: "markup and letters of everywhere", wishes: { nameId: 'Zoë & <b>"Æ"</b>' }, signatures: 2 },
];

describe("saml responses made for tests", () => {
  for (const { name, wishes, signatures } of VALID) {
    it(`are held for rightly signed by xml-crypto: ${name}`, () => {
      expect(signedOctets(samlResponse(wishes))).to.have.length(signatures);
    });
  }

  it("hold what was wished in the signed octets", () => {
    const [octets] = signedOctets(samlResponse({ signed: "assertion", nameId: "zoë@acme.example" }));
    expect(octets).to.contain("zoë@acme.example").and.to.contain(ACME.sp);
  });

  it("are not held for signed by another key", () => {
    expect(signedOctets(samlResponse({ signature: { key: attackerKey } }))).to.deep.equal([]);
  });

  it("lose their signatures' worth when a signed word is altered afterwards", () => {
    const valid = samlResponse({ signed: "response" });
    expect(
      signedOctets(valid.replaced(`${ACME.nameId}</saml:NameID>`, "eve@acme.example</saml:NameID>")),
    ).to.deep.equal([]);
  });
});
