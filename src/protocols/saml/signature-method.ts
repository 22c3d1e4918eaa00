/** Owns which signature algorithms are accepted, and whether one of them holds with a key: RSA and ECDSA, never SHA-1, never a shared secret. */
import { constants, type KeyObject, verify } from "node:crypto";
import { type Compared, refusal, type SamlFailure } from "./failure.js";
import { DS, MORE, XENC } from "./namespaces.js";
import { attributeOf, childrenOf, textOf, type XmlElement } from "./xml.js";

/** All that is left to know once the algorithm's name and parameters are accepted. */
export interface SignatureMethod {
  readonly family: "pkcs1" | "pss" | "ecdsa";
  /** A name of node:crypto. For PSS it is that of the mask too. */
  readonly hash: Hash;
  /** Octets; of PSS alone. */
  readonly saltLength: number;
}

type Hash = "sha256" | "sha384" | "sha512";

const MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#";

const DIGEST_METHODS: ReadonlyMap<string, Hash> = new Map([
  [`${XENC}sha256`, "sha256"],
  [`${MORE}sha384`, "sha384"],
  [`${XENC}sha512`, "sha512"],
]);
const HASH_OCTETS: Readonly<Record<Hash, number>> = { sha256: 32, sha384: 48, sha512: 64 };

const method = (family: SignatureMethod["family"], hash: Hash): SignatureMethod => ({
  family,
  hash,
  saltLength: HASH_OCTETS[hash],
});

/** RFC 9231 sections 2.3.2 to 2.3.10. */
const METHODS: ReadonlyMap<string, SignatureMethod> = new Map([
  [`${MORE}rsa-sha256`, method("pkcs1", "sha256")],
  [`${MORE}rsa-sha384`, method("pkcs1", "sha384")],
  [`${MORE}rsa-sha512`, method("pkcs1", "sha512")],
  [`${MORE_2007}sha256-rsa-MGF1`, method("pss", "sha256")],
  [`${MORE_2007}sha384-rsa-MGF1`, method("pss", "sha384")],
  [`${MORE_2007}sha512-rsa-MGF1`, method("pss", "sha512")],
  [`${MORE}ecdsa-sha256`, method("ecdsa", "sha256")],
  [`${MORE}ecdsa-sha384`, method("ecdsa", "sha384")],
  [`${MORE}ecdsa-sha512`, method("ecdsa", "sha512")],
]);
/** The same with its parameters beside it. */
const PSS_WITH_PARAMETERS = `${MORE_2007}rsa-pss`;
const MGF1 = `${MORE_2007}MGF1`;
const SHA1: ReadonlySet<string> = new Set([
  ...[`${DS}rsa-sha1`, `${DS}sha1`, `${DS}dsa-sha1`],
  ...[`${MORE}ecdsa-sha1`, `${MORE_2007}sha1-rsa-MGF1`],
]);
const SALT = /^(?:0|[1-9]\d{0,3})$/;

/** Curves by OpenSSL's names, with the octets of each half of a signature. */
const HALVES: ReadonlyMap<string, number> = new Map([
  ["prime256v1", 32],
  ["secp384r1", 48],
  ["secp521r1", 66],
]);

/** What a `SignatureMethod` asks for; an algorithm or parameters that are not accepted are refused. */
export function signatureMethodOf(element: XmlElement): SignatureMethod {
  const got = attributeOf(element, "Algorithm") ?? "";
  if (got === PSS_WITH_PARAMETERS) return pssParameters(element);
  const found = methodNamed(got, [...METHODS.keys(), PSS_WITH_PARAMETERS]);
  if (element.children.length > 0) throw malformed(`the ${element.name} of the signature has parameters`);
  return found;
}

/** The same where nothing but the algorithm's name is said, as in a query. */
export function methodNamed(got: string, wanted: readonly string[] = [...METHODS.keys()]): SignatureMethod {
  const found = METHODS.get(got);
  if (found === undefined) throw refused(got, "signature algorithm", "RSA and SHA-256", wanted);
  return found;
}

/** The hash of a `DigestMethod`, by node:crypto's name. */
export function digestMethodOf(element: XmlElement): Hash {
  const got = attributeOf(element, "Algorithm") ?? "";
  const hash = DIGEST_METHODS.get(got);
  if (hash === undefined)
    throw refused(got, "digest algorithm", "SHA-256 for the digest too", [...DIGEST_METHODS.keys()]);
  if (element.children.length > 0) throw malformed(`the ${element.name} of the signature has parameters`);
  return hash;
}

