/**
 * Signs elements of SAML messages, also in every way that an honest provider never would: xml-crypto canonicalises, the rest is
 * text, so that each word of a signature can be another one and the signature still be right.
 */
import { constants, createHash, createHmac, createPrivateKey, type KeyObject, sign } from "node:crypto";
import { DOMParser } from "@xmldom/xmldom";
import { SignedXml } from "xml-crypto";
import { idpKey, type SigningKey } from "./saml-keys.js";

export const DS = "http://www.w3.org/2000/09/xmldsig#";
const DSIG_MORE = "http://www.w3.org/2001/04/xmldsig-more#";
export const DSIG_MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#";

export const ALGORITHM = {
  rsaSha1: `${DS}rsa-sha1`,
  rsaSha256: `${DSIG_MORE}rsa-sha256`,
  rsaSha384: `${DSIG_MORE}rsa-sha384`,
  rsaSha512: `${DSIG_MORE}rsa-sha512`,
  pssSha1: `${DSIG_MORE_2007}sha1-rsa-MGF1`,
  pssSha256: `${DSIG_MORE_2007}sha256-rsa-MGF1`,
  pssSha384: `${DSIG_MORE_2007}sha384-rsa-MGF1`,
  pssSha512: `${DSIG_MORE_2007}sha512-rsa-MGF1`,
  /** With parameters beside it. */
  pss: `${DSIG_MORE_2007}rsa-pss`,
  ecdsaSha1: `${DSIG_MORE}ecdsa-sha1`,
  ecdsaSha256: `${DSIG_MORE}ecdsa-sha256`,
  ecdsaSha384: `${DSIG_MORE}ecdsa-sha384`,
  ecdsaSha512: `${DSIG_MORE}ecdsa-sha512`,
  hmacSha1: `${DS}hmac-sha1`,
  hmacSha256: `${DSIG_MORE}hmac-sha256`,
} as const;

export const DIGEST = {
  sha1: `${DS}sha1`,
  sha256: "http://www.w3.org/2001/04/xmlenc#sha256",
  sha384: `${DSIG_MORE}sha384`,
  sha512: "http://www.w3.org/2001/04/xmlenc#sha512",
} as const;

export const TRANSFORM = {
  enveloped: `${DS}enveloped-signature`,
  exclusive: "http://www.w3.org/2001/10/xml-exc-c14n#",
  exclusiveWithComments: "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
  inclusive: "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
  inclusiveWithComments: "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
  inclusive11: "http://www.w3.org/2006/12/xml-c14n11",
  xpath: "http://www.w3.org/TR/1999/REC-xpath-19991116",
  xpathFilter: "http://www.w3.org/2002/06/xmldsig-filter2",
  xslt: "http://www.w3.org/TR/1999/REC-xslt-19991116",
  base64: `${DS}base64`,
} as const;

export type Signer = (octets: Buffer, key: SigningKey) => Buffer;

export interface SignatureWishes {
  readonly key: SigningKey;
  readonly algorithm: string;
  readonly digest: string;
  readonly canonicalization: string;
  /** Transforms that are no canonicalisation change nothing here, so that who skips them finds the digest right. */
  readonly transforms: readonly string[];
  /** For each exclusive canonicalisation of the reference; empty: no `InclusiveNamespaces`. */
  readonly inclusivePrefixes: readonly string[];
  /** Empty: the default namespace. */
  readonly prefix: string;
  /** What stands in KeyInfo; `null`: no KeyInfo. Unless told, the certificate of `key`. */
  readonly keyInfo: string | null;
  /** The Reference's URI; `null`: no such attribute. Unless told, `#` and the ID of what is signed. */
  readonly uri: string | null;
  /** What signs; `null`: what the algorithm's name says. */
  readonly signer: Signer | null;
  /** Changes SignedInfo before it is signed. */
  readonly signedInfo: (xml: string) => string;
  /** Changes the finished Signature. */
  readonly signature: (xml: string) => string;
  /** Puts the Signature into the message. Unless told, where the schema wants it: behind the Issuer. */
  readonly place: (xml: string, signature: string) => string;
}

const HASHES: Readonly<Record<string, string>> = {
  [DIGEST.sha1]: "sha1",
  [DIGEST.sha256]: "sha256",
  [DIGEST.sha384]: "sha384",
  [DIGEST.sha512]: "sha512",
};

const privateKeys = new Map<SigningKey, KeyObject>();

/** Read once: reading takes longer than signing. */
function privateKeyOf(key: SigningKey): KeyObject {
  const known = privateKeys.get(key) ?? createPrivateKey(key.privateKey);
  privateKeys.set(key, known);
  return known;
}

