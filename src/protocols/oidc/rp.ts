/** The relying party: owns every conversation with an OpenID provider. */
import { setTimeout } from "node:timers/promises";
import * as client from "openid-client";
import type { Connection, OidcSettings, Tenant } from "../../model/connection.js";
import type { ConnectionId, Instant, TenantId } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";
import { Refusal } from "../../model/problem.js";
import { isWebAddress } from "../../model/web-address.js";
import { type GuardedFetch, TooLate } from "../../platform/network.js";
import type { SigningKey } from "../../provisioning/connection-keys.js";
import type { ProviderLogout } from "../../provisioning/end-sessions.js";
import { textOf } from "../sign-in/claim-values.js";
import { own, type SignInClaims } from "../sign-in/claims.js";
import type { IdpProfile } from "../sign-in/idp-profile.js";
import type { Departure } from "../sign-in/sign-in-web.js";
import { type BasicEncodings, createBasicEncodings } from "./basic-encodings.js";
import { clientAuthentication } from "./client-authentication.js";
import { failureFrom, OidcFailure } from "./failure.js";
import { withFittingKeys } from "./fitting-keys.js";
import { createKnownProviders, type KnownProvider, type KnownProviders } from "./known-providers.js";
import { LOGOUT_TOKEN_TYPE, logoutOf } from "./logout-token.js";
import { scopesFor } from "./metadata.js";
import { type ProviderJwt, verifyProviderJwt } from "./provider-jwt.js";
import { tenantIdOf } from "./settings.js";
import { departureTo, idTokenToKeep, type Leaving, lacksIdToken } from "./sign-out.js";
import { checkAccessToken, checkIdToken } from "./token-checks.js";

export interface RelyingPartyDeps {
  /** Used for every endpoint that a provider names. */
  readonly fetch: GuardedFetch;
  /** The client secret in clear; `undefined` for public clients. */
  clientSecret(tenant: TenantId, connection: ConnectionId): Promise<string | undefined>;
  /** The connection's own key, for providers that take no secret. */
  signingKey(provider: Pick<Provider, "tenant" | "connection">): Promise<SigningKey>;
  now(): Instant;
  /** Providers over plain http: development and tests only. */
  readonly allowHttp: boolean;
}

/** A connection and how its provider speaks. */
export interface Provider {
  readonly tenant: Pick<Tenant, "id" | "slug">;
  readonly connection: Connection;
  readonly settings: OidcSettings;
  readonly profile: IdpProfile;
}

export interface LoginSecrets {
  readonly state: string;
  readonly nonce: string;
  /** PKCE verifier (RFC 7636). */
  readonly verifier: string;
}

export interface VerifiedSignIn {
  readonly idToken: JsonObject;
  /** Where the provider has such an endpoint. */
  readonly userinfo?: JsonObject;
  /** The endpoint exists and did not answer. */
  readonly userinfoFailed?: true;
  /** `sub` and `sid` of the ID token: the provider's own names for person and session. */
  readonly subject: string;
  readonly idpSession?: string;
  /** The ID token itself, where the provider wants to see it at the sign-out. */
  readonly keptIdToken?: string;
}

/** The ID token's word counts before userinfo's, which is not signed. */
export function claimsOf({ idToken, userinfo, userinfoFailed }: VerifiedSignIn): SignInClaims {
  return {
    sources: userinfo === undefined ? [idToken] : [idToken, userinfo],
    ...(userinfoFailed === undefined ? {} : { incomplete: true }),
  };
}

