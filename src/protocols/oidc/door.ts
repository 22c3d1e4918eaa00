import type { GroupAttributeOf } from "../sign-in/group-attribute.js";
import { type IdpProfile, profileFor } from "../sign-in/idp-profile.js";
import { nothingHere, type SignInWeb, type Visit } from "../sign-in/sign-in-web.js";
import type { Provider, RelyingParty } from "./rp.js";

/** What the routes of OpenID Connect work with. */
export interface OidcDoor {
  readonly web: SignInWeb;
  readonly relyingParty: RelyingParty;
  readonly profiles: readonly IdpProfile[];
  readonly groupAttributeOf: GroupAttributeOf;
}

/** The provider of a connection that speaks OpenID Connect and has not ended; elsewhere there is nothing. */
export function providerOf(
  { profiles }: OidcDoor,
  { tenant, connection }: Pick<Visit, "tenant" | "connection">,
): Provider {
  const settings = connection.oidc;
  if (connection.protocol !== "oidc" || settings === undefined || connection.disabledAt !== undefined)
    throw nothingHere();
  const { profile } = connection;
  const address = { protocol: "oidc" as const, issuer: settings.issuer, profile };
  return { tenant, connection, settings, profile: profileFor(profiles, address) };
}

/** Below it are a connection's own addresses. One each: an answer of another provider's arrives elsewhere (mix-up, RFC 9207). */
export function addressOf({ web }: OidcDoor, { tenant, connection }: Pick<Visit, "tenant" | "connection">): string {
  return `${web.publicUrl}/sso/${tenant.slug}/${connection.slug}`;
}
