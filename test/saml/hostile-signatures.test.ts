import type { Guard } from "../../src/protocols/saml/failure.js";
import { attackerKey, ellipticKey, globexKey, idpKey, idpNextKey } from "../support/saml-keys.js";
import { ACME, replaceOnly, SAML } from "../support/saml-response.js";
import { ALGORITHM, certificateInfo, DIGEST, DS, referenceTo, TRANSFORM } from "../support/saml-signature.js";
import { acceptedBase, forEachSigning, type Hostile, refuses, signedAs } from "./corpus.js";
import {
  assertionOf,
  assertionSignatureOf,
  evil,
  inObject,
  insertAfter,
  insertBefore,
  signatureOf,
  without,
  withoutSignatures,
} from "./forge.js";

const ASSERTION_ONLY = { signed: "assertion" } as const;
const RESPONSE_ONLY = { signed: "response" } as const;

/** One character of a base64 value becomes another. */
function bent(xml: string, element: string): string {
  const open = `<ds:${element}>`;
  const at = xml.indexOf(open) + open.length;
  return xml.slice(0, at) + (xml[at] === "A" ? "B" : "A") + xml.slice(at + 1);
}

describe("SML-1: a signature at all", () => {
  refuses([
    { name: "a response that nobody signed", derive: (valid) => valid.with({ signed: "none" }), guard: "unsigned" },
    ...forEachSigning<Hostile>([
      {
        name: "a response whose signatures were stripped",
        derive: (valid) => valid.altered(withoutSignatures),
        guard: "unsigned",
      },
      {
        name: "another person, the signatures stripped",
        derive: (valid) => valid.altered((xml) => evil(withoutSignatures(xml))),
        guard: "unsigned",
      },
      {
        name: "signatures that are in a namespace of their own",
        derive: (valid) => valid.altered((xml) => evil(xml.replaceAll(DS, `${DS}2`))),
        guard: "structure",
      },
      {
        name: "an empty SignatureValue",
        derive: (valid) => valid.altered((xml) => xml.replaceAll(/<ds:SignatureValue>[^<]*/g, "<ds:SignatureValue>")),
        guard: "signature_form",
      },
      {
        name: "no SignatureValue",
        derive: (valid) => valid.altered((xml) => xml.replaceAll(/<ds:SignatureValue>[^<]*<\/ds:SignatureValue>/g, "")),
        guard: "signature_form",
      },
      {
        name: "an empty Signature",
        derive: (valid) =>
          valid.altered((xml) => xml.replaceAll(/(<ds:Signature [^>]*>).*?(<\/ds:Signature>)/g, "$1$2")),
        guard: "signature_form",
      },
      {
        name: "another person under the old signatures",
        derive: (valid) => valid.altered((xml) => evil(xml)),
        guard: "signature",
      },
    ]),
    {
      name: "a signed assertion where the connection wants the response signed",
      otherwise: { idp: { requireSigned: "response" } },
      derive: (valid) => valid.with(ASSERTION_ONLY),
      guard: "unsigned",
    },
    {
      name: "a signed response where the connection wants the assertion signed",
      otherwise: { idp: { requireSigned: "assertion" } },
      derive: (valid) => valid.with(RESPONSE_ONLY),
      guard: "unsigned",
    },
    {
      name: "a signed assertion where the connection wants both signed",
      otherwise: { idp: { requireSigned: "both" } },
      derive: (valid) => valid.with(ASSERTION_ONLY),
      guard: "unsigned",
    },
    {
      name: "a signed response where the connection wants both signed",
      otherwise: { idp: { requireSigned: "both" } },
      derive: (valid) => valid.with(RESPONSE_ONLY),
      guard: "unsigned",
    },
    {
      name: "a response whose own signature was stripped where the connection wants both",
      otherwise: { idp: { requireSigned: "both" } },
      derive: (valid) => valid.altered((xml) => without(xml, signatureOf(xml))),
      guard: "unsigned",
    },
  ]);
});

