/** The relying party: owns every conversation with an OpenID provider, and is the only importer of openid-client. */
import * as client from "openid-client";
import { boundedMap } from "../../model/bounded-map.js";
import type { Connection, OidcSettings } from "../../model/connection.js";
import type { ConnectionId, Instant, TenantId } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";
import { Refusal } from "../../model/problem.js";
import type { GuardedFetch } from "../../platform/network.js";
import { own, type SignInClaims } from "../sign-in/claims.js";
import type { IdpProfile } from "../sign-in/idp-profile.js";
import { failureFrom, OidcFailure } from "./failure.js";
import { checkedMetadata, scopesFor } from "./metadata.js";
import { tenantIdOf } from "./settings.js";
import { checkIdToken } from "./token-checks.js";

export interface RelyingPartyDeps {
  /** Used for every endpoint that a provider names. */
  readonly fetch: GuardedFetch;
  /** The client secret in clear; `undefined` for public clients. */
  clientSecret(tenant: TenantId, connection: ConnectionId): Promise<string | undefined>;
  now(): Instant;
  /** Providers over plain http: development and tests only. */
  readonly allowHttp: boolean;
}

/** A connection and how its provider speaks. */
export interface Provider {
  readonly tenant: TenantId;
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
}

/** Longer than a key rotation needs: an unknown key drops the entry at once. */
const REMEMBERED_MILLISECONDS = 3_600_000;
const MOST_REMEMBERED = 1_000;
const TIMEOUT_SECONDS = 10;

interface Remembered {
  readonly version: number;
  readonly until: number;
  readonly configuration: Promise<client.Configuration>;
}

export function createRelyingParty(deps: RelyingPartyDeps): RelyingParty {
  const remembered = boundedMap<string, Remembered>(MOST_REMEMBERED);

  /** One configuration per connection, shared by concurrent sign-ins; a failure is forgotten at once. */
  function configurationOf(provider: Provider): Promise<client.Configuration> {
    const { connection } = provider;
    const key = `${provider.tenant}/${connection.id}`;
    const now = Date.parse(deps.now());
    const known = remembered.get(key);
    if (known?.version === connection.version && known.until > now) return known.configuration;
    const configuration = discover(deps, provider);
    const entry = { version: connection.version, until: now + REMEMBERED_MILLISECONDS, configuration };
    remembered.set(key, entry);
    configuration.catch(() => {
      if (remembered.get(key) === entry) remembered.delete(key);
    });
    return configuration;
  }

  return {
    newLogin: () => ({
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
    }),

    async authorizationUrl(provider, redirectUri, login, loginHint) {
      const configuration = await configurationOf(provider);
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: scopesFor(provider.settings, configuration.serverMetadata()).join(" "),
        state: login.state,
        nonce: login.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(login.verifier),
        code_challenge_method: "S256",
        ...(loginHint === undefined ? {} : { login_hint: loginHint }),
      });
      return url.href;
    },

    async redeem(provider, answer, login) {
      const configuration = await configurationOf(provider);
      try {
        return await redeemWith(deps, provider, configuration, answer, login);
      } catch (error) {
        const failure = failureFrom(error, "grant");
        // The provider may have rotated its keys: the library would keep the old ones for minutes.
        if (failure.guard === "key" || failure.guard === "signature")
          remembered.delete(`${provider.tenant}/${provider.connection.id}`);
        throw failure;
      }
    },
  };
}

async function redeemWith(
  deps: RelyingPartyDeps,
  provider: Provider,
  configuration: client.Configuration,
  answer: URL,
  login: LoginSecrets,
): Promise<VerifiedSignIn> {
  const tokens = await client.authorizationCodeGrant(configuration, answer, {
    expectedState: login.state,
    expectedNonce: login.nonce,
    pkceCodeVerifier: login.verifier,
    idTokenExpected: true,
  });
  const idToken = tokens.claims();
  if (idToken === undefined) throw new OidcFailure("id_token");
  const claims = idToken as JsonObject;
  const { tenantClaim } = provider.profile.identity;
  const tenantId = tenantIdOf(provider.settings.issuer);
  const subject = checkIdToken(claims, {
    clientId: provider.settings.clientId,
    now: deps.now(),
    ...(tenantClaim === undefined || tenantId === undefined ? {} : { tenant: { claim: tenantClaim, id: tenantId } }),
  });
  const session = own(claims, "sid");
  return {
    subject,
    ...(typeof session === "string" && session.length <= 255 ? { idpSession: session } : {}),
    idToken: claims,
    ...(await userinfoOf(configuration, tokens.access_token, subject)),
  };
}

