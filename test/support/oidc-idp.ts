/** The real OpenID provider of the demo, with people whose claims have every shape that was seen on the wire. */
import type { OidcProviderConfig, ProviderClaims, ProviderClient } from "../../demo/processes/oidc-provider-config.js";
import { type OidcProviderProcess, startOidcProvider } from "../../demo/processes/start-oidc-provider.js";

export const CLIENT_SECRET = "s.e-c_r~e!t";

export function person(name: string, claims: ProviderClaims = {}): ProviderClaims {
  return { name, preferred_username: name, email: `${name}@acme.example`, email_verified: true, ...claims };
}

/** A client that is allowed back to one address. */
export function idpClient(clientId: string, redirectUri: string, more: Partial<ProviderClient> = {}): ProviderClient {
  return {
    clientId,
    clientSecret: CLIENT_SECRET,
    redirectUris: [redirectUri],
    authMethod: "client_secret_post",
    ...more,
  };
}

export function startOidcIdp(config: OidcProviderConfig): Promise<OidcProviderProcess> {
  return startOidcProvider({ algorithms: ["RS256", "PS256", "ES256", "EdDSA"], ...config });
}