describe("SML-2: broken Response signature, good Assertion signature", () => {
  refuses([
    {
      name: "a Response digest that no longer holds",
      derive: (valid) =>
        valid.replaced("</samlp:Status>", "<samlp:StatusMessage>x</samlp:StatusMessage></samlp:Status>"),
      guard: "signature",
    },
    {
      name: "a Response SignatureValue with one character changed",
      derive: (valid) => valid.altered((xml) => bent(xml, "SignatureValue")),
      guard: "signature",
    },
    {
      name: "a Response DigestValue with one character changed",
      derive: (valid) => valid.altered((xml) => bent(xml, "DigestValue")),
      guard: "signature",
    },
    {
      name: "a Response signed by a stranger round a genuine Assertion",
      derive: (valid) => valid.with({ responseSignature: { key: attackerKey } }),
      guard: "signature",
    },
    {
      name: "a Response signature with a forbidden algorithm round a genuine Assertion",
      derive: (valid) => valid.with({ responseSignature: { algorithm: ALGORITHM.rsaSha1, digest: DIGEST.sha1 } }),
      guard: "algorithm",
    },
    {
      name: "a good Response signature over an Assertion whose own signature is broken",
      derive: (valid) => valid.with({ assertionSignature: { signature: (xml) => bent(xml, "SignatureValue") } }),
      guard: "signature",
    },
    {
      name: "a good Response signature over an Assertion whose own digest is broken",
      derive: (valid) => valid.with({ assertionSignature: { signature: (xml) => bent(xml, "DigestValue") } }),
      guard: "signature",
    },
    {
      name: "a good Response signature over an Assertion that a stranger signed",
      derive: (valid) => valid.with({ assertionSignature: { key: attackerKey } }),
      guard: "signature",
    },
  ]);
});

describe("SML-16: certificate choice", () => {
  refuses([
    ...forEachSigning<Hostile>([
      {
        name: "the key of another connection",
        derive: (valid) => valid.with({ signature: { key: globexKey } }),
        guard: "signature",
      },
      {
        name: "a stranger's key with its certificate in KeyInfo, under the provider's name",
        derive: (valid) => valid.with({ signature: { key: attackerKey } }),
        guard: "signature",
      },
      {
        name: "a stranger's key with the provider's own certificate in KeyInfo",
        derive: (valid) => valid.with({ signature: { key: attackerKey, keyInfo: certificateInfo(idpKey) } }),
        guard: "signature",
      },
      {
        name: "a stranger's key with the provider's certificate and then his own in KeyInfo",
        derive: (valid) =>
          valid.with({
            signature: { key: attackerKey, keyInfo: certificateInfo(idpKey) + certificateInfo(attackerKey) },
          }),
        guard: "signature",
      },
      {
        name: "a stranger's key and no KeyInfo",
        derive: (valid) => valid.with({ signature: { key: attackerKey, keyInfo: null } }),
        guard: "signature",
      },
      {
        name: "a stranger's key that KeyInfo fetches from elsewhere",
        derive: (valid) =>
          valid.with({
            signature: {
              key: attackerKey,
              keyInfo: `<ds:RetrievalMethod URI="https://evil.example/key" Type="${DS}X509Data"/>`,
            },
          }),
        guard: "signature",
      },
    ]),
    {
      name: "a key that the connection no longer has",
      base: { signature: { key: idpNextKey } },
      otherwise: { idp: { certificates: [idpNextKey.certificate] } },
      derive: (valid) => valid.with({ signature: { key: idpKey } }),
      guard: "signature",
    },
  ]);

  it("accepts each key of the connection, whatever stands in KeyInfo or whether there is one", () => {
    for (const key of [idpKey, idpNextKey]) {
      for (const keyInfo of [
        null,
        certificateInfo(idpKey),
        certificateInfo(attackerKey),
        "<ds:KeyName>k</ds:KeyName>",
      ]) {
        acceptedBase({ base: { signature: { key, keyInfo } } });
      }
    }
  });
});

