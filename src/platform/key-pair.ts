/** Owns the making of key pairs: fresh RSA keys, and the certificates that carry their public halves. */
import { webcrypto } from "node:crypto";

const BITS = 2048;
const ALGORITHM = {
  name: "RSASSA-PKCS1-v1_5",
  modulusLength: BITS,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: "SHA-256",
};
/** Whoever trusts it trusts the key: the date is there for those who refuse certificates that have ended. */
const YEARS = 10;

/**
 * RSA, which every identity provider reads, for signing or for encrypting keys; the certificate is signed by its own key.
 * `name` becomes its common name; `from` is when it begins. Everything is DER in base64.
 */
export async function makeKeyPair(use: "signing" | "encryption", name: string, from: string) {
  // Most processes never make a key, and the library takes its time to load.
  const x509 = await import("@peculiar/x509");
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const { keyEncipherment, digitalSignature } = x509.KeyUsageFlags;
  const notAfter = new Date(from);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + YEARS);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    notBefore: new Date(from),
    notAfter,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(use === "signing" ? digitalSignature : keyEncipherment, true),
    ],
  });
  const privateKey = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    algorithm: `RSA ${BITS}`,
    certificate: Buffer.from(certificate.rawData).toString("base64"),
    privateKey: Buffer.from(privateKey).toString("base64"),
  };
}
