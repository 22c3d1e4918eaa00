/**
 * Owns the form of a signature: an allow-list for each of its parts, and what is left to verify once they are known.
 * Whatever of XML Signature is not needed to sign one SAML element is refused.
 */
import { DEFAULT_NAMESPACE } from "./canonical.js";
import { type Compared, refusal, type SamlFailure } from "./failure.js";
import { DS, EXCLUSIVE_C14N } from "./namespaces.js";
import { digestMethodOf, type SignatureMethod, signatureMethodOf } from "./signature-method.js";
import { attributeOf, textOf, type XmlElement } from "./xml.js";

/** What SignedInfo says, of which nothing is left open but the algorithms. */
export interface SignedInfo {
  /** Prefixes that canonicalisation keeps where they are declared, though nothing visible uses them. */
  readonly prefixes: readonly string[];
  readonly method: SignatureMethod;
  /** A name of node:crypto. */
  readonly digestHash: string;
  readonly digest: Buffer;
  /** The same of the element that is signed. */
  readonly elementPrefixes: readonly string[];
}

const ENVELOPED = `${DS}enveloped-signature`;

/** Of a SignedInfo, as it was sent and as it is canonical; providers' have less than two thousand. */
const MOST_BYTES = 16_384;
const MOST_PREFIXES = 40;
const NOT_BLANK = /[^ \t\r\n]/;
const PREFIX = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The parts of a Signature: nothing is read from its KeyInfo, and there is nothing else in it. */
export function signatureParts(signature: XmlElement): { readonly signedInfo: XmlElement; readonly value: Buffer } {
  const [signedInfo, value] = parts(signature, ["SignedInfo", "SignatureValue"], ["KeyInfo"]);
  return { signedInfo, value: bytesOf(value) };
}

/** Refuses a SignedInfo of another form than that of one element with this ID, which the signature stands in. */
export function readSignedInfo(signedInfo: XmlElement, id: string): SignedInfo {
  const [canonicalization, method, reference] = parts(signedInfo, [
    "CanonicalizationMethod",
    "SignatureMethod",
    "Reference",
  ]);
  const prefixes = exclusivePrefixes(canonicalization);
  const signatureMethod = signatureMethodOf(method);
  const got = attributeOf(reference, "URI");
  if (got !== `#${id}`)
    throw malformed("the signature refers to something else than the element it stands in", { wanted: `#${id}`, got });
  const [transforms, digestMethod, digestValue] = parts(reference, ["Transforms", "DigestMethod", "DigestValue"]);
  const digestHash = digestMethodOf(digestMethod);
  const [enveloped, exclusive] = parts(transforms, ["Transform", "Transform"]);
  if (algorithmOf(enveloped) !== ENVELOPED || !enveloped.children.every(isList))
    throw malformed("the first transform of the signature is another one", {
      wanted: ENVELOPED,
      got: algorithmOf(enveloped),
    });
  return {
    ...{ prefixes, method: signatureMethod, digestHash },
    ...{ digest: bytesOf(digestValue), elementPrefixes: exclusivePrefixes(exclusive) },
  };
}

/** Before anything of it is hashed: nobody's signature is needed to send a large one. */
export function requireShort(signedInfo: string): void {
  if (signedInfo.length > MOST_BYTES || Buffer.byteLength(signedInfo, "utf8") > MOST_BYTES)
    throw malformed(`the SignedInfo of the signature has more than ${MOST_BYTES} bytes`);
}

/**
 * The children, which must be these and in this order, all of XML Signature, with nothing but blanks between; given back
 * are the required ones.
 */
function parts<const Names extends readonly string[]>(
  parent: XmlElement,
  required: Names,
  optional: readonly string[] = [],
): { readonly [Index in keyof Names]: XmlElement } {
  const got = parent.children.map(({ namespace, name }) => (namespace === DS ? name : `${namespace} ${name}`));
  const fits = [required, [...required, ...optional]].some((names) => names.join(",") === got.join(","));
  if (!fits) throw malformed(`the parts of ${parent.name} are other ones`, { wanted: [...required, ...optional], got });
  if (NOT_BLANK.test(parent.text)) throw malformed(`the ${parent.name} of the signature has text of its own`);
  return parent.children.slice(0, required.length) as { readonly [Index in keyof Names]: XmlElement };
}

/** The `PrefixList` of an exclusive canonicalisation, which may have that one parameter. */
function exclusivePrefixes(element: XmlElement): readonly string[] {
  const got = algorithmOf(element);
  if (got !== EXCLUSIVE_C14N)
    throw refusal(
      "algorithm",
      "the signature is canonicalised otherwise: set the identity provider to exclusive canonicalisation without comments",
      { wanted: EXCLUSIVE_C14N, got },
    );
  const [list, another] = element.children;
  if (list === undefined) return [];
  const prefixes = (attributeOf(list, "PrefixList") ?? "").split(" ").filter((prefix) => prefix !== "");
  const isPlain =
    prefixes.length <= MOST_PREFIXES && prefixes.every((prefix) => prefix === DEFAULT_NAMESPACE || PREFIX.test(prefix));
  if (list.namespace !== EXCLUSIVE_C14N || !isList(list) || !isPlain || another !== undefined)
    throw malformed("the exclusive canonicalisation of the signature is told more than a list of prefixes");
  return prefixes;
}

/** xml-crypto, with which many providers sign, writes it into every transform; it says nothing in that of the envelope. */
function isList({ name, children }: XmlElement): boolean {
  return name === "InclusiveNamespaces" && children.length === 0;
}

function bytesOf(element: XmlElement): Buffer {
  const base64 = textOf(element)?.replace(/[ \t\r\n]+/g, "") ?? "";
  if (!BASE64.test(base64)) throw malformed(`the ${element.name} of the signature is no base64`);
  return Buffer.from(base64, "base64");
}

function algorithmOf(element: XmlElement): string | undefined {
  return attributeOf(element, "Algorithm");
}

function malformed(problem: string, compared: Compared = {}): SamlFailure {
  return refusal("signature_form", problem, compared);
}