describe("SML-3: signatures with other parts than a signature has (CVE-2025-29774, CVE-2025-29775)", () => {
  /** A SignedInfo whose digest is the forged assertion's, to stand beside the signed one. */
  function forgedInfo(xml: string): { xml: string; genuine: string; forged: string } {
    const signature = signatureOf(xml);
    const genuine = /<ds:SignedInfo>.*?<\/ds:SignedInfo>/.exec(signature)?.[0] ?? "";
    const unsigned = evil(without(xml, signature));
    const forged = genuine.replace(/<ds:Reference.*<\/ds:Reference>/, referenceTo(unsigned, "_assertion-1"));
    return { xml: evil(xml), genuine, forged };
  }

  refuses([
    signedAs<Hostile>(
      {
        name: "a forged SignedInfo before the signed one",
        derive: (valid) =>
          valid.altered((text) => {
            const { xml, genuine, forged } = forgedInfo(text);
            return replaceOnly(xml, genuine, forged + genuine);
          }),
        guard: "signature_form",
      },
      "assertion",
    ),
    signedAs<Hostile>(
      {
        name: "a forged SignedInfo behind the signed one",
        derive: (valid) =>
          valid.altered((text) => {
            const { xml, genuine, forged } = forgedInfo(text);
            return replaceOnly(xml, genuine, genuine + forged);
          }),
        guard: "signature_form",
      },
      "assertion",
    ),
    signedAs<Hostile>(
      {
        name: "the signed SignedInfo in an Object behind a forged one",
        derive: (valid) =>
          valid.altered((text) => {
            const { xml, genuine, forged } = forgedInfo(text);
            return replaceOnly(xml, genuine, forged).replace("</ds:Signature>", `${inObject(genuine)}</ds:Signature>`);
          }),
        guard: "structure",
      },
      "assertion",
    ),
    signedAs<Hostile>(
      {
        name: "a forged digest in a comment of DigestValue",
        derive: (valid) =>
          valid.altered((text) => {
            const { xml, forged } = forgedInfo(text);
            const digest = /<ds:DigestValue>([^<]*)/.exec(forged)?.[1] ?? "";
            return xml.replace("<ds:DigestValue>", `<ds:DigestValue><!--${digest}-->`);
          }),
        guard: "markup",
      },
      "assertion",
    ),
    ...(["SignedInfo", "SignatureValue", "SignatureMethod", "Reference", "DigestMethod", "DigestValue"] as const).map(
      (part): Hostile => ({
        name: `two ${part} elements`,
        derive: (valid) =>
          valid.altered((xml) =>
            xml.replace(new RegExp(`<ds:${part}\\b[^>]*(?:/>|>.*?</ds:${part}>)`), (found) => found + found),
          ),
        guard: "signature_form",
      }),
    ),
    {
      name: "two signed Reference elements, both to what they sign",
      base: ASSERTION_ONLY,
      derive: (valid) =>
        valid.with({
          assertionSignature: {
            signedInfo: (xml) => xml.replace(/<ds:Reference.*<\/ds:Reference>/, (reference) => reference + reference),
          },
        }),
      guard: "signature_form",
    },
    {
      name: "one signature with a Reference to the Response and one to the Assertion",
      base: RESPONSE_ONLY,
      derive: (valid) => {
        const reference = referenceTo(valid.with({ signed: "none" }).xml, "_assertion-1");
        return valid.with({
          responseSignature: {
            signedInfo: (xml) => replaceOnly(xml, "</ds:SignedInfo>", `${reference}</ds:SignedInfo>`),
          },
        });
      },
      guard: "signature_form",
    },
    {
      name: "a signed SignedInfo without any Reference",
      derive: (valid) =>
        valid.with({ signature: { signedInfo: (xml) => xml.replace(/<ds:Reference.*<\/ds:Reference>/, "") } }),
      guard: "signature_form",
    },
    {
      name: "a Reference that stands in a Manifest",
      base: ASSERTION_ONLY,
      derive: (valid) => {
        const reference = referenceTo(valid.with({ signed: "none" }).xml, "_assertion-1");
        return valid.with({
          signature: {
            signedInfo: (xml) => xml.replace(/<ds:Reference.*<\/ds:Reference>/, ""),
            signature: (xml) =>
              xml.replace("</ds:Signature>", `${inObject(`<ds:Manifest>${reference}</ds:Manifest>`)}</ds:Signature>`),
          },
        });
      },
      guard: "structure",
    },
    {
      name: "an element inside DigestValue",
      derive: (valid) => valid.altered((xml) => xml.replaceAll(/(<ds:DigestValue>[^<]*)/g, "$1<ds:x/>")),
      guard: "signature_form",
    },
    {
      name: "an Object inside a signature",
      derive: (valid) => valid.altered((xml) => xml.replace("</ds:Signature>", `${inObject("x")}</ds:Signature>`)),
      guard: "structure",
    },
    {
      name: "text of somebody else in a KeyInfo of an unknown kind, as a second KeyInfo",
      derive: (valid) => valid.altered((xml) => xml.replace("</ds:Signature>", "<ds:KeyInfo/></ds:Signature>")),
      guard: "signature_form",
    },
    {
      name: "an unknown element in a signature",
      derive: (valid) => valid.altered((xml) => xml.replace("</ds:Signature>", `<x xmlns="urn:evil"/></ds:Signature>`)),
      guard: "signature_form",
    },
  ]);
});

