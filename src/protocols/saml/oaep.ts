/**
 * Owns the padding of keys that RSA-OAEP encrypted (RFC 8017 section 7.1.2). Node's own takes one hash for both of its
 * uses, and XML Encryption names the two apart: most providers mean SHA-256 and MGF1 with SHA-1.
 */
import { constants, createHash, type KeyObject, privateDecrypt, timingSafeEqual } from "node:crypto";

export type OaepHash = "sha1" | "sha256";

/** Of the label, and of the mask generation function. */
export interface OaepHashes {
  readonly digest: OaepHash;
  readonly mask: OaepHash;
}

/** The padded block; `undefined` when the octets are none of this key's, which everybody can see who has its certificate. */
export function oaepBlock(octets: Buffer, key: KeyObject): Buffer | undefined {
  try {
    return privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, octets);
  } catch {
    return undefined;
  }
}

/**
 * What was padded, or `undefined`. INVARIANT: whatever is wrong with a block, the same steps are taken before anybody
 * hears of it (RFC 8017 section 7.1.2, note).
 */
export function unpadded(block: Buffer, { digest, mask }: OaepHashes, label: Buffer): Buffer | undefined {
  const labelHash = createHash(digest).update(label).digest();
  const size = labelHash.length;
  if (block.length < 2 * size + 2) return undefined;
  const maskedSeed = block.subarray(1, 1 + size);
  const maskedData = block.subarray(1 + size);
  const seed = xor(maskedSeed, maskOf(maskedData, size, mask));
  const data = xor(maskedData, maskOf(seed, maskedData.length, mask));
  const isLabelRight = Number(timingSafeEqual(data.subarray(0, size), labelHash));
  let [start, isLooking, isClean] = [0, 1, 1];
  for (let index = size; index < data.length; index++) {
    const octet = data[index] ?? 0;
    const isEnd = Number(octet === 1) & isLooking;
    isClean &= 1 - (isLooking & Number(octet > 1));
    start += isEnd * (index + 1);
    isLooking &= 1 - isEnd;
  }
  const holds = isLabelRight & isClean & (1 - isLooking) & Number(block[0] === 0);
  return holds === 1 ? data.subarray(start) : undefined;
}

/** MGF1 (RFC 8017 appendix B.2.1). */
function maskOf(seed: Buffer, length: number, hash: OaepHash): Buffer {
  const parts: Buffer[] = [];
  for (let [counter, made] = [0, 0]; made < length; counter++) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    const part = createHash(hash).update(seed).update(count).digest();
    parts.push(part);
    made += part.length;
  }
  return Buffer.concat(parts).subarray(0, length);
}

function xor(one: Buffer, other: Buffer): Buffer {
  return Buffer.from(one.map((octet, index) => octet ^ (other[index] ?? 0)));
}
