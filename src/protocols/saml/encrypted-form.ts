/**
 * Owns the form of what is encrypted (XML Encryption 1.1, as SAML core section 6 uses it): allow-lists, caps, and octets.
 * Everything here is there for anybody to read, so its refusals may say what is wrong.
 */
import { refusal, type SamlFailure } from "./failure.js";
import { DS, XENC, XENC11 } from "./namespaces.js";
import type { OaepHash, OaepHashes } from "./oaep.js";
import { attributeOf, childrenOf, textOf, type XmlElement } from "./xml.js";

export interface ContentCipher {
  /** A name of node:crypto. */
  readonly name:
    | "aes-128-gcm"
    | "aes-192-gcm"
    | "aes-256-gcm"
    | "aes-128-cbc"
    | "aes-192-cbc"
    | "aes-256-cbc"
    | "des-ede3-cbc";
  readonly keyBytes: number;
  readonly ivBytes: number;
  /** Nothing in the ciphertext tells whether it was changed. */
  readonly isMalleable: boolean;
}

/** A content key, encrypted for somebody. */
export interface WrappedKey {
  readonly octets: Buffer;
  /** What it may be padded by: libraries read `rsa-oaep-mgf1p` with SHA-256 in two ways. */
  readonly paddings: readonly OaepHashes[];
  readonly label: Buffer;
}

export interface EncryptedForm {
  readonly cipher: ContentCipher;
  readonly octets: Buffer;
  /** At least one; each costs a private operation. */
  readonly keys: readonly WrappedKey[];
}

const MOST_KEYS = 4;
const LONGEST_WRAPPED = 1_024;
const LONGEST_LABEL = 1_024;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const gcm = (name: ContentCipher["name"], keyBytes: number) => ({ name, keyBytes, ivBytes: 12, isMalleable: false });
const cbc = (name: ContentCipher["name"], keyBytes: number) => ({ name, keyBytes, ivBytes: 16, isMalleable: true });

const CIPHERS: ReadonlyMap<string, ContentCipher> = new Map([
  [`${XENC11}aes128-gcm`, gcm("aes-128-gcm", 16)],
  [`${XENC11}aes192-gcm`, gcm("aes-192-gcm", 24)],
  [`${XENC11}aes256-gcm`, gcm("aes-256-gcm", 32)],
  [`${XENC}aes128-cbc`, cbc("aes-128-cbc", 16)],
  [`${XENC}aes192-cbc`, cbc("aes-192-cbc", 24)],
  [`${XENC}aes256-cbc`, cbc("aes-256-cbc", 32)],
  [`${XENC}tripledes-cbc`, { name: "des-ede3-cbc", keyBytes: 24, ivBytes: 8, isMalleable: true }],
]);
const OAEP_MGF1P = `${XENC}rsa-oaep-mgf1p`;
const OAEP = `${XENC11}rsa-oaep`;
const DIGESTS: ReadonlyMap<string, OaepHash> = new Map([
  [`${DS}sha1`, "sha1"],
  [`${XENC}sha256`, "sha256"],
]);
const MASKS: ReadonlyMap<string, OaepHash> = new Map([
  [`${XENC11}mgf1sha1`, "sha1"],
  [`${XENC11}mgf1sha256`, "sha256"],
]);

/**
 * Reads an EncryptedAssertion or EncryptedID. Keys stand inside EncryptedData or beside it; what refers to them, and whom
 * they say they are for, is not looked at: the few that may be there are all tried.
 */
export function encryptedForm(holder: XmlElement): EncryptedForm {
  const [data, another] = childrenOf(holder, XENC, "EncryptedData");
  const beside = childrenOf(holder, XENC, "EncryptedKey");
  if (data === undefined || another !== undefined || holder.children.length !== beside.length + 1)
    throw misshapen(`the ${holder.name} needs exactly one EncryptedData, and nothing else but EncryptedKeys`);
  const [info] = childrenOf(data, DS, "KeyInfo");
  const keys = [...(info === undefined ? [] : childrenOf(info, XENC, "EncryptedKey")), ...beside];
  if (keys.length === 0) throw misshapen(`the ${holder.name} has no EncryptedKey`);
  if (keys.length > MOST_KEYS) throw misshapen(`the ${holder.name} has more than ${MOST_KEYS} EncryptedKeys`);
  return {
    cipher: cipherOf(data),
    octets: cipherValue(data),
    keys: keys.map(wrappedKey),
  };
}