export interface RelyingParty {
  /** Fresh random values for one login. */
  newLogin(): LoginSecrets;
  /** Where to send the browser. Throws OidcFailure when the provider cannot be reached or is not what it says. */
  authorizationUrl(provider: Provider, redirectUri: string, login: LoginSecrets, loginHint?: string): Promise<string>;
  /** Redeems what the provider sent back to `answer` (our redirect URI with its query). Throws OidcFailure. */
  redeem(provider: Provider, answer: URL, login: LoginSecrets): Promise<VerifiedSignIn>;
  /** What a logout token of the provider's ends. Throws OidcFailure. */
  logout(provider: Provider, token: string): Promise<ProviderLogout>;
  /** What a call of the provider's own is shown by: a JWT made for this address of ours. Throws OidcFailure. */
  revocation(provider: Provider, token: string, address: string): Promise<ProviderJwt>;
  /**
   * How the browser goes where the provider ends its own session and sends it on to `returnTo`; `undefined` where it has no such
   * place, wants an ID token there that was not kept, or does not answer soon, or where an admin wants sign-outs to end here.
   */
  endSession(provider: Provider, leaving: Leaving): Promise<Departure | undefined>;
}

export function createRelyingParty(given: RelyingPartyDeps): RelyingParty {
  const deps = { ...given, fetch: retryingFetch(given) };
  const known = createKnownProviders(deps);
  const encodings = createBasicEncodings();

  return {
    newLogin: () => ({
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
    }),

    async authorizationUrl(provider, redirectUri, login, loginHint) {
      const seen = await known.of(provider);
      const parameters = {
        redirect_uri: redirectUri,
        scope: scopesFor(provider.settings, seen.metadata).join(" "),
        state: login.state,
        nonce: login.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(login.verifier),
        code_challenge_method: "S256",
        ...(loginHint === undefined ? {} : { login_hint: loginHint }),
      };
      try {
        return client.buildAuthorizationUrl(configured(deps, provider, seen, client.None()), parameters).href;
      } catch (error) {
        // An address over plain http, from a provider that itself was asked over https.
        throw failureFrom(error, "discovery");
      }
    },

    redeem: (provider, answer, login) => redeemWith({ deps, known, encodings, provider }, answer, login),

    async logout(provider, token) {
      const expected = { audience: provider.settings.clientId, type: LOGOUT_TOKEN_TYPE, now: deps.now() };
      return logoutOf(await verifyProviderJwt(known, provider, token, expected));
    },

    revocation: (provider, token, address) =>
      verifyProviderJwt(known, provider, token, { audience: address, type: REVOCATION_TYPE, now: deps.now() }),

    async endSession(provider, leaving) {
      if (provider.settings.singleLogout === false || lacksIdToken(provider, leaving)) return undefined;
      const seen = await soon(known.of(provider));
      const place = seen?.metadata.end_session_endpoint;
      if (!isWebAddress(place) || !(deps.allowHttp || place.startsWith("https:"))) return undefined;
      return departureTo(provider, place, leaving);
    },
  };
}

/** The `typ` by which Okta calls what it signs for its Universal Logout. */
const REVOCATION_TYPE = "global-token-revocation+jwt";
/** People who sign out do not wait for a provider that does not answer. */
const SOON_MILLISECONDS = 3_000;

function soon(known: Promise<KnownProvider>): Promise<KnownProvider | undefined> {
  const late = setTimeout(SOON_MILLISECONDS, undefined, { ref: false });
  return Promise.race([known.catch(() => undefined), late]);
}

interface Conversation {
  readonly deps: RelyingPartyDeps;
  readonly known: KnownProviders;
  readonly encodings: BasicEncodings;
  readonly provider: Provider;
}

async function redeemWith(at: Conversation, answer: URL, login: LoginSecrets): Promise<VerifiedSignIn> {
  const { deps, provider } = at;
  const tokens = await grantOf(at, answer, login);
  const claims = tokens.claims() as JsonObject | undefined;
  if (claims === undefined || tokens.id_token === undefined) throw new OidcFailure("id_token");
  const { tenantClaim } = provider.profile.identity;
  const tenantId = tenantIdOf(provider.settings.issuer);
  const subject = checkIdToken(claims, {
    clientId: provider.settings.clientId,
    now: deps.now(),
    ...(tenantClaim === undefined || tenantId === undefined ? {} : { tenant: { claim: tenantClaim, id: tenantId } }),
  });
  checkAccessToken(claims, tokens.id_token, tokens.access_token);
  const session = textOf(own(claims, "sid"), 255);
  const kept = idTokenToKeep(provider, tokens.id_token);
  return {
    subject,
    ...(session === undefined ? {} : { idpSession: session }),
    ...(kept === undefined ? {} : { keptIdToken: kept }),
    idToken: claims,
    ...(await userinfoOf(at, tokens.access_token, subject)),
  };
}

