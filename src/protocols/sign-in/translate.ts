/** Translates a verified sign-in into what the pipeline understands: one `observeUser`. Nothing here trusts a claim's shape. */
import type { ObserveUser } from "../../model/directory.js";
import type { UserAttribute } from "../../model/facts.js";
import { emailDomain } from "../../model/fold.js";
import type { Json, JsonObject } from "../../model/json.js";
import { type Known, known } from "../../model/known.js";
import { linkableEmail, MOST_CLAIMS, MOST_VALUES, textOf, textsOf } from "./claim-values.js";
import { claimAt, own, type SignInClaims } from "./claims.js";
import type { GroupAttribute } from "./group-attribute.js";
import { type GroupSettings, groupPaths, observedAppRoles, observedGroups } from "./groups.js";
import type { ClaimPath, IdpProfile } from "./idp-profile.js";

export interface TranslateSettings extends GroupSettings {
  /** Our own name at the provider, where the protocol has one: profiles may look for claims under it. */
  readonly clientId?: string;
  /** Domains that the tenant proved, ASCII-lowered. */
  readonly provedDomains: readonly string[];
}

/** RFC 7519 and OpenID Connect Core claims, and what providers add for themselves: no facts about a person. */
const PROTOCOL_CLAIMS: ReadonlySet<string> = new Set([
  ...["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "azp", "nonce", "acr", "amr", "auth_time", "updated_at"],
  ...["at_hash", "c_hash", "s_hash", "sid", "session_state", "cnf", "act", "typ", "events"],
  ...["_claim_names", "_claim_sources", "email_verified", "xms_edov"],
]);

/** INVARIANT: the three names that reach a prototype never become keys of ours. */
const PROTOTYPE_NAMES: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

const SECRET_NAME = /token|secret|password|credential|assertion/i;

/** `undefined` when nothing usable names the person: each protocol refuses that in its own words. */
export function translate(
  claims: SignInClaims,
  profile: IdpProfile,
  settings: TranslateSettings,
): ObserveUser | undefined {
  const subject = texts(claims, profile.identity.subject)[0];
  if (subject === undefined) return undefined;
  const email = verifiedEmail(claims, profile, settings.provedDomains);
  const claimed = emailClaim(claims, profile).email;
  const linkable = email === undefined ? undefined : linkableEmail(email);
  const userNames = texts(claims, profile.identity.userNames);
  return {
    kind: "observeUser",
    subject,
    externalIds: texts(claims, profile.identity.externalIds).filter((id) => id !== subject),
    userNames: linkable === undefined || userNames.includes(linkable) ? userNames : [...userNames, linkable],
    ...(linkable === undefined ? {} : { verifiedEmail: linkable }),
    ...(claimed === undefined ? {} : { claimedEmail: claimed }),
    attributes: attributesOf(claims, profile, email),
    groups: observedGroups(claims, profile, settings),
    appRoles: observedAppRoles(claims, profile, settings.clientId),
    claims: rawClaims(claims, profile, settings),
  };
}

function texts(claims: SignInClaims, paths: readonly ClaimPath[]): readonly string[] {
  const found = paths.map((path) => textOf(claimAt(claims, path))).filter((text) => text !== undefined);
  return [...new Set(found)];
}

/**
 * The e-mail, if the provider vouches for it. INVARIANT: address and proof come from the same source, the first that
 * names an address at all: a less trusted one's word never verifies another address.
 */
function verifiedEmail(
  claims: SignInClaims,
  profile: IdpProfile,
  provedDomains: readonly string[],
): string | undefined {
  const rule = profile.email;
  const { source, email } = emailClaim(claims, profile);
  const domain = email === undefined ? undefined : emailDomain(email);
  if (domain === undefined) return undefined;
  const vouched = rule.verifiedBy.some(({ claim, values }) => values.some((value) => own(source, claim) === value));
  const proved = rule.provedDomains === true && provedDomains.includes(domain);
  const hosted = rule.domainClaim === undefined || own(source, rule.domainClaim) === domain;
  return (vouched || proved) && hosted ? email : undefined;
}

/** The first source that names an e-mail, and the first usable one there. */
function emailClaim(
  { sources }: SignInClaims,
  { email: { claims } }: IdpProfile,
): { readonly source?: JsonObject; readonly email?: string } {
  const source = sources.find((one) => claims.some((claim) => own(one, claim) !== undefined));
  if (source === undefined) return {};
  const email = claims.map((claim) => textOf(own(source, claim))).find((text) => text !== undefined);
  return email === undefined ? { source } : { source, email };
}

function attributesOf(claims: SignInClaims, profile: IdpProfile, email: string | undefined): ObserveUser["attributes"] {
  const attributes: Partial<Record<UserAttribute, Known<string | null>>> = {};
  for (const [name, paths] of Object.entries(profile.attributes) as [UserAttribute, readonly ClaimPath[]][]) {
    const value = attributeValue(claims, paths);
    if (value !== undefined) attributes[name] = known(value);
  }
  if (email !== undefined) attributes.email = known(email);
  return attributes;
}

/** An empty text says "none"; an unreadable value says nothing. */
function attributeValue(claims: SignInClaims, paths: readonly ClaimPath[]): string | null | undefined {
  for (const path of paths) {
    const claim = claimAt(claims, path);
    if (claim === undefined) continue;
    const single = Array.isArray(claim) && claim.length === 1 ? (claim[0] as Json) : claim;
    return single === "" ? null : textOf(single);
  }
  return undefined;
}

/**
 * Claims for rules that read them by name, as lists. Groups and e-mail are left out: as facts they carry what is known of
 * them, and a raw copy would let an unverified address or a stale list count.
 */
function rawClaims(claims: SignInClaims, profile: IdpProfile, named: GroupAttribute): ObserveUser["claims"] {
  const left = new Set<ClaimPath>([
    ...PROTOCOL_CLAIMS,
    ...PROTOTYPE_NAMES,
    ...profile.email.claims,
    ...(profile.leaveOut ?? []),
    ...(profile.groups.overageFlags ?? []),
    ...groupPaths(profile, named),
  ]);
  const raw: Record<string, readonly string[]> = {};
  const seen = new Set<string>();
  for (const [name, value] of claims.sources.flatMap((source) => Object.entries(source))) {
    if (Object.keys(raw).length >= MOST_CLAIMS) break;
    if (seen.has(name)) continue;
    seen.add(name);
    if (left.has(name) || SECRET_NAME.test(name) || textOf(name, 200) === undefined) continue;
    const values = textsOf(value, MOST_VALUES);
    if (values !== undefined) raw[name] = values;
  }
  return raw;
}
