import { createHash } from "node:crypto";
import { DOMParser } from "@xmldom/xmldom";
import { expect } from "chai";
import { SignedXml } from "xml-crypto";
import { canonical } from "../../src/protocols/saml/canonical.js";
import { SamlFailure } from "../../src/protocols/saml/failure.js";
import { DS, SAML, SAMLP } from "../../src/protocols/saml/namespaces.js";
import { RESPONSE_CAPS, SIGNED_CAPS } from "../../src/protocols/saml/prescan.js";
import { responseShape } from "../../src/protocols/saml/shape.js";
import { keysOf, type Signed, signedElement } from "../../src/protocols/saml/signature.js";
import {
  attributeOf,
  childrenOf,
  elementsIn,
  parseXml,
  textOf,
  type XmlElement,
} from "../../src/protocols/saml/xml.js";
import { ellipticKey, globexKey, idpKey, makeKey, type SigningKey } from "../support/saml-keys.js";
import { type ResponseWishes, replaceOnly, SamlMessage, samlResponse } from "../support/saml-response.js";
import { ALGORITHM, DIGEST, TRANSFORM } from "../support/saml-signature.js";

const XS = "http://www.w3.org/2001/XMLSchema";

/** What our own verification hands out for each signature of the message, the Response's first. */
function verified(message: SamlMessage, keys: readonly SigningKey[] = [idpKey]): XmlElement[] {
  return signedIn(parseXml(message.xml, RESPONSE_CAPS)).map((one) =>
    signedElement(one, keysOf(keys.map(({ certificate }) => certificate))),
  );
}

function signedIn(root: XmlElement): Signed[] {
  const { id, signature, assertion } = responseShape(root);
  return [
    ...(signature ? [{ element: root, id, signature }] : []),
    ...(assertion?.signature ? [{ element: assertion.root, id: assertion.id, signature: assertion.signature }] : []),
  ];
}

/** What the library's own verification hands out, in the order of the document. */
function verifiedByTheLibrary(message: SamlMessage): XmlElement[] {
  const document = new DOMParser().parseFromString(message.xml, "text/xml");
  return Array.from(document.getElementsByTagNameNS(DS, "Signature")).map((signature) => {
    const library = new SignedXml({ publicCert: idpKey.certificatePem, getCertFromKeyInfo: () => null });
    library.loadSignature(signature);
    expect(library.checkSignature(message.xml)).to.equal(true);
    return parseXml(library.getSignedReferences()[0] ?? "", SIGNED_CAPS);
  });
}

/** The library signs it, as many services' own providers do. */
function signedByTheLibrary(xml: string, id: string, inclusiveNamespacesPrefixList: string[]): SamlMessage {
  const library = new SignedXml({
    privateKey: idpKey.privateKey,
    signatureAlgorithm: ALGORITHM.rsaSha256,
    canonicalizationAlgorithm: TRANSFORM.exclusive,
  });
  const xpath = `//*[@ID='${id}']`;
  const transforms = [TRANSFORM.enveloped, TRANSFORM.exclusive];
  library.addReference({ xpath, transforms, digestAlgorithm: DIGEST.sha256, inclusiveNamespacesPrefixList });
  library.computeSignature(xml, { prefix: "ds", location: { reference: xpath, action: "append" } });
  return new SamlMessage(library.getSignedXml(), {});
}

/** A tree without the parser's nodes. */
function plain({ namespace, name, attributes, text, children }: XmlElement): object {
  return { namespace, name, attributes, text, children: children.map(plain) };
}

function problemOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (error instanceof SamlFailure) return `${error.guard}: ${String(error.detail["problem"])}`;
    throw error;
  }
  return "accepted";
}