/** INVARIANT: the code is redeemed once. When keys have to be read anew, the provider's first answer is judged again. */
async function grantOf({ deps, known, encodings, provider }: Conversation, answer: URL, login: LoginSecrets) {
  const { tenant, connection } = provider;
  const fetch = answeringOnce(encodings.trying(`${tenant.id}/${connection.id}`, deps.fetch));
  try {
    return await withFittingKeys(known, provider, async (seen) => {
      const authentication = await clientAuthentication(deps, provider, seen.metadata);
      return client.authorizationCodeGrant(configured({ ...deps, fetch }, provider, seen, authentication), answer, {
        expectedState: login.state,
        expectedNonce: login.nonce,
        pkceCodeVerifier: login.verifier,
        idTokenExpected: true,
      });
    });
  } catch (error) {
    throw failureFrom(error, "grant");
  }
}

/**
 * Userinfo where there is such an endpoint. One that fails does not end the sign-in, it leaves things unknown;
 * one that speaks of another person does (OpenID Connect Core section 5.3.2).
 */
async function userinfoOf(
  { deps, known, provider }: Conversation,
  accessToken: string,
  subject: string,
): Promise<{ readonly userinfo?: JsonObject; readonly userinfoFailed?: true }> {
  try {
    const { metadata } = await known.of(provider);
    if (metadata.userinfo_endpoint === undefined) return {};
    const userinfo = await withFittingKeys(known, provider, (seen) =>
      client.fetchUserInfo(configured(deps, provider, seen, client.None()), accessToken, subject),
    );
    return { userinfo: userinfo as JsonObject };
  } catch (error) {
    const failure = failureFrom(error, "userinfo");
    if (failure.guard === "provider_unreachable") return { userinfoFailed: true };
    throw failure;
  }
}

/** INVARIANT: signatures are checked, against these keys: the library fetches none of its own. */
function configured(
  { allowHttp, fetch }: RelyingPartyDeps,
  { settings }: Provider,
  { metadata, keys }: KnownProvider,
  authentication: client.ClientAuth,
): client.Configuration {
  const configuration = new client.Configuration(metadata, settings.clientId, undefined, authentication);
  configuration[client.customFetch] = fetch;
  if (allowHttp) client.allowInsecureRequests(configuration);
  client.enableNonRepudiationChecks(configuration);
  client.setJwksCache(configuration, { jwks: { keys: [...keys] }, uat: Math.floor(Date.now() / 1000) });
  return configuration;
}

/** Providers close idle connections and restart: what only reads is asked for once more, but not where waiting was in vain. */
function retryingFetch({ fetch }: RelyingPartyDeps): GuardedFetch {
  return async (url, options) => {
    try {
      return await fetch(url, options);
    } catch (error) {
      const reads = (options?.method ?? "GET") === "GET";
      const isWorthIt = error instanceof Refusal && error.code === "unavailable" && !(error instanceof TooLate);
      if (!reads || !isWorthIt) throw error;
      return fetch(url, options);
    }
  };
}

/**
 * What is granted once is asked for once, however often it is read. Where the connection was closed before an answer came,
 * nobody can say whether it was granted: asking again loses nothing, as the code is good for nothing else.
 */
function answeringOnce(fetch: GuardedFetch): GuardedFetch {
  let answered: Promise<Response> | undefined;
  return async (url, options) => {
    answered ??= fetch(url, { ...options, repeatable: true });
    return (await answered).clone();
  };
}