const SIGNERS: Readonly<Record<string, Signer>> = {
  [ALGORITHM.rsaSha1]: (octets, key) => sign("sha1", octets, privateKeyOf(key)),
  [ALGORITHM.rsaSha256]: (octets, key) => sign("sha256", octets, privateKeyOf(key)),
  [ALGORITHM.rsaSha384]: (octets, key) => sign("sha384", octets, privateKeyOf(key)),
  [ALGORITHM.rsaSha512]: (octets, key) => sign("sha512", octets, privateKeyOf(key)),
  [ALGORITHM.pssSha1]: pssSigner("sha1", 20),
  [ALGORITHM.pssSha256]: pssSigner("sha256", 32),
  [ALGORITHM.pssSha384]: pssSigner("sha384", 48),
  [ALGORITHM.pssSha512]: pssSigner("sha512", 64),
  [ALGORITHM.pss]: pssSigner("sha256", 32),
  [ALGORITHM.ecdsaSha1]: ecdsaSigner("sha1"),
  [ALGORITHM.ecdsaSha256]: ecdsaSigner("sha256"),
  [ALGORITHM.ecdsaSha384]: ecdsaSigner("sha384"),
  [ALGORITHM.ecdsaSha512]: ecdsaSigner("sha512"),
  [ALGORITHM.hmacSha1]: (octets, key) => createHmac("sha1", key.publicPem).update(octets).digest(),
  [ALGORITHM.hmacSha256]: (octets, key) => createHmac("sha256", key.publicPem).update(octets).digest(),
};

/** RSA-PSS, with a mask of the same hash. */
export function pssSigner(hash: string, saltLength: number): Signer {
  return (octets, key) =>
    sign(hash, octets, { key: privateKeyOf(key), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}

/** Both numbers one after the other, or as DER. */
export function ecdsaSigner(hash: string, dsaEncoding: "ieee-p1363" | "der" = "ieee-p1363"): Signer {
  return (octets, key) => sign(hash, octets, { key: privateKeyOf(key), dsaEncoding });
}

/** A signature over these octets, as the algorithm's name says; by RSA and SHA-256 where nobody knows it. */
export function signedOctets(octets: string, algorithm: string, key: SigningKey): Buffer {
  return (SIGNERS[algorithm] ?? SIGNERS[ALGORITHM.rsaSha256] ?? pssSigner("sha256", 32))(Buffer.from(octets), key);
}

const PENDING = "the value comes last";

/** The message with a Signature over the element that bears this ID. */
export function signElement(xml: string, id: string, wishes: Partial<SignatureWishes> = {}): string {
  const all = withDefaults(id, wishes);
  const placed = all.place(xml, signatureXml(digestOf(xml, id, all), all));
  const signer = all.signer ?? SIGNERS[all.algorithm];
  if (signer === undefined) throw new Error(`no signer for \`${all.algorithm}\``);
  const value = signer(Buffer.from(signedInfoOctets(placed, all)), all.key).toString("base64");
  const from = placed.indexOf(PENDING);
  const start = placed.lastIndexOf(`<${qualified(all.prefix, "Signature")} `, from);
  const endTag = `</${qualified(all.prefix, "Signature")}>`;
  const end = placed.indexOf(endTag, from) + endTag.length;
  const finished = all.signature(placed.slice(start, end).replace(PENDING, value));
  return placed.slice(0, start) + finished + placed.slice(end);
}

/** A Reference to the element with this ID, as it is now; for signatures with more than one. */
export function referenceTo(xml: string, id: string, wishes: Partial<SignatureWishes> = {}): string {
  const all = withDefaults(id, wishes);
  return referenceXml(digestOf(xml, id, all), all);
}

function withDefaults(id: string, wishes: Partial<SignatureWishes>): SignatureWishes {
  const key = wishes.key ?? idpKey;
  return {
    key,
    algorithm: ALGORITHM.rsaSha256,
    digest: DIGEST.sha256,
    canonicalization: TRANSFORM.exclusive,
    transforms: [TRANSFORM.enveloped, TRANSFORM.exclusive],
    inclusivePrefixes: [],
    prefix: "ds",
    keyInfo: certificateInfo(key, wishes.prefix ?? "ds"),
    uri: `#${id}`,
    signer: null,
    signedInfo: (xml) => xml,
    signature: (xml) => xml,
    place: (xml, signature) => behindIssuer(xml, id, signature),
    ...wishes,
  };
}

/** KeyInfo's content for one certificate. */
export function certificateInfo(key: SigningKey, prefix = "ds"): string {
  const [data, certificate] = [qualified(prefix, "X509Data"), qualified(prefix, "X509Certificate")];
  return `<${data}><${certificate}>${key.certificate}</${certificate}></${data}>`;
}

function qualified(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}:${name}`;
}

function signatureXml(digest: string, wishes: SignatureWishes): string {
  const tag = (name: string) => qualified(wishes.prefix, name);
  const signedInfo =
    `<${tag("SignedInfo")}><${tag("CanonicalizationMethod")} Algorithm="${wishes.canonicalization}"/>` +
    `<${tag("SignatureMethod")} Algorithm="${wishes.algorithm}"/>${referenceXml(digest, wishes)}</${tag("SignedInfo")}>`;
  const keyInfo = wishes.keyInfo === null ? "" : `<${tag("KeyInfo")}>${wishes.keyInfo}</${tag("KeyInfo")}>`;
  const namespace = wishes.prefix === "" ? `xmlns="${DS}"` : `xmlns:${wishes.prefix}="${DS}"`;
  return (
    `<${tag("Signature")} ${namespace}>${wishes.signedInfo(signedInfo)}` +
    `<${tag("SignatureValue")}>${PENDING}</${tag("SignatureValue")}>${keyInfo}</${tag("Signature")}>`
  );
}

function referenceXml(digest: string, wishes: SignatureWishes): string {
  const tag = (name: string) => qualified(wishes.prefix, name);
  const uri = wishes.uri === null ? "" : ` URI="${wishes.uri}"`;
  const transforms = wishes.transforms.map((algorithm) => {
    const open = `<${tag("Transform")} Algorithm="${algorithm}"`;
    if (algorithm !== TRANSFORM.exclusive || wishes.inclusivePrefixes.length === 0) return `${open}/>`;
    const list = wishes.inclusivePrefixes.join(" ");
    return `${open}><ec:InclusiveNamespaces xmlns:ec="${TRANSFORM.exclusive}" PrefixList="${list}"/></${tag("Transform")}>`;
  });
  const allTransforms =
    transforms.length === 0 ? "" : `<${tag("Transforms")}>${transforms.join("")}</${tag("Transforms")}>`;
  return (
    `<${tag("Reference")}${uri}>${allTransforms}<${tag("DigestMethod")} Algorithm="${wishes.digest}"/>` +
    `<${tag("DigestValue")}>${digest}</${tag("DigestValue")}></${tag("Reference")}>`
  );
}

function digestOf(xml: string, id: string, wishes: SignatureWishes): string {
  const hash = HASHES[wishes.digest];
  if (hash === undefined) throw new Error(`no digest for \`${wishes.digest}\``);
  const element = elementsOf(xml).find((candidate) => candidate.getAttribute("ID") === id);
  if (element === undefined) throw new Error(`nothing has the ID \`${id}\``);
  const octets = canonical(element, wishes.transforms, wishes.inclusivePrefixes);
  return createHash(hash).update(octets).digest("base64");
}