/** RFC 9231 section 2.3.9. Absent parameters are those of SHA-256; the mask is of the same hash, as everywhere. */
function pssParameters(element: XmlElement): SignatureMethod {
  const [params, another] = element.children;
  if (params === undefined) return method("pss", "sha256");
  if (another !== undefined || params.namespace !== MORE_2007 || params.name !== "RSAPSSParams")
    throw malformed("the SignatureMethod has other parameters than RSAPSSParams");
  const digest = only(params, DS, "DigestMethod");
  const mask = only(params, MORE_2007, "MaskGenerationFunction");
  const salt = only(params, MORE_2007, "SaltLength");
  const trailer = only(params, MORE_2007, "TrailerField");
  const known = [digest, mask, salt, trailer].filter((part) => part !== undefined);
  if (params.children.some((child) => !known.includes(child)))
    throw malformed("the RSAPSSParams of the signature have parts that are not known");
  const hash = digest === undefined ? "sha256" : digestMethodOf(digest);
  if (mask !== undefined) requireMask(mask, hash);
  if (trailer !== undefined && textOf(trailer)?.trim() !== "1")
    throw malformed("the TrailerField of the signature is another one than 1");
  return { ...method("pss", hash), ...(salt !== undefined && { saltLength: saltLengthOf(salt, hash) }) };
}

function requireMask(mask: XmlElement, hash: Hash): void {
  const got = attributeOf(mask, "Algorithm");
  if (got !== MGF1) throw malformed("the mask of the signature is another one than MGF1", { wanted: MGF1, got });
  const digest = only(mask, DS, "DigestMethod");
  const ofMask = digest === undefined ? "sha256" : digestMethodOf(digest);
  if (mask.children.length > 1 || ofMask !== hash)
    throw malformed("the mask of the signature is of another hash than the signature", { wanted: hash, got: ofMask });
}

/** INVARIANT: no less salt than the hash is long, which is what everybody uses. */
function saltLengthOf(element: XmlElement, hash: Hash): number {
  const text = textOf(element)?.trim() ?? "";
  const octets = SALT.test(text) ? Number(text) : -1;
  if (octets === HASH_OCTETS[hash]) return octets;
  throw malformed("the salt of the signature has another length than its hash", {
    wanted: HASH_OCTETS[hash],
    got: text,
  });
}

function only(parent: XmlElement, namespace: string, name: string): XmlElement | undefined {
  const [found, another] = childrenOf(parent, namespace, name);
  if (another !== undefined) throw malformed(`the ${parent.name} of the signature has more than one ${name}`);
  return found;
}

/** Whether keys of this kind make signatures of any accepted method. */
export function maySign({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType === "ec") return HALVES.has(asymmetricKeyDetails?.namedCurve ?? "");
  return asymmetricKeyType === "rsa" || asymmetricKeyType === "rsa-pss";
}

/** Whether the key made this signature over these octets. INVARIANT: a key is never used by another family's arithmetic. */
export function holds(
  { family, hash, saltLength }: SignatureMethod,
  key: KeyObject,
  octets: Buffer,
  value: Buffer,
): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  switch (family) {
    case "pkcs1":
      return type === "rsa" && verify(hash, octets, key, value);
    case "ecdsa": {
      // Both numbers one after the other, at full length (XML Signature 1.1 section 6.4.3): DER is not what is signed by.
      const half = type === "ec" ? HALVES.get(details?.namedCurve ?? "") : undefined;
      return half === value.length / 2 && verify(hash, octets, { key, dsaEncoding: "ieee-p1363" }, value);
    }
    case "pss":
      return (type === "rsa" || type === "rsa-pss") && pssHolds(key, hash, saltLength, octets, value);
  }
}

function pssHolds(key: KeyObject, hash: Hash, saltLength: number, octets: Buffer, value: Buffer): boolean {
  const { hashAlgorithm = hash, mgf1HashAlgorithm = hash, saltLength: least = 0 } = key.asymmetricKeyDetails ?? {};
  // A key that is bound to other parameters makes OpenSSL throw.
  if (hashAlgorithm !== hash || mgf1HashAlgorithm !== hash || least > saltLength) return false;
  return verify(hash, octets, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }, value);
}

function refused(got: string, what: string, advice: string, wanted: readonly string[]): SamlFailure {
  const reason = SHA1.has(got) ? "SHA-1 can be forged and is never accepted" : `this ${what} is not accepted`;
  return refusal("algorithm", `${reason}: set the identity provider to sign with ${advice}`, { wanted, got });
}

function malformed(problem: string, compared: Compared = {}): SamlFailure {
  return refusal("signature_form", problem, compared);
}