function cipherOf(data: XmlElement): ContentCipher {
  const got = algorithmOf(methodOf(data));
  const cipher = CIPHERS.get(got);
  if (cipher === undefined)
    throw refused("the algorithm of the EncryptedData", "AES-256-GCM", [...CIPHERS.keys()], got);
  return cipher;
}

function wrappedKey(key: XmlElement): WrappedKey {
  const method = methodOf(key);
  const octets = cipherValue(key);
  if (octets.length > LONGEST_WRAPPED) throw misshapen("an EncryptedKey is longer than any key makes it");
  const [params] = childrenOf(method, XENC, "OAEPparams");
  const label = params === undefined ? Buffer.alloc(0) : bytesOf(params);
  if (label.length > LONGEST_LABEL) throw misshapen("the OAEPparams of an EncryptedKey are too long");
  return { octets, label, paddings: paddingsOf(method) };
}

/** INVARIANT: OAEP alone. The padding of RSA 1.5 gives away what is encrypted to whoever may ask often enough. */
function paddingsOf(method: XmlElement): readonly OaepHashes[] {
  const got = algorithmOf(method);
  if (got !== OAEP_MGF1P && got !== OAEP)
    throw refused("the algorithm of the EncryptedKey", "RSA-OAEP", [OAEP, OAEP_MGF1P], got);
  const digest = hashIn(method, DS, "DigestMethod", DIGESTS);
  if (got === OAEP) return [{ digest, mask: hashIn(method, XENC11, "MGF", MASKS) }];
  return digest === "sha1"
    ? [{ digest, mask: "sha1" }]
    : [
        { digest, mask: "sha1" },
        { digest, mask: digest },
      ];
}

/** SHA-1 where nothing is said (XML Encryption section 5.5.2): nobody's signature hangs on it here. */
function hashIn(method: XmlElement, namespace: string, name: string, table: ReadonlyMap<string, OaepHash>): OaepHash {
  const [element, another] = childrenOf(method, namespace, name);
  if (another !== undefined) throw misshapen(`an EncryptionMethod has more than one ${name}`);
  if (element === undefined) return "sha1";
  const got = algorithmOf(element);
  const hash = table.get(got);
  if (hash === undefined) throw refused(`the ${name} of the EncryptedKey`, "SHA-256 or SHA-1", [...table.keys()], got);
  return hash;
}

function methodOf(encrypted: XmlElement): XmlElement {
  const [method, another] = childrenOf(encrypted, XENC, "EncryptionMethod");
  if (method === undefined || another !== undefined)
    throw misshapen(`the ${encrypted.name} needs exactly one EncryptionMethod`);
  return method;
}

/** INVARIANT: what is encrypted stands here; nothing is fetched from anywhere. */
function cipherValue(encrypted: XmlElement): Buffer {
  const [data, another] = childrenOf(encrypted, XENC, "CipherData");
  const [value, ...others] = data?.children ?? [];
  const isValue = value?.namespace === XENC && value.name === "CipherValue" && others.length === 0;
  if (value === undefined || !isValue || another !== undefined)
    throw misshapen(`the ${encrypted.name} needs exactly one CipherData with a CipherValue`);
  return bytesOf(value);
}

function bytesOf(element: XmlElement): Buffer {
  const base64 = textOf(element)?.replace(/[ \t\r\n]+/g, "");
  if (base64 === undefined || !BASE64.test(base64)) throw misshapen(`the ${element.name} is no base64`);
  return Buffer.from(base64, "base64");
}

function algorithmOf(element: XmlElement): string {
  return attributeOf(element, "Algorithm") ?? "";
}

function refused(what: string, advice: string, wanted: readonly string[], got: string): SamlFailure {
  return refusal("algorithm", `${what} is not accepted: set the identity provider to ${advice}`, { wanted, got });
}

function misshapen(problem: string): SamlFailure {
  return refusal("structure", problem);
}