describe("a signature that holds", () => {
  const shapes: Readonly<Record<string, Partial<ResponseWishes>>> = {
    "both signed": {},
    "the assertion signed": { signed: "assertion" },
    "the Response signed": { signed: "response" },
    "other prefixes": { prefixes: { samlp: "ns0", saml: "ns1" } },
    "default namespaces": { prefixes: { samlp: "", saml: "" }, signature: { prefix: "" } },
    "SHA-512": { signature: { algorithm: ALGORITHM.rsaSha512, digest: DIGEST.sha512 } },
    "prefixes listed, declared in the element and above it": {
      signature: { inclusivePrefixes: ["samlp", "saml", "xs", "nobody"] },
      beforeSigning: (xml) => replaceOnly(xml, "<samlp:Response ", `<samlp:Response xmlns:xs="${XS}" `),
    },
    "the default namespace listed, which nothing declares": {
      signature: { inclusivePrefixes: ["#default", "xs"] },
      beforeSigning: (xml) => replaceOnly(xml, "<samlp:Response ", `<samlp:Response xmlns:xs="${XS}" `),
    },
    "the default namespace listed, which everything is in": {
      prefixes: { samlp: "", saml: "" },
      signature: { prefix: "", inclusivePrefixes: ["#default"] },
    },
    "a prefix listed that is declared anew between": {
      signed: "assertion",
      signature: { inclusivePrefixes: ["x"] },
      beforeSigning: (xml) =>
        replaceOnly(
          replaceOnly(xml, "<samlp:Response ", `<samlp:Response xmlns:x="urn:outer" `),
          "<saml:Subject>",
          `<saml:Subject xmlns:x="urn:inner">`,
        ),
    },
    "the element's own prefix listed, declared above it alone": {
      signature: { inclusivePrefixes: ["saml"] },
      beforeSigning: (xml) =>
        xml
          .replaceAll(` xmlns:saml="${SAML}"`, "")
          .replace("<samlp:Response ", `<samlp:Response xmlns:saml="${SAML}" `),
    },
    "markup and letters of everywhere": { nameId: 'Zoë & <b>"Æ"</b>\t\n', issuer: "https://x?a=1&b=2" },
    "line breaks of every kind": { statusMessage: "a\r\nb\rc", beforeSigning: (xml) => xml.replaceAll("><", ">\r\n<") },
    "many values": { attributes: [{ name: "groups", values: Array.from({ length: 250 }, (_, n) => `group ${n}`) }] },
  };
  for (const [what, wishes] of Object.entries(shapes))
    it(`hands out what the library itself finds signed: ${what}`, () => {
      const message = samlResponse(wishes);
      const ours = verified(message);
      expect(ours).to.have.length(wishes.signed === undefined ? 2 : 1);
      expect(ours.map(plain)).to.deep.equal(verifiedByTheLibrary(message).map(plain));
    });

  it("keeps what a listed prefix means in the element, where it means something else above it", () => {
    const unsigned = samlResponse({
      signed: "none",
      beforeSigning: (xml) =>
        replaceOnly(
          replaceOnly(xml, "<samlp:Response ", `<samlp:Response xmlns:x="urn:outer" xmlns:y="urn:y" `),
          "<saml:Assertion ",
          `<saml:Assertion xmlns:x="urn:inner" `,
        ),
    });
    const message = signedByTheLibrary(unsigned.xml, "_assertion-1", ["x", "y"]);
    expect(verified(message).map(plain)).to.deep.equal(verifiedByTheLibrary(message).map(plain));
  });

  it("holds where the default namespace is listed that stands above the element, and which nothing in it uses", () => {
    const wishes = { prefixes: { samlp: "", saml: "saml" }, now: new Date().toISOString() };
    const { xml } = samlResponse({ ...wishes, signed: "none" });
    const inResponse = replaceOnly(xml, "<saml:Assertion ", `<saml:Assertion xmlns="${SAMLP}" `);
    const [, written = ""] = /(<saml:Assertion[\s\S]*<\/saml:Assertion>)/.exec(inResponse) ?? [];
    const octets = canonical(parseXml(written, RESPONSE_CAPS).node, ["#default"]);
    const digest = createHash("sha256").update(octets).digest("base64");
    const message = samlResponse({
      ...{ ...wishes, signed: "assertion" },
      signature: {
        inclusivePrefixes: ["#default"],
        signedInfo: (signedInfo) => signedInfo.replace(/(<ds:DigestValue>)[^<]*/, `$1${digest}`),
      },
    });
    expect(octets).to.match(new RegExp(`^<saml:Assertion xmlns="${SAMLP}" xmlns:saml="${SAML}"`));
    expect(verified(message).map(({ name }) => name)).to.deep.equal(["Assertion"]);
  });

  it("hands out the element without that signature, and with the others", () => {
    const [response, assertion] = verified(samlResponse());
    if (response === undefined || assertion === undefined) throw new Error("two signatures were made");
    const signatures = (element: XmlElement) => [...elementsIn(element)].filter(({ name }) => name === "Signature");
    expect(childrenOf(response, DS, "Signature")).to.deep.equal([]);
    expect(signatures(response)).to.have.length(1);
    expect(signatures(assertion)).to.deep.equal([]);
    expect([response.namespace, assertion.namespace]).to.deep.equal([SAMLP, SAML]);
    expect(attributeOf(assertion, "ID")).to.equal("_assertion-1");
  });

  it("is not asked for where an attribute was added that canonicalisation overlooks", () => {
    // xml-crypto leaves out every attribute whose name begins with `xmlns`, so that the signature would hold.
    const message = samlResponse({ signed: "assertion" }).altered((xml) =>
      xml.replace("<saml:Subject>", `<saml:Subject xmlnsEvil="eve">`),
    );
    expect(problemOf(() => verified(message))).to.match(/^markup: .*`xmlnsEvil`/);
  });

  it("leaves the message as it was", () => {
    const message = samlResponse({
      signature: { inclusivePrefixes: ["xs"] },
      beforeSigning: (xml) => replaceOnly(xml, "<samlp:Response ", `<samlp:Response xmlns:xs="${XS}" `),
    });
    const root = parseXml(message.xml, RESPONSE_CAPS);
    const before = root.node.toString();
    for (const one of signedIn(root)) signedElement(one, keysOf([idpKey.certificate]));
    expect(root.node.toString()).to.equal(before);
  });

  it("is looked for under every key, whatever KeyInfo says and whenever certificates ended", async () => {
    const ended = await makeKey("idp.acme.example", {
      notBeforeDate: new Date("2001-01-01"),
      notAfterDate: new Date("2002-01-01"),
    });
    const message = samlResponse({ signature: { key: ended, keyInfo: "<ds:KeyName>somebody</ds:KeyName>" } });
    expect(verified(message, [globexKey, ellipticKey, idpKey, ended])).to.have.length(2);
  });
});