function signedInfoOctets(xml: string, wishes: SignatureWishes): string {
  const elements = elementsOf(xml);
  const pending = elements.find(
    ({ localName, textContent }) => localName === "SignatureValue" && textContent === PENDING,
  );
  const signedInfo = elements.find(
    ({ localName, parentNode }) => localName === "SignedInfo" && parentNode === pending?.parentNode,
  );
  if (signedInfo === undefined) throw new Error("the signature has no SignedInfo");
  return canonical(signedInfo, [wishes.canonicalization], []);
}

function elementsOf(xml: string): Element[] {
  const tolerant = new DOMParser({ errorHandler: () => undefined });
  // The parser takes these two for line breaks, which they are in XML 1.1 alone.
  const text = xml.replaceAll("\u0085", "&#x85;").replaceAll("\u2028", "&#x2028;");
  return Array.from(tolerant.parseFromString(text, "text/xml").getElementsByTagName("*"));
}

const CANONICALIZATIONS: ReadonlySet<string> = new Set([
  TRANSFORM.exclusive,
  TRANSFORM.exclusiveWithComments,
  TRANSFORM.inclusive,
  TRANSFORM.inclusiveWithComments,
]);

function canonical(element: Element, transforms: readonly string[], inclusivePrefixes: readonly string[]): string {
  const method = transforms.find((transform) => CANONICALIZATIONS.has(transform)) ?? TRANSFORM.inclusive;
  const options = { ancestorNamespaces: inherited(element), inclusiveNamespacesPrefixList: [...inclusivePrefixes] };
  return new SignedXml().getCanonXml([method], element, options);
}

/** Namespaces that are declared above the element: inclusive canonicalisation writes them into it. */
function inherited(element: Element): { prefix: string; namespaceURI: string }[] {
  const found = new Map<string, string>();
  for (let above = element.parentNode; above !== null; above = above.parentNode) {
    for (const { name, value } of Array.from((above as Partial<Element>).attributes ?? [])) {
      const prefix = name === "xmlns" ? "" : /^xmlns:(.+)$/.exec(name)?.[1];
      if (prefix !== undefined && !found.has(prefix)) found.set(prefix, value);
    }
  }
  return Array.from(found, ([prefix, namespaceURI]) => ({ prefix, namespaceURI }));
}

/** Behind the Issuer of the element with this ID, or first in it where it has none. */
function behindIssuer(xml: string, id: string, signature: string): string {
  const attribute = xml.indexOf(` ID="${id}"`);
  const issuer = /^\s*<((?:[\w-]+:)?Issuer)\b[^>]*?(?:\/>|>[\s\S]*?<\/\1\s*>)/;
  const content = xml.indexOf(">", attribute) + 1;
  const at = content + (issuer.exec(xml.slice(content))?.[0].length ?? 0);
  return xml.slice(0, at) + signature + xml.slice(at);
}
