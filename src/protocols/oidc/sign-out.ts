/** Owns how people leave for their provider's own sign-out (OpenID Connect RP-Initiated Logout 1.0), and what is kept for that day. */
import type { Departure } from "../sign-in/sign-in-web.js";
import type { Provider } from "./rp.js";

/** Characters of an ID token. An address of 8,000 octets is as long as servers have to take (RFC 9110 section 4.1). */
const LONGEST = { form: 16_384, query: 6_000 };

/**
 * The ID token, where the provider wants to see it again at the sign-out. INVARIANT: it is kept for nothing else, and where nobody
 * is sent there it is not kept.
 */
export function idTokenToKeep({ profile, settings }: Pick<Provider, "profile" | "settings">, idToken: string) {
  const { idTokenAtSignOut: by } = profile;
  const isWanted = by !== undefined && settings.singleLogout !== false && idToken.length <= LONGEST[by];
  return isWanted ? idToken : undefined;
}

export interface Leaving {
  /** As registered with the provider. */
  readonly returnTo: string;
  /** Comes back with the browser. */
  readonly state: string;
  /** The provider's own name for the session. */
  readonly idpSession?: string;
  /** What `idTokenToKeep` kept. */
  readonly idToken?: string;
}

/** Whether the provider would show an error, for want of the ID token. */
export function lacksIdToken({ profile }: Pick<Provider, "profile">, { idToken }: Leaving): boolean {
  return profile.idTokenAtSignOut !== undefined && idToken === undefined;
}

/**
 * The way to the provider's place for it. INVARIANT: where the provider takes a form, the ID token gets into no address, and so into
 * no history and no log of addresses.
 */
export function departureTo(
  { profile, settings }: Pick<Provider, "profile" | "settings">,
  place: string,
  leaving: Leaving,
): Departure {
  const fields = { client_id: settings.clientId, ...parametersOf(leaving) };
  if (profile.idTokenAtSignOut === "form") return { kind: "form", action: place, fields };
  const url = new URL(place);
  for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value);
  return { kind: "redirect", location: url.href };
}

/** What the provider is told: its own token or, where it wants none, its own name for the session. */
function parametersOf({ returnTo, state, idpSession, idToken }: Leaving): Record<string, string> {
  const hint = idpSession === undefined ? {} : { logout_hint: idpSession };
  const named = idToken === undefined ? hint : { id_token_hint: idToken };
  return { post_logout_redirect_uri: returnTo, state, ...named };
}