describe("SML-19: Reference URI", () => {
  const uris: readonly (readonly [string, string | null])[] = [
    ["no URI", null],
    ["an empty URI, for the whole document", ""],
    ["an external URI", "https://evil.example/signed.xml#_assertion-1"],
    ["an external URI without fragment", "https://evil.example/signed.xml"],
    ["a local file", "file:///etc/passwd"],
    ["an XPointer for the ID", "#xpointer(id('_assertion-1'))"],
    ["an XPointer for the whole document", "#xpointer(/)"],
    ["the ID without #", "_assertion-1"],
    ["# alone", "#"],
    ["another letter case", "#_ASSERTION-1"],
    ["the ID with a blank", "#_assertion-1 "],
    ["the ID of the Response", "#_response-1"],
    ["an ID that nothing has", "#_nothing"],
  ];
  refuses(
    uris.map(
      ([what, uri]): Hostile => ({
        name: `a signed Reference with ${what}`,
        base: ASSERTION_ONLY,
        derive: (valid) => valid.with({ assertionSignature: { uri } }),
        guard: "signature_form",
      }),
    ),
  );

  refuses([
    {
      name: "the whole document signed by an empty URI",
      base: RESPONSE_ONLY,
      derive: (valid) => valid.with({ responseSignature: { uri: "" } }),
      guard: "signature_form",
    },
    {
      name: "the whole document signed by an absent URI",
      base: RESPONSE_ONLY,
      derive: (valid) => valid.with({ responseSignature: { uri: null } }),
      guard: "signature_form",
    },
    {
      name: "the Assertion's signature moved up into the Response",
      base: ASSERTION_ONLY,
      derive: (valid) =>
        valid.altered((xml) => {
          const signature = assertionSignatureOf(xml);
          return insertBefore(without(xml, signature), "<samlp:Status>", signature);
        }),
      guard: "signature_form",
    },
    {
      name: "the Response's signature moved down into the Assertion",
      base: RESPONSE_ONLY,
      derive: (valid) =>
        valid.altered((xml) => {
          const signature = signatureOf(xml);
          return insertBefore(without(xml, signature), "<saml:Subject>", signature);
        }),
      guard: "signature_form",
    },
    {
      name: "a second signature of the same Assertion",
      base: ASSERTION_ONLY,
      derive: (valid) => valid.altered((xml) => insertBefore(xml, "<ds:Signature ", assertionSignatureOf(xml))),
      guard: "structure",
    },
    ...["saml:Subject", "saml:Conditions", "saml:AttributeStatement", "samlp:Status"].map(
      (parent): Hostile => ({
        name: `the Assertion's signature moved into ${parent}`,
        base: ASSERTION_ONLY,
        derive: (valid) =>
          valid.altered((xml) => {
            const signature = assertionSignatureOf(xml);
            return insertBefore(without(xml, signature), `</${parent}>`, signature);
          }),
        guard: "structure",
      }),
    ),
  ]);
});

