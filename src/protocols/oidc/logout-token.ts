/** Owns what a logout token must say (OpenID Connect Back-Channel Logout 1.0 section 2.6). */
import type { JsonObject } from "../../model/json.js";
import type { ProviderLogout } from "../../provisioning/end-sessions.js";
import { textOf } from "../sign-in/claim-values.js";
import { isObject, own } from "../sign-in/claims.js";
import { OidcFailure } from "./failure.js";
import type { ProviderJwt } from "./provider-jwt.js";

export const LOGOUT_TOKEN_TYPE = "logout+jwt";
const EVENT = "http://schemas.openid.net/event/backchannel-logout";
/** OpenID Connect Core section 2; the provider's session is called no longer. */
const LONGEST_NAME = 255;

/** What a verified logout token ends. Throws OidcFailure: an ID token is no logout token, whoever signed both. */
export function logoutOf({ claims, id, until }: ProviderJwt): ProviderLogout {
  const events = own(claims, "events");
  if (!isObject(events) || !isObject(own(events, EVENT)))
    throw new OidcFailure("events", { wanted: EVENT }, { claims });
  if (Object.hasOwn(claims, "nonce")) throw new OidcFailure("nonce", {}, { claims });
  const subject = nameIn(claims, "sub");
  const idpSession = nameIn(claims, "sid");
  if (subject === undefined && idpSession === undefined) throw new OidcFailure("subject", {}, { claims });
  return { id, until, ...(subject !== undefined && { subject }), ...(idpSession !== undefined && { idpSession }) };
}

/** INVARIANT: a name that cannot be read refuses the token: without it, more would end than was meant. */
function nameIn(claims: JsonObject, claim: string): string | undefined {
  const said = own(claims, claim);
  if (said === undefined) return undefined;
  const name = typeof said === "string" ? textOf(said, LONGEST_NAME) : undefined;
  if (name === undefined) throw new OidcFailure("subject", { claim }, { claims });
  return name;
}
