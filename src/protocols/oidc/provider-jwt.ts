/** Owns what an OpenID provider says to us without a browser: JWTs that its own keys sign (RFC 7519, RFC 8725). */
import { type CryptoKey, createLocalJWKSet, errors, type JWK, type JWTVerifyResult, jwtVerify } from "jose";
import type { Instant } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";
import { textOf } from "../sign-in/claim-values.js";
import { own } from "../sign-in/claims.js";
import { type Guard, OidcFailure } from "./failure.js";
import { MOST_TRIED, withFittingKeys } from "./fitting-keys.js";
import type { KnownProvider, KnownProviders } from "./known-providers.js";
import type { Provider } from "./rp.js";
import { checkIssuedAt, IAT_SECONDS } from "./token-checks.js";

export interface JwtExpectations {
  readonly now: Instant;
  readonly audience: string;
  /** The `typ` of its header; one that names none is taken too. */
  readonly type: string;
}

export interface ProviderJwt {
  readonly claims: JsonObject;
  /** `jti`. */
  readonly id: string;
  /** From when on it is refused for its age. */
  readonly until: Instant;
}

/** INVARIANT: anybody may send such a JWT: the provider is asked anew for keys this often by their doing, so that sign-ins still may. */
const MOST_REREADS_OF_STRANGERS = 2;
const TOLERANCE_SECONDS = 60;
const LONGEST_ID = 1_024;

/**
 * Verifies signature, algorithm, issuer, audience and times of a JWT of the provider's. Throws OidcFailure, with `claims` only
 * where the provider's own key signed them.
 */
export async function verifyProviderJwt(
  known: KnownProviders,
  provider: Provider,
  jwt: string,
  expected: JwtExpectations,
): Promise<ProviderJwt> {
  const attempt = (seen: KnownProvider) => verified(seen, jwt, expected);
  const { payload, protectedHeader } = await withFittingKeys(known, provider, attempt, MOST_REREADS_OF_STRANGERS);
  const claims = payload as JsonObject;
  const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, "");
  if (type !== undefined && type !== "jwt" && type !== expected.type) {
    throw new OidcFailure("token_type", { wanted: expected.type }, { claims });
  }
  const id = textOf(own(claims, "jti"), LONGEST_ID);
  if (id === undefined) throw new OidcFailure("token_id", {}, { claims });
  return { claims, id, until: new Date((checkIssuedAt(claims, expected.now) + IAT_SECONDS) * 1000).toISOString() };
}

async function verified(
  { metadata, keys }: KnownProvider,
  jwt: string,
  { audience, now }: JwtExpectations,
): Promise<JWTVerifyResult> {
  const options = {
    algorithms: [...(metadata.id_token_signing_alg_values_supported ?? [])],
    issuer: metadata.issuer,
    audience,
    clockTolerance: TOLERANCE_SECONDS,
    currentDate: new Date(now),
  };
  try {
    return await jwtVerify(jwt, createLocalJWKSet({ keys: [...keys] as JWK[] }), options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw failureOf(error);
    return withOneOf(await firstOf(error), (key) => jwtVerify(jwt, key, options));
  }
}

/** Keys of which the token does not say which one it is. */
async function firstOf(keys: AsyncIterable<CryptoKey>): Promise<readonly CryptoKey[]> {
  const found: CryptoKey[] = [];
  for await (const key of keys) {
    found.push(key);
    if (found.length === MOST_TRIED) break;
  }
  return found;
}

async function withOneOf(
  keys: readonly CryptoKey[],
  verify: (key: CryptoKey) => Promise<JWTVerifyResult>,
): Promise<JWTVerifyResult> {
  let last: unknown;
  for (const key of keys) {
    try {
      return await verify(key);
    } catch (error) {
      last = error;
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) break;
    }
  }
  throw failureOf(last);
}

const CLAIM_GUARDS: ReadonlyMap<string, Guard> = new Map<string, Guard>([
  ["iss", "issuer"],
  ["aud", "audience"],
  ["iat", "issued_at"],
  ["exp", "expiry"],
  ["nbf", "expiry"],
]);

/** By the classes of jose 6; claims are judged after the signature, so that those which it names are the provider's. */
function failureOf(error: unknown): OidcFailure {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) {
    const claims = error.payload as JsonObject;
    return new OidcFailure(CLAIM_GUARDS.get(error.claim) ?? "claims", { claim: error.claim }, { cause: error, claims });
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return new OidcFailure("algorithm", {}, { cause: error });
  // What it does not call its own was thrown by a key that cannot be used.
  const isOfKey = error instanceof errors.JWKSNoMatchingKey || !(error instanceof errors.JOSEError);
  if (isOfKey) return new OidcFailure("key", {}, { cause: error });
  if (error instanceof errors.JWSSignatureVerificationFailed) return new OidcFailure("signature", {}, { cause: error });
  return new OidcFailure("token", {}, { cause: error });
}
