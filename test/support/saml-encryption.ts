/** Encrypts parts of SAML messages as providers do, and in ways in which none should; nothing here is the service's own. */
import { constants, createCipheriv, createHash, publicEncrypt, randomBytes } from "node:crypto";
import { makeKey, type SigningKey } from "./saml-keys.js";
import { type ResponseWishes, SamlMessage, samlResponse } from "./saml-response.js";
import { signElement } from "./saml-signature.js";

const XENC = "http://www.w3.org/2001/04/xmlenc#";
export const XENC11 = "http://www.w3.org/2009/xmlenc11#";
const DS = "http://www.w3.org/2000/09/xmldsig#";

/** What is encrypted is encrypted for the first; the second is the one after it. */
export const [ourKey, ourNextKey, othersKey] = await Promise.all([makeKey("sp"), makeKey("sp"), makeKey("sp")]);

const CIPHERS = {
  "aes-128-gcm": { uri: `${XENC11}aes128-gcm`, key: 16, iv: 12 },
  "aes-192-gcm": { uri: `${XENC11}aes192-gcm`, key: 24, iv: 12 },
  "aes-256-gcm": { uri: `${XENC11}aes256-gcm`, key: 32, iv: 12 },
  "aes-128-cbc": { uri: `${XENC}aes128-cbc`, key: 16, iv: 16 },
  "aes-192-cbc": { uri: `${XENC}aes192-cbc`, key: 24, iv: 16 },
  "aes-256-cbc": { uri: `${XENC}aes256-cbc`, key: 32, iv: 16 },
  "des-ede3-cbc": { uri: `${XENC}tripledes-cbc`, key: 24, iv: 8 },
} as const;
export type CipherName = keyof typeof CIPHERS;

export interface Wrapping {
  readonly algorithm: string;
  readonly digest?: "sha1" | "sha256";
  readonly mask?: "sha1" | "sha256";
  /** What is really done, where the message says something else. */
  readonly really?: { readonly digest: "sha1" | "sha256"; readonly mask: "sha1" | "sha256" };
  readonly label?: string;
}

export const MGF1P: Wrapping = { algorithm: `${XENC}rsa-oaep-mgf1p` };
export const RSA_1_5: Wrapping = { algorithm: `${XENC}rsa-1_5` };

export interface EncryptionWishes {
  readonly cipher: CipherName;
  readonly wrapping: Wrapping;
  /** One EncryptedKey for each, in this order. */
  readonly to: readonly { readonly key: SigningKey; readonly recipient?: string }[];
  readonly place: "inside" | "beside" | "beside, with RetrievalMethod";
  /** Changes the octets that are sent. */
  readonly tamper: (octets: Buffer) => Buffer;
  /** Changes what is encrypted. */
  readonly plain: (xml: string) => string;
  /** Changes the finished element. */
  readonly element: (xml: string) => string;
}

const DEFAULTS: EncryptionWishes = {
  cipher: "aes-256-gcm",
  wrapping: MGF1P,
  to: [{ key: ourKey }],
  place: "inside",
  tamper: (octets) => octets,
  plain: (xml) => xml,
  element: (xml) => xml,
};

/** A response whose assertion is encrypted once it is signed as wished; a Response signature comes last, around it. */
export function encryptedResponse(
  encryption: Partial<EncryptionWishes> = {},
  { signed = "assertion", ...wishes }: Partial<ResponseWishes> = {},
): SamlMessage {
  const inner = samlResponse({ ...wishes, signed: signed === "both" || signed === "assertion" ? "assertion" : "none" });
  const xml = inner.xml.replace(/<saml:Assertion [\s\S]*<\/saml:Assertion>/, (assertion) =>
    encryptedElement("EncryptedAssertion", assertion, encryption),
  );
  const isSigned = signed === "both" || signed === "response";
  return new SamlMessage(isSigned ? signElement(xml, wishes.responseId ?? "_response-1") : xml, wishes);
}

export function encryptedElement(name: string, xml: string, wishes: Partial<EncryptionWishes> = {}): string {
  const all = { ...DEFAULTS, ...wishes };
  const { uri, key: keyBytes, iv: ivBytes } = CIPHERS[all.cipher];
  const contentKey = randomBytes(keyBytes);
  const octets = all.tamper(
    encipher(all.cipher, contentKey, randomBytes(ivBytes), Buffer.from(all.plain(xml), "utf8")),
  );
  const keys = all.to.map((to, index) => wrappedKey(contentKey, to, all.wrapping, `_key-${index}`)).join("");
  const reference = `<ds:RetrievalMethod Type="${XENC}EncryptedKey" URI="#_key-0"/>`;
  const info = all.place === "inside" ? keys : all.place === "beside" ? "" : reference;
  const data =
    `<xenc:EncryptedData xmlns:xenc="${XENC}" Type="${XENC}Element"><xenc:EncryptionMethod Algorithm="${uri}"/>` +
    (info === "" ? "" : `<ds:KeyInfo xmlns:ds="${DS}">${info}</ds:KeyInfo>`) +
    `${cipherData(octets)}</xenc:EncryptedData>`;
  return all.element(`<saml:${name} xmlns:saml="${SAML}">${data}${all.place === "inside" ? "" : keys}</saml:${name}>`);
}

