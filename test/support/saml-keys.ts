/** Keys with self-signed certificates for SAML tests, made once in each process: nothing of them is kept anywhere. */
import { X509Certificate } from "node:crypto";
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
