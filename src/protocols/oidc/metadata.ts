/** Owns what of a provider's discovery document is believed (OpenID Connect Discovery 1.0 section 3). */
import type { OidcSettings } from "../../model/connection.js";
import { isSameIssuer, isWebAddress } from "../../model/web-address.js";
import { OidcFailure } from "./failure.js";

export interface ProviderMetadata {
  readonly issuer: string;
  readonly authorization_endpoint?: string;
  readonly token_endpoint?: string;
  readonly jwks_uri?: string;
  readonly scopes_supported?: readonly string[];
  id_token_signing_alg_values_supported?: string[];
  userinfo_signing_alg_values_supported?: string[];
}

/** INVARIANT: asymmetric only. `none` and HS* never verify anything, whatever a provider's metadata offers. */
const ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"];

/** Scopes that are asked for when the connection names none, as far as the provider offers them. */
const DEFAULT_SCOPES = ["openid", "profile", "email", "groups"];

/**
 * The metadata with only such algorithms as we verify, so that the library refuses every other one. Throws OidcFailure
 * when it is another issuer's or lacks what a sign-in needs. INVARIANT: the library lets Microsoft's hosts answer with
 * another issuer than the one that was asked for; we do not.
 */
export function checkedMetadata<Metadata extends ProviderMetadata>(
  metadata: Metadata,
  settings: OidcSettings,
): Metadata {
  if (!isSameIssuer(metadata.issuer, settings.issuer)) {
    throw new OidcFailure("provider_metadata", { issuer: metadata.issuer, wanted: settings.issuer });
  }
  const needed = ["authorization_endpoint", "token_endpoint", "jwks_uri"] as const;
  const missing = needed.find((name) => !isWebAddress(metadata[name]));
  if (missing !== undefined) throw new OidcFailure("provider_metadata", { missing });
  const { idTokenAlg } = settings;
  const idToken =
    idTokenAlg === undefined ? allowed(metadata.id_token_signing_alg_values_supported) : namesOf(idTokenAlg);
  if (idToken.length === 0) throw new OidcFailure("provider_metadata", { missing: "an algorithm that is accepted" });
  return {
    ...metadata,
    id_token_signing_alg_values_supported: idToken,
    userinfo_signing_alg_values_supported: allowed(metadata.userinfo_signing_alg_values_supported),
  };
}

/** EdDSA has two names: RFC 8037 and RFC 9864. */
function namesOf(algorithm: string): string[] {
  return ALGORITHMS.filter((name) => name === algorithm || (algorithm === "EdDSA" && name === "Ed25519"));
}

function allowed(offered: unknown): string[] {
  return Array.isArray(offered) ? ALGORITHMS.filter((algorithm) => offered.includes(algorithm)) : ALGORITHMS;
}

/** What the connection names; otherwise the usual ones that the provider lists. `groups` only if it is listed: some refuse it. */
export function scopesFor(settings: OidcSettings, { scopes_supported: offered }: ProviderMetadata): readonly string[] {
  if (settings.scopes.length > 0) return settings.scopes;
  if (!Array.isArray(offered)) return DEFAULT_SCOPES.filter((scope) => scope !== "groups");
  return DEFAULT_SCOPES.filter((scope) => scope === "openid" || offered.includes(scope));
}