describe("SML-18: transforms", () => {
  const { enveloped, exclusive, exclusiveWithComments, inclusive, inclusiveWithComments } = TRANSFORM;
  const lists: readonly (readonly [string, readonly string[], Guard?])[] = [
    ["no transforms", []],
    ["the enveloped one alone", [enveloped]],
    ["the exclusive one alone", [exclusive]],
    ["the two in the other order", [exclusive, enveloped]],
    ["the exclusive one twice", [enveloped, exclusive, exclusive]],
    ["the enveloped one twice", [enveloped, enveloped, exclusive]],
    ["an XPath one first", [TRANSFORM.xpath, exclusive]],
    ["an XPath one between", [enveloped, TRANSFORM.xpath, exclusive]],
    ["an XPath filter", [enveloped, TRANSFORM.xpathFilter, exclusive]],
    ["an XSLT one", [enveloped, TRANSFORM.xslt, exclusive]],
    ["a base64 one", [enveloped, exclusive, TRANSFORM.base64]],
    ["inclusive canonicalisation", [enveloped, inclusive], "algorithm"],
    ["inclusive canonicalisation with comments", [enveloped, inclusiveWithComments], "algorithm"],
    ["inclusive canonicalisation 1.1", [enveloped, TRANSFORM.inclusive11], "algorithm"],
    ["exclusive canonicalisation with comments", [enveloped, exclusiveWithComments], "algorithm"],
    ["a long list of them", [enveloped, ...Array.from({ length: 50 }, () => exclusive)]],
    ["an unknown one", [enveloped, exclusive, "urn:evil"]],
  ];
  refuses(
    lists.flatMap(([what, transforms, guard = "signature_form"]) =>
      (["assertion", "response"] as const).map(
        (signed): Hostile => ({
          name: `${what} (signed: ${signed})`,
          base: { signed },
          derive: (valid) => valid.with({ signature: { transforms } }),
          guard,
        }),
      ),
    ),
  );

  refuses([
    ...[inclusive, inclusiveWithComments, exclusiveWithComments].map(
      (canonicalization): Hostile => ({
        name: `a SignedInfo canonicalised by ${canonicalization}`,
        base: ASSERTION_ONLY,
        derive: (valid) => valid.with({ signature: { canonicalization } }),
        guard: "algorithm",
      }),
    ),
    {
      name: "an XPath program inside the exclusive transform",
      derive: (valid) =>
        valid.with({
          signature: {
            signedInfo: (xml) =>
              replaceOnly(
                xml,
                `<ds:Transform Algorithm="${exclusive}"/>`,
                `<ds:Transform Algorithm="${exclusive}"><ds:XPath>not(ancestor-or-self::saml:Subject)</ds:XPath></ds:Transform>`,
              ),
          },
        }),
      guard: "signature_form",
    },
    {
      name: "a stylesheet inside the enveloped transform",
      derive: (valid) =>
        valid.with({
          signature: {
            signedInfo: (xml) =>
              replaceOnly(
                xml,
                `<ds:Transform Algorithm="${enveloped}"/>`,
                `<ds:Transform Algorithm="${enveloped}"><x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform"/></ds:Transform>`,
              ),
          },
        }),
      guard: "signature_form",
    },
  ]);
});

