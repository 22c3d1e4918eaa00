/** Owns the signatures that we make: over the query of the HTTP-Redirect binding, and inside a message. */
import { sign, X509Certificate } from "node:crypto";
import { SignedXml } from "xml-crypto";
import type { SigningKey } from "../../provisioning/connection-keys.js";
import { DS, EXCLUSIVE_C14N, MORE, XENC } from "./namespaces.js";

const RSA_SHA256 = `${MORE}rsa-sha256`;
const SHA256 = `${XENC}sha256`;

/**
 * The address with `SigAlg` and `Signature` behind it. What is signed is the text of the query from `parameter` on, as it is
 * sent (SAML bindings section 3.4.4.1): nobody's other way of escaping it makes another one of it.
 */
export function withSignature(location: string, parameter: "SAMLRequest" | "SAMLResponse", key: SigningKey): string {
  const octets = `${location.slice(location.lastIndexOf(`${parameter}=`))}&SigAlg=${encodeURIComponent(RSA_SHA256)}`;
  const signature = sign("sha256", Buffer.from(octets, "utf8"), key.privateKey).toString("base64");
  return `${location}&SigAlg=${encodeURIComponent(RSA_SHA256)}&Signature=${encodeURIComponent(signature)}`;
}

/** The message with an enveloped signature behind its Issuer, where SAML's schema wants it (SAML core section 5). */
export function signedMessage(xml: string, key: SigningKey): string {
  const signing = new SignedXml({
    privateKey: key.privateKey,
    publicCert: new X509Certificate(Buffer.from(key.certificate, "base64")).toString(),
    signatureAlgorithm: RSA_SHA256,
    canonicalizationAlgorithm: EXCLUSIVE_C14N,
  });
  signing.addReference({
    xpath: "/*",
    transforms: [`${DS}enveloped-signature`, EXCLUSIVE_C14N],
    digestAlgorithm: SHA256,
  });
  const reference = "/*/*[local-name(.)='Issuer']";
  signing.computeSignature(xml, { prefix: "ds", location: { reference, action: "after" } });
  return signing.getSignedXml();
}
