import type { ObserveUser } from "../../model/directory.js";
import type { Json } from "../../model/json.js";
import { MOST_CLAIMS, MOST_VALUES, textOf, textsOf } from "./claim-values.js";
import { own, type SignInClaims } from "./claims.js";
import type { GroupAttribute } from "./group-attribute.js";
import { groupPaths, standsForOverage } from "./groups.js";
import type { ClaimPath, IdpProfile } from "./idp-profile.js";

/** RFC 7519 and OpenID Connect Core claims, and what providers add for themselves: no facts about a person. */
const OIDC_CLAIMS: readonly string[] = [
  ...["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "azp", "nonce", "acr", "amr", "auth_time", "updated_at"],
  ...["at_hash", "c_hash", "s_hash", "sid", "session_state", "cnf", "act", "typ", "events"],
  ...["_claim_names", "_claim_sources", "email_verified", "xms_edov"],
];

/** INVARIANT: the three names that reach a prototype never become keys of ours. */
const PROTOTYPE_NAMES: readonly string[] = ["__proto__", "constructor", "prototype"];

const SECRET_NAME = /token|secret|password|credential|assertion/i;

/**
 * Claims for rules that read them by name, as lists. Groups and e-mail are left out, under every name that they have: as
 * facts they carry what is known of them, and a raw copy would let an unverified address or a stale list count.
 */
export function rawClaims(claims: SignInClaims, profile: IdpProfile, named: GroupAttribute): ObserveUser["claims"] {
  const left = leftOut(profile, named);
  const elsewhere = valuesOf(claims, left);
  const raw: Record<string, readonly string[]> = {};
  const seen = new Set<string>();
  for (const [name, value] of claims.sources.flatMap((source) => Object.entries(source))) {
    if (Object.keys(raw).length >= MOST_CLAIMS) break;
    if (seen.has(name) || standsForOverage(value, profile)) continue;
    seen.add(name);
    if (left.has(name) || elsewhere.has(value) || !isPlainName(name)) continue;
    const values = textsOf(value, MOST_VALUES);
    if (values !== undefined) raw[name] = values;
  }
  return raw;
}

function leftOut(profile: IdpProfile, named: GroupAttribute): ReadonlySet<ClaimPath> {
  return new Set([
    ...(profile.protocol === "oidc" ? OIDC_CLAIMS : []),
    ...PROTOTYPE_NAMES,
    ...profile.email.claims,
    ...(profile.leaveOut ?? []),
    ...(profile.groups.overageFlags ?? []),
    ...(profile.groups.overageLinks ?? []),
    ...groupPaths(profile, named),
  ]);
}

/** The lists under these names. The same list may stand under another name too: a SAML attribute has up to two. */
function valuesOf({ sources }: SignInClaims, names: ReadonlySet<ClaimPath>): ReadonlySet<Json | undefined> {
  const all = [...names].filter((name) => typeof name === "string");
  return new Set(sources.flatMap((source) => all.map((name) => own(source, name))).filter(Array.isArray));
}

/** Names in braces are ours: see `schemas/idp-profile.schema.json`. */
function isPlainName(name: string): boolean {
  return textOf(name, 200) !== undefined && !name.startsWith("{") && !SECRET_NAME.test(name);
}
