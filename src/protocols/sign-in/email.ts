/** Owns what an e-mail in claims is good for: recognising a person, being shown, or nothing but closing the door. */

import { domainForm } from "../../model/domain-form.js";
import { emailDomain } from "../../model/fold.js";
import type { Json, JsonObject } from "../../model/json.js";
import { linkableEmail, textOf } from "./claim-values.js";
import { own, type SignInClaims } from "./claims.js";
import type { IdpProfile } from "./idp-profile.js";

/** RFC 5321 section 4.5.3.1: 64 for the local part, 255 for the domain, and the `@`. */
const LONGEST_EMAIL = 320;

export interface ObservedEmail {
  /** As claimed, whoever vouches for it. */
  readonly claimed?: string;
  /** As claimed, where it is a fact about the person. */
  readonly fact?: string;
  /** The form by which people may be recognised, where somebody vouches for it. */
  readonly linkable?: string;
}

/** INVARIANT: an e-mail that is merely asserted is never `linkable`. */
export function observedEmail(
  claims: SignInClaims,
  profile: IdpProfile,
  provedDomains: readonly string[],
): ObservedEmail {
  const { source, email } = emailClaim(claims, profile);
  if (email === undefined) return {};
  const verified = isVerified(email, source, profile, provedDomains);
  const linkable = verified ? linkableEmail(email) : undefined;
  return {
    claimed: email,
    ...(verified || profile.email.asserted ? { fact: email } : {}),
    ...(linkable === undefined ? {} : { linkable }),
  };
}

/**
 * Whether somebody vouches for it. INVARIANT: address and proof come from the same source, the first that names an address
 * at all: a less trusted one's word never verifies another address.
 */
function isVerified(
  email: string,
  source: JsonObject | undefined,
  { email: rule }: IdpProfile,
  provedDomains: readonly string[],
): boolean {
  const domain = emailDomain(email);
  if (domain === undefined) return false;
  const vouched = rule.verifiedBy.some(({ claim, values }) => values.some((value) => own(source, claim) === value));
  const proved = rule.provedDomains === true && provedDomains.includes(domainForm(domain));
  const hosted = rule.domainClaim === undefined || own(source, rule.domainClaim) === domain;
  return (vouched || proved) && hosted;
}

/** The first source that names an e-mail, and the first usable one there. */
function emailClaim(
  { sources }: SignInClaims,
  { protocol, email: { claims } }: IdpProfile,
): { readonly source?: JsonObject; readonly email?: string } {
  const source = sources.find((one) => claims.some((claim) => own(one, claim) !== undefined));
  if (source === undefined) return {};
  const values = claims.map((claim) => own(source, claim));
  // A directory may know several addresses of a person; in OpenID Connect a list is no address.
  const flat: readonly (Json | undefined)[] = protocol === "saml" ? values.flat() : values;
  const email = flat.map((value) => textOf(value, LONGEST_EMAIL)).find((text) => text !== undefined);
  return email === undefined ? { source } : { source, email };
}