describe("a signature that does not hold", () => {
  it("is refused before anything is digested if none of the keys made it", () => {
    const changed = samlResponse({ signed: "assertion" }).replaced(">Engineering<", ">Owners<");
    expect(problemOf(() => verified(changed, [globexKey]))).to.match(/^signature: .*none of the 1 keys/);
    expect(problemOf(() => verified(changed, [idpKey]))).to.match(/^signature: .*changed after it was signed/);
  });

  it("is refused where there is no key, or none that could sign so", () => {
    const message = samlResponse();
    expect(problemOf(() => verified(message, []))).to.match(/^signature: .*none of the 0 keys/);
    expect(problemOf(() => verified(message, [ellipticKey]))).to.match(/^signature: .*none of the 1 keys/);
  });

  it("does not sign what a prefix meant elsewhere: a declaration that changed above the element refuses it", () => {
    const message = samlResponse({
      signed: "assertion",
      signature: { inclusivePrefixes: ["xs"] },
      beforeSigning: (xml) => replaceOnly(xml, "<samlp:Response ", `<samlp:Response xmlns:xs="${XS}" `),
    });
    expect(problemOf(() => verified(message))).to.equal("accepted");
    const moved = message.altered((xml) => xml.replace(`xmlns:xs="${XS}"`, `xmlns:xs="urn:evil"`));
    expect(problemOf(() => verified(moved))).to.match(/^signature: .*changed after it was signed/);
  });
});

