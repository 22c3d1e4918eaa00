/**
 * Owns the verification of XML signatures, and hands out nothing but the octets that were signed. xml-crypto
 * canonicalises; nothing is looked up in the document, neither what is signed nor by which key.
 */
import { createHash, type KeyObject, X509Certificate } from "node:crypto";
import { canonical, canonicalWithout } from "./canonical.js";
import { refusal } from "./failure.js";
import { SIGNED_CAPS } from "./prescan.js";
import { readSignedInfo, requireShort, type SignedInfo, signatureParts } from "./signature-form.js";
import { holds, maySign } from "./signature-method.js";
import { parseXml, type XmlElement } from "./xml.js";

/** An element of a parsed message, and the signature that is one of its children. */
export interface Signed {
  readonly element: XmlElement;
  readonly id: string;
  readonly signature: XmlElement;
}

/** The keys of these certificates (DER in base64). INVARIANT: dates decide nothing, the key is what the tenant trusts. */
export function keysOf(certificates: readonly string[]): readonly KeyObject[] {
  return certificates
    .map((certificate) => new X509Certificate(Buffer.from(certificate, "base64")).publicKey)
    .filter(maySign);
}

/**
 * The element as one of the keys signed it, parsed anew from the canonical octets (XML Signature section 3.2). What the
 * message says of keys is not looked at. A signature of another form, of a forbidden algorithm or of nobody's is refused.
 */
export function signedElement(signed: Signed, keys: readonly KeyObject[]): XmlElement {
  const signedInfo = verifiedSignedInfo(signed, keys);
  const octets = canonicalWithout(signed.element.node, signed.signature.node, signedInfo.elementPrefixes);
  const digest = createHash(signedInfo.digestHash).update(octets, "utf8").digest();
  if (octets === "" || !digest.equals(signedInfo.digest))
    throw refusal("signature", `the ${signed.element.name} was changed after it was signed`);
  return parseXml(octets, SIGNED_CAPS);
}

/**
 * INVARIANT: SignedInfo is read from its own signed octets too, and its signature is the first thing that must hold: who
 * has none of the keys makes us digest nothing.
 */
function verifiedSignedInfo({ element, id, signature }: Signed, keys: readonly KeyObject[]): SignedInfo {
  const { signedInfo, value } = signatureParts(signature);
  requireShort(signedInfo.node.toString());
  const { prefixes } = readSignedInfo(signedInfo, id);
  const octets = canonical(signedInfo.node, prefixes);
  requireShort(octets);
  const read = readSignedInfo(parseXml(octets, SIGNED_CAPS), id);
  const signed = Buffer.from(octets, "utf8");
  if (keys.some((key) => holds(read.method, key, signed, value))) return read;
  throw refusal(
    "signature",
    `the ${element.name} is signed with none of the ${keys.length} keys of this connection: if the identity provider has a new certificate, give the connection its new metadata`,
  );
}
