/** Keys with self-signed certificates for SAML tests, made once in each process: nothing of them is kept anywhere. */
import { type KeyObject, X509Certificate } from "node:crypto";
import { generate } from "selfsigned";

export interface SigningKey {
  /** PKCS#8, as PEM. */
  readonly privateKey: string;
  /** The certificate as `SamlSettings.certificates` holds it: DER in base64, one line. */
  readonly certificate: string;
  readonly certificatePem: string;
  /** The public key alone, for those who take it for a secret. */
  readonly publicPem: string;
}

const ACME = "idp.acme.example";

/** `idp` and `idpNext` belong to Acme's provider; the attacker's certificate bears the same name as Acme's own. */
export const [idpKey, idpNextKey, globexKey, attackerKey, ellipticKey] = await Promise.all([
  makeKey(ACME),
  makeKey(ACME),
  makeKey("idp.globex.example"),
  makeKey(ACME),
  makeKey(ACME, { keyType: "ec", curve: "P-256" }),
]);

/** One more key, for tests that need their own; RSA with 2048 bits unless told. */
export async function makeKey(
  name: string,
  options: NonNullable<Parameters<typeof generate>[1]> = {},
): Promise<SigningKey> {
  const made = await generate([{ name: "commonName", value: name }], {
    algorithm: "sha256",
    keySize: 2048,
    ...options,
  });
  const certificate = new X509Certificate(made.cert);
  return {
    privateKey: made.private,
    certificate: certificate.raw.toString("base64"),
    certificatePem: made.cert,
    publicPem: certificate.publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

/** Acme's certificate with this key in place of its own, in base64; no signature fits it, and none is asked for. */
export function certificateOf(key: KeyObject): string {
  const [tbs = Buffer.alloc(0), ...signature] = derParts(Buffer.from(idpKey.certificate, "base64"));
  const parts = derParts(tbs);
  parts[6] = key.export({ type: "spki", format: "der" });
  return derSequence([derSequence(parts), ...signature]).toString("base64");
}

/** What stands in a DER sequence, each with its tag and length. */
function derParts(sequence: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  const headOf = (at: number) => {
    const first = sequence[at + 1] ?? 0;
    const more = first < 0x80 ? 0 : first - 0x80;
    return { head: 2 + more, length: more === 0 ? first : sequence.readUIntBE(at + 2, more) };
  };
  for (let at = headOf(0).head; at < sequence.length; ) {
    const { head, length } = headOf(at);
    parts.push(sequence.subarray(at, at + head + length));
    at += head + length;
  }
  return parts;
}

function derSequence(parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([0x30, 0x82, content.length >> 8, content.length & 0xff]), content]);
}
