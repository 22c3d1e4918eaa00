import { createHash } from "node:crypto";
import type { Instant } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";
import { textOf } from "../sign-in/claim-values.js";
import { own } from "../sign-in/claims.js";
import { OidcFailure } from "./failure.js";

/** An ID token made this long ago, or this far ahead, is not the answer to a login that was just begun. */
export const IAT_SECONDS = 600;
/** OpenID Connect Core section 2. */
const LONGEST_SUBJECT = 255;

export interface TokenExpectations {
  readonly clientId: string;
  readonly now: Instant;
  /** The claim that must name the tenant of the issuer, and its value; see `identity.tenantClaim` of the IdP profile. */
  readonly tenant?: { readonly claim: string; readonly id: string };
}

/**
 * What openid-client leaves open about an ID token whose signature, issuer, audience, nonce and expiry it has checked
 * (OpenID Connect Core section 3.1.3.7). Throws OidcFailure; answers with the subject.
 */
export function checkIdToken(idToken: JsonObject, expected: TokenExpectations): string {
  const subject = textOf(own(idToken, "sub"), LONGEST_SUBJECT);
  const claims = idToken;
  if (subject === undefined || typeof own(idToken, "sub") !== "string")
    throw new OidcFailure("subject", {}, { claims });
  checkIssuedAt(claims, expected.now);
  const party = own(idToken, "azp");
  if (party !== undefined && party !== expected.clientId) throw new OidcFailure("authorized_party", {}, { claims });
  const { tenant } = expected;
  if (tenant !== undefined && textOf(own(idToken, tenant.claim))?.toLowerCase() !== tenant.id) {
    throw new OidcFailure("tenant", { claim: tenant.claim, wanted: tenant.id }, { claims });
  }
  return subject;
}

/** It was made now, as far as clocks differ and people wait: when, in seconds. Throws OidcFailure. */
export function checkIssuedAt(claims: JsonObject, now: Instant): number {
  const issuedAt = own(claims, "iat");
  const age = typeof issuedAt === "number" ? Date.parse(now) / 1000 - issuedAt : Number.NaN;
  if (Math.abs(age) <= IAT_SECONDS) return Number(issuedAt);
  throw new OidcFailure("issued_at", { seconds: Math.round(age) }, { claims });
}

/** Of the algorithm that signed the ID token; for EdDSA providers differ, and either half proves the same. */
const HASHES: Readonly<Record<string, readonly string[]>> = {
  RS256: ["sha256"],
  PS256: ["sha256"],
  ES256: ["sha256"],
  EdDSA: ["sha512", "sha256"],
  Ed25519: ["sha512", "sha256"],
};

/**
 * Where a verified ID token says which access token came with it, it must be that one (OpenID Connect Core section
 * 3.1.3.8): userinfo is read with it. Throws OidcFailure.
 */
export function checkAccessToken(claims: JsonObject, idToken: string, accessToken: string): void {
  const hash = own(claims, "at_hash");
  if (hash === undefined) return;
  const { alg } = JSON.parse(Buffer.from(idToken.split(".")[0] ?? "", "base64url").toString()) as { alg: string };
  const hashes = (HASHES[alg] ?? []).map((name) => createHash(name).update(accessToken).digest());
  if (!hashes.some((whole) => whole.subarray(0, whole.length / 2).toString("base64url") === hash)) {
    throw new OidcFailure("access_token", { algorithm: alg }, { claims });
  }
}