describe("the form of a signature", () => {
  const listing = (list: string) => (xml: string) =>
    xml.replace(
      /<ds:CanonicalizationMethod Algorithm="([^"]*)"\/>/,
      `<ds:CanonicalizationMethod Algorithm="$1">${list}</ds:CanonicalizationMethod>`,
    );
  const inclusive = (prefixes: string, inside = "") =>
    `<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="${prefixes}">${inside}</ec:InclusiveNamespaces>`;

  it("may list prefixes for SignedInfo too", () => {
    const [assertion] = verified(
      samlResponse({ signed: "assertion", signature: { signedInfo: listing(inclusive("")) } }),
    );
    expect(assertion?.name).to.equal("Assertion");
  });

  const refused: Readonly<Record<string, string>> = {
    "what is no prefix in the list": inclusive("#other"),
    "more than forty prefixes": inclusive(Array.from({ length: 41 }, (_, n) => `p${n}`).join(" ")),
    "a list with something in it": inclusive("xs", "<x/>"),
    "a list of another namespace": inclusive("xs").replaceAll("xml-exc-c14n", "evil"),
    "two lists": inclusive("xs") + inclusive("xsi"),
  };
  for (const [what, list] of Object.entries(refused))
    it(`may not have ${what}`, () => {
      const message = samlResponse({ signed: "assertion", signature: { signedInfo: listing(list) } });
      expect(problemOf(() => verified(message))).to.match(/^signature_form: .*list of prefixes/);
    });

  for (const [method, uri] of Object.entries({ SignatureMethod: ALGORITHM.rsaSha256, DigestMethod: DIGEST.sha256 }))
    it(`has no parameters of its ${method}`, () => {
      const signedInfo = (xml: string) =>
        replaceOnly(
          xml,
          `<ds:${method} Algorithm="${uri}"/>`,
          `<ds:${method} Algorithm="${uri}"><ds:x/></ds:${method}>`,
        );
      const message = samlResponse({ signed: "assertion", signature: { signedInfo } });
      expect(problemOf(() => verified(message))).to.equal(
        `signature_form: the ${method} of the signature has parameters`,
      );
    });

  for (const [what, behind] of Object.entries({
    SignedInfo: "<ds:SignedInfo>",
    Reference: /<ds:Reference [^>]*>/,
    Transforms: "<ds:Transforms>",
  }))
    it(`has no text of its own in ${what}`, () => {
      const signedInfo = (xml: string) => xml.replace(behind, "$&x");
      const message = samlResponse({ signed: "assertion", signature: { signedInfo } });
      expect(problemOf(() => verified(message))).to.equal(
        `signature_form: the ${what} of the signature has text of its own`,
      );
    });

  it("is refused for its size before it is hashed, whoever made it", () => {
    const padded = (count: number) =>
      samlResponse({
        signed: "assertion",
        signature: { signedInfo: (xml) => xml.replace("<ds:SignedInfo>", `$&${" ".repeat(count)}`) },
      });
    expect(problemOf(() => verified(padded(14_000)))).to.equal("accepted");
    for (const keys of [[idpKey], [globexKey]])
      expect(problemOf(() => verified(padded(16_384), keys))).to.match(/^signature_form: .*SignedInfo.*16384 bytes/);
  });

  it("is refused where its canonical form alone is too large", () => {
    const prefixes = Array.from({ length: 23 }, (_, n) => `p${n}`);
    const declared = (length: number) =>
      samlResponse({
        signed: "assertion",
        signature: { signedInfo: listing(inclusive(prefixes.join(" "))) },
        beforeSigning: (xml) => {
          const declarations = prefixes.map((prefix) => `xmlns:${prefix}="${"€".repeat(length)}" `);
          return replaceOnly(xml, "<samlp:Response ", `<samlp:Response ${declarations.join("")}`);
        },
      });
    expect(problemOf(() => verified(declared(20)))).to.equal("accepted");
    expect(problemOf(() => verified(declared(250)))).to.match(/^signature_form: .*SignedInfo.*16384 bytes/);
  });

  it("is refused where it was made large behind the signer's back, by what canonicalisation leaves out", () => {
    const declaring = (length: number) =>
      samlResponse({ signed: "assertion" }).altered((xml) => {
        const declarations = Array.from({ length: 23 }, (_, n) => ` xmlns:p${n}="${"€".repeat(length)}"`);
        return xml.replace("<ds:SignedInfo", `$&${declarations.join("")}`);
      });
    expect(problemOf(() => verified(declaring(20)))).to.equal("accepted");
    expect(problemOf(() => verified(declaring(250)))).to.match(/^signature_form: .*SignedInfo.*16384 bytes/);
  });

  it("names the parts that should not be there", () => {
    const message = samlResponse({ signed: "assertion" }).altered((xml) =>
      xml.replace("</ds:Signature>", `<x xmlns="urn:evil"/></ds:Signature>`),
    );
    expect(problemOf(() => verified(message))).to.equal("signature_form: the parts of Signature are other ones");
  });

  it("has values in base64 that may be broken into lines", () => {
    const message = samlResponse({
      signed: "assertion",
      signature: { signature: (xml) => xml.replace(/(<ds:SignatureValue>.{60})/, "$1\n\t") },
    });
    expect(verified(message)).to.have.length(1);
    const other = message.altered((xml) => xml.replace("<ds:DigestValue>", "<ds:DigestValue>_"));
    expect(problemOf(() => verified(other))).to.equal("signature_form: the DigestValue of the signature is no base64");
  });

  it("keeps the text of what it signs whole", () => {
    const [assertion] = verified(samlResponse({ signed: "assertion", nameId: "a&b" }));
    const nameId = assertion && [...elementsIn(assertion)].find(({ name }) => name === "NameID");
    expect(nameId && textOf(nameId)).to.equal("a&b");
  });
});