/**
 * Userinfo where there is such an endpoint. One that fails does not end the sign-in, it leaves things unknown;
 * one that speaks of another person does (OpenID Connect Core section 5.3.2).
 */
async function userinfoOf(
  configuration: client.Configuration,
  accessToken: string,
  subject: string,
): Promise<{ readonly userinfo?: JsonObject; readonly userinfoFailed?: true }> {
  if (configuration.serverMetadata().userinfo_endpoint === undefined) return {};
  try {
    return { userinfo: (await client.fetchUserInfo(configuration, accessToken, subject)) as JsonObject };
  } catch (error) {
    const failure = failureFrom(error, "userinfo");
    if (failure.guard === "userinfo" || failure.guard === "provider_unreachable") return { userinfoFailed: true };
    throw failure;
  }
}

async function discover(
  deps: RelyingPartyDeps,
  { tenant, connection, settings }: Provider,
): Promise<client.Configuration> {
  const secret = settings.clientAuthMethod === "none" ? undefined : await deps.clientSecret(tenant, connection.id);
  const insecure = deps.allowHttp ? [client.allowInsecureRequests] : [];
  const options = { [client.customFetch]: retryingFetch(deps), timeout: TIMEOUT_SECONDS, execute: insecure };
  let found: client.ServerMetadata;
  try {
    const issuer = new URL(settings.issuer);
    found = (await client.discovery(issuer, settings.clientId, undefined, client.None(), options)).serverMetadata();
  } catch (error) {
    throw failureFrom(error, "discovery");
  }
  const configuration = new client.Configuration(
    checkedMetadata(found, settings),
    settings.clientId,
    undefined,
    clientAuthentication(found, settings, secret),
  );
  configuration[client.customFetch] = options[client.customFetch];
  configuration.timeout = TIMEOUT_SECONDS;
  for (const execute of [...insecure, client.enableNonRepudiationChecks]) execute(configuration);
  return configuration;
}

/** Providers close idle connections and restart: what only reads is asked for once more. */
function retryingFetch({ fetch }: RelyingPartyDeps): client.CustomFetch {
  return async (url, options) => {
    try {
      return await fetch(url, options);
    } catch (error) {
      if (options.method !== "GET" || !(error instanceof Refusal) || error.code !== "unavailable") throw error;
      return fetch(url, options);
    }
  };
}

/**
 * What the connection says; otherwise `post` where the provider offers it, because providers disagree on how Basic is
 * encoded, and Basic where it is the only one (it is the default of OpenID Connect Discovery section 3).
 */
function clientAuthentication(
  metadata: client.ServerMetadata,
  { clientAuthMethod }: OidcSettings,
  secret: string | undefined,
): client.ClientAuth {
  if (clientAuthMethod === "none" || secret === undefined) return client.None();
  const offered = metadata.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  const post = clientAuthMethod === "client_secret_post" || offered.includes("client_secret_post");
  return post && clientAuthMethod !== "client_secret_basic" ? client.ClientSecretPost(secret) : basic(secret);
}

/**
 * RFC 6749 section 2.3.1, with the characters `-_.!~*'()` as they are: the library would write `%2D`, which several
 * providers take literally, while those that decode read both.
 */
function basic(secret: string): client.ClientAuth {
  const encode = (text: string): string => encodeURIComponent(text).replaceAll("%20", "+");
  return (_server, { client_id }, _body, headers) => {
    const credentials = `${encode(client_id)}:${encode(secret)}`;
    headers.set("authorization", `Basic ${Buffer.from(credentials, "utf8").toString("base64")}`);
  };
}