describe("SML-17: signature algorithms", () => {
  refuses([
    ...forEachSigning<Hostile>([
      {
        name: "rsa-sha1 with sha1",
        derive: (valid) => valid.with({ signature: { algorithm: ALGORITHM.rsaSha1, digest: DIGEST.sha1 } }),
        guard: "algorithm",
      },
      {
        name: "rsa-sha1 over a sha256 digest",
        derive: (valid) => valid.with({ signature: { algorithm: ALGORITHM.rsaSha1 } }),
        guard: "algorithm",
      },
      {
        name: "rsa-sha256 over a sha1 digest",
        derive: (valid) => valid.with({ signature: { digest: DIGEST.sha1 } }),
        guard: "algorithm",
      },
      {
        name: "HMAC-SHA1 with the public key as the secret",
        derive: (valid) => valid.with({ signature: { algorithm: ALGORITHM.hmacSha1 } }),
        guard: "algorithm",
      },
      {
        name: "HMAC-SHA256 with the public key as the secret",
        derive: (valid) => valid.with({ signature: { algorithm: ALGORITHM.hmacSha256 } }),
        guard: "algorithm",
      },
      {
        name: "HMAC-SHA1 with the certificate as the secret",
        derive: (valid) =>
          valid.with({
            signature: { algorithm: ALGORITHM.hmacSha1, key: { ...idpKey, publicPem: idpKey.certificatePem } },
          }),
        guard: "algorithm",
      },
      {
        name: "an elliptic key, one of the connection's, under the name of RSA",
        otherwise: { idp: { certificates: [idpKey.certificate, ellipticKey.certificate] } },
        derive: (valid) => valid.with({ signature: { algorithm: ALGORITHM.rsaSha256, key: ellipticKey } }),
        guard: "signature",
      },
    ]),
    ...["", "urn:none", "http://www.w3.org/2001/04/xmldsig-more#rsa-md5", "__proto__", "constructor", "toString"].map(
      (algorithm): Hostile => ({
        name: `a signature algorithm that is called \`${algorithm}\``,
        derive: (valid) => valid.altered((xml) => xml.replaceAll(`"${ALGORITHM.rsaSha256}"`, `"${algorithm}"`)),
        guard: "algorithm",
      }),
    ),
    ...["", "urn:none", "__proto__", "constructor"].map(
      (algorithm): Hostile => ({
        name: `a digest algorithm that is called \`${algorithm}\``,
        derive: (valid) => valid.altered((xml) => xml.replaceAll(`"${DIGEST.sha256}"`, `"${algorithm}"`)),
        guard: "algorithm",
      }),
    ),
    {
      name: "an HMACOutputLength that asks for no bits",
      derive: (valid) =>
        valid.with({
          signature: {
            algorithm: ALGORITHM.hmacSha1,
            signedInfo: (xml) =>
              replaceOnly(
                xml,
                `<ds:SignatureMethod Algorithm="${ALGORITHM.hmacSha1}"/>`,
                `<ds:SignatureMethod Algorithm="${ALGORITHM.hmacSha1}"><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>`,
              ),
          },
        }),
      guard: "algorithm",
    },
  ]);
});

describe("signatures of other documents of the same provider", () => {
  refuses([
    {
      name: "a signed logout response inside the Extensions of an unsigned one",
      base: RESPONSE_ONLY,
      derive: (valid) =>
        valid.altered((xml) => {
          const logout = without(xml, assertionOf(xml)).replaceAll("samlp:Response", "samlp:LogoutResponse");
          const unsigned = evil(withoutSignatures(xml)).replaceAll("_response-1", "_response-2");
          return insertBefore(unsigned, "<samlp:Status>", `<samlp:Extensions>${logout}</samlp:Extensions>`);
        }),
      guard: "structure",
    },
    {
      name: "a signature of the provider's metadata beside an unsigned assertion",
      base: ASSERTION_ONLY,
      derive: (valid) => {
        const metadata = `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_assertion-2" entityID="${ACME.idp}"><saml:Issuer xmlns:saml="${SAML}">x</saml:Issuer></md:EntityDescriptor>`;
        const signed = valid.with({ assertionId: "_assertion-2", xml: { assertion: metadata } });
        return signed.altered((xml) =>
          insertAfter(xml, "</md:EntityDescriptor>", evil(withoutSignatures(assertionOf(valid.xml)))),
        );
      },
      guard: "structure",
    },
  ]);
});
