/** Owns what a SAML identity provider calls a person in front of one service. */
import { createHash, randomUUID } from "node:crypto";
import type { SamlAccount, SamlServiceProvider } from "./saml-provider-config.js";

/** INVARIANT: a persistent name is another one in front of each service, and never changes (SAML core section 8.3.7). */
export function nameIdOf(
  userName: string,
  account: SamlAccount,
  { entityId, nameIdFormat }: SamlServiceProvider,
): string {
  if (nameIdFormat === "transient") return `_${randomUUID()}`;
  if (account.nameId !== undefined) return account.nameId;
  if (nameIdFormat === "emailAddress") return account.attributes["mail"]?.[0] ?? userName;
  if (nameIdFormat === "unspecified") return userName;
  return createHash("sha256").update(`${entityId}\n${userName}`).digest("base64url");
}
