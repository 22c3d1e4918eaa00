/** Owns the signature of the HTTP-Redirect binding, which stands beside the message (SAML bindings section 3.4.4.1). */
import type { KeyObject } from "node:crypto";
import { refusal } from "./failure.js";
import { holds, methodNamed } from "./signature-method.js";

export interface DetachedSignature {
  /** What was signed. INVARIANT: the text of the query as it came, of which the message was decoded too. */
  readonly octets: Buffer;
  readonly algorithm: string;
  readonly value: Buffer;
}

/** One of the keys must have made it, by an algorithm that is accepted. `of`: what the message is called. */
export function requireDetached(
  { octets, algorithm, value }: DetachedSignature,
  keys: readonly KeyObject[],
  of: string,
): void {
  const method = methodNamed(algorithm);
  if (keys.some((key) => holds(method, key, octets, value))) return;
  throw refusal(
    "signature",
    `the query of the ${of} is signed with none of the ${keys.length} keys of this connection, or was changed: if the identity provider has a new certificate, give the connection its new metadata`,
  );
}