const SAML = "urn:oasis:names:tc:SAML:2.0:assertion";

function cipherData(octets: Buffer): string {
  return `<xenc:CipherData><xenc:CipherValue>${octets.toString("base64")}</xenc:CipherValue></xenc:CipherData>`;
}

function encipher(cipher: CipherName, key: Buffer, iv: Buffer, plain: Buffer): Buffer {
  switch (cipher) {
    case "aes-128-gcm":
    case "aes-192-gcm":
    case "aes-256-gcm": {
      const gcm = createCipheriv(cipher, key, iv);
      return Buffer.concat([iv, gcm.update(plain), gcm.final(), gcm.getAuthTag()]);
    }
    default: {
      const block = CIPHERS[cipher].iv;
      const padding = randomBytes(block - (plain.length % block));
      padding[padding.length - 1] = padding.length;
      const cbc = createCipheriv(cipher, key, iv).setAutoPadding(false);
      return Buffer.concat([iv, cbc.update(Buffer.concat([plain, padding])), cbc.final()]);
    }
  }
}

function wrappedKey(
  contentKey: Buffer,
  { key, recipient }: EncryptionWishes["to"][number],
  wrapping: Wrapping,
  id: string,
): string {
  const { algorithm, digest, mask, label } = wrapping;
  const digestUri = { sha1: `${DS}sha1`, sha256: `${XENC}sha256` };
  const method =
    `<xenc:EncryptionMethod Algorithm="${algorithm}">` +
    (digest === undefined ? "" : `<ds:DigestMethod xmlns:ds="${DS}" Algorithm="${digestUri[digest]}"/>`) +
    (mask === undefined ? "" : `<e:MGF xmlns:e="${XENC11}" Algorithm="${XENC11}mgf1${mask}"/>`) +
    (label === undefined ? "" : `<xenc:OAEPparams>${Buffer.from(label).toString("base64")}</xenc:OAEPparams>`) +
    "</xenc:EncryptionMethod>";
  const to = recipient === undefined ? "" : ` Recipient="${recipient}"`;
  const octets = wrap(contentKey, key, wrapping);
  return `<xenc:EncryptedKey xmlns:xenc="${XENC}" Id="${id}"${to}>${method}${cipherData(octets)}</xenc:EncryptedKey>`;
}

function wrap(contentKey: Buffer, { publicPem }: SigningKey, wrapping: Wrapping): Buffer {
  if (wrapping.algorithm === RSA_1_5.algorithm)
    return publicEncrypt({ key: publicPem, padding: constants.RSA_PKCS1_PADDING }, contentKey);
  const { digest, mask } = wrapping.really ?? { digest: wrapping.digest ?? "sha1", mask: wrapping.mask ?? "sha1" };
  const label = Buffer.from(wrapping.label ?? "", "utf8");
  if (digest === mask) return publicEncrypt({ key: publicPem, oaepHash: digest, oaepLabel: label }, contentKey);
  const padded = pad(contentKey, 256, label, digest, mask);
  return publicEncrypt({ key: publicPem, padding: constants.RSA_NO_PADDING }, padded);
}

/** RFC 8017 section 7.1.1, for which Node has one hash alone. */
function pad(message: Buffer, size: number, label: Buffer, digest: string, mask: string): Buffer {
  const labelHash = createHash(digest).update(label).digest();
  const filled = Buffer.alloc(size - 2 * labelHash.length - 2 - message.length);
  const data = Buffer.concat([labelHash, filled, Buffer.from([1]), message]);
  const seed = randomBytes(labelHash.length);
  const maskedData = masked(data, seed, mask);
  return Buffer.concat([Buffer.from([0]), masked(seed, maskedData, mask), maskedData]);
}

function masked(octets: Buffer, seed: Buffer, hash: string): Buffer {
  return Buffer.from(
    octets.map((octet, index) => {
      const length = createHash(hash).digest().length;
      const count = Buffer.alloc(4);
      count.writeUInt32BE(Math.floor(index / length));
      return octet ^ (createHash(hash).update(seed).update(count).digest()[index % length] ?? 0);
    }),
  );
}
