/** Owns what the addresses of a SAML connection have in common: its provider, our own names for it, and what it decrypts with. */
import type { SamlSettings } from "../../model/connection.js";
import { decryptionKeys } from "../../provisioning/connection-keys.js";
import { nothingHere, type SignInWeb, type Visit } from "../sign-in/sign-in-web.js";
import type { Decryption } from "./decrypt.js";
import type { ServiceProvider } from "./service-provider.js";

export type ConnectionVisit = Pick<Visit, "tenant" | "connection">;

export function idpOf({ connection }: ConnectionVisit): SamlSettings {
  const { saml } = connection;
  if (connection.protocol !== "saml" || saml === undefined || connection.disabledAt !== undefined) throw nothingHere();
  return saml;
}

/** One name and one address per connection: what was said for another one arrives elsewhere and names somebody else. */
export function serviceProviderOf(
  { publicUrl }: Pick<SignInWeb, "publicUrl">,
  { tenant, connection }: ConnectionVisit,
): ServiceProvider {
  const base = `${publicUrl}/sso/${tenant.slug}/${connection.slug}`;
  return { entityId: `${base}/metadata`, acsUrl: `${base}/acs`, sloUrl: `${base}/slo` };
}

export async function decryptionOf(
  { p }: Pick<SignInWeb, "p">,
  { tenant, connection }: ConnectionVisit,
  idp: SamlSettings,
): Promise<Decryption> {
  const keys = await decryptionKeys(p, tenant, connection);
  const { legacyCbc = false, legacyTripleDes = false } = idp;
  return { keys, legacyCbc, legacyTripleDes };
}
