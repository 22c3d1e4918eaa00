/**
 * Owns decryption. INVARIANT: whatever goes wrong behind the private key has one answer, and as far as it can be made so
 * one duration: who may ask often, and hears or measures a difference, reads what was encrypted for others.
 */
import { isUtf8 } from "node:buffer";
import { createDecipheriv, type KeyObject, randomBytes } from "node:crypto";
import { type ContentCipher, type EncryptedForm, encryptedForm } from "./encrypted-form.js";
import { refusal, SamlFailure } from "./failure.js";
import { oaepBlock, unpadded } from "./oaep.js";
import { RESPONSE_CAPS } from "./prescan.js";
import { parseXml, type XmlElement } from "./xml.js";

/** What a connection decrypts with. */
export interface Decryption {
  /** Private RSA keys, in the order in which they are tried. */
  readonly keys: readonly KeyObject[];
  /** CBC is read also where no signature keeps the ciphertext from being changed. */
  readonly legacyCbc: boolean;
  readonly legacyTripleDes: boolean;
}

const TAG_BYTES = 16;

/**
 * How to open an EncryptedAssertion or EncryptedID: what everybody can see of it is judged now. `isSigned`: a verified
 * signature covers the ciphertext. What is given back opens it, by the same look at the text as any message has.
 */
export function openerOf(holder: XmlElement, decryption: Decryption, isSigned: boolean): () => XmlElement {
  const form = encryptedForm(holder);
  requireStrong(form.cipher, decryption, isSigned);
  return () => {
    const octets = opened(form, decryption.keys);
    return opaque(() => {
      if (octets === undefined || !isUtf8(octets)) throw undecryptable();
      return parseXml(octets.toString("utf8"), RESPONSE_CAPS);
    });
  };
}

/** Runs what reads a plaintext that anybody may have made: why it failed is told to nobody. */
export function opaque<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof SamlFailure ? undecryptable() : error;
  }
}

function undecryptable(): SamlFailure {
  return refusal(
    "encrypted",
    "what is encrypted cannot be opened: it is encrypted for no key of this connection, or it was changed, or what is in it is not what the identity provider signed: give the identity provider this connection's present metadata, and set it to sign the response",
  );
}

function requireStrong(cipher: ContentCipher, { legacyCbc, legacyTripleDes }: Decryption, isSigned: boolean): void {
  const got = cipher.name;
  if (got === "des-ede3-cbc" && !legacyTripleDes)
    throw refusal(
      "algorithm",
      "3DES is not accepted: set the identity provider to AES-256-GCM; if it cannot, `legacyTripleDes` accepts it",
      { got },
    );
  if (cipher.isMalleable && !isSigned && !legacyCbc)
    throw refusal(
      "algorithm",
      "CBC is accepted only where the response is signed around it: set the identity provider to sign the response, or to AES-256-GCM; if it can do neither, `legacyCbc` accepts it",
      { got },
    );
}

/** INVARIANT: each key is tried, and something is always decrypted: with a key that nobody has where none was found. */
function opened({ cipher, octets, keys }: EncryptedForm, privateKeys: readonly KeyObject[]): Buffer | undefined {
  const found = keys.flatMap(({ octets: wrapped, paddings, label }) =>
    privateKeys.flatMap((key) => {
      const block = oaepBlock(wrapped, key);
      return paddings.flatMap((padding) => (block && unpadded(block, padding, label)) ?? []);
    }),
  );
  const fitting = found.find(({ length }) => length === cipher.keyBytes);
  const plain = deciphered(cipher, octets, fitting ?? randomBytes(cipher.keyBytes));
  return fitting === undefined ? undefined : plain;
}

function deciphered(cipher: ContentCipher, octets: Buffer, key: Buffer): Buffer | undefined {
  const iv = octets.subarray(0, cipher.ivBytes);
  const rest = octets.subarray(cipher.ivBytes);
  try {
    switch (cipher.name) {
      case "aes-128-gcm":
      case "aes-192-gcm":
      case "aes-256-gcm": {
        if (rest.length < TAG_BYTES) return undefined;
        const gcm = createDecipheriv(cipher.name, key, iv, { authTagLength: TAG_BYTES });
        gcm.setAuthTag(rest.subarray(rest.length - TAG_BYTES));
        return Buffer.concat([gcm.update(rest.subarray(0, rest.length - TAG_BYTES)), gcm.final()]);
      }
      default: {
        const cbc = createDecipheriv(cipher.name, key, iv).setAutoPadding(false);
        return withoutPadding(Buffer.concat([cbc.update(rest), cbc.final()]), cipher.ivBytes);
      }
    }
  } catch {
    // Its errors tell a bad tag from a bad length.
    return undefined;
  }
}

/** The last octet says how many are padding; the others of it may be anything (XML Encryption section 5.2). */
function withoutPadding(plain: Buffer, blockBytes: number): Buffer | undefined {
  const padding = plain.at(-1) ?? 0;
  return padding < 1 || padding > blockBytes ? undefined : plain.subarray(0, plain.length - padding);
}
