/** Translates a verified sign-in into what the pipeline understands: one `observeUser`. Nothing here trusts a claim's shape. */
import type { ObserveUser } from "../../model/directory.js";
import type { UserAttribute } from "../../model/facts.js";
import type { Json } from "../../model/json.js";
import { type Known, known } from "../../model/known.js";
import { textOf } from "./claim-values.js";
import { bareValue, claimAt, type SignInClaims } from "./claims.js";
import { observedEmail } from "./email.js";
import { type GroupSettings, observedAppRoles, observedGroups } from "./groups.js";
import type { ClaimPath, IdpProfile } from "./idp-profile.js";
import { rawClaims } from "./raw-claims.js";
import { attributeKey, boundedKey, canBeBare } from "./subject-key.js";

export interface TranslateSettings extends GroupSettings {
  /** Our own name at the provider, where the protocol has one: profiles may look for claims under it. */
  readonly clientId?: string;
  /** Domains that the tenant proved, ASCII-lowered. */
  readonly provedDomains: readonly string[];
}

/** `undefined` when nothing usable names the person: each protocol refuses that in its own words. */
export function translate(
  claims: SignInClaims,
  profile: IdpProfile,
  settings: TranslateSettings,
): ObserveUser | undefined {
  const { identity } = profile;
  const subject = subjectOf(claims, profile);
  if (subject === undefined) return undefined;
  const { linkable, claimed, fact } = observedEmail(claims, profile, settings.provedDomains);
  const userNames = texts(claims, profile, identity.userNames);
  return {
    kind: "observeUser",
    subject,
    externalIds: texts(claims, profile, identity.externalIds).filter((id) => id !== subject),
    userNames: linkable === undefined || userNames.includes(linkable) ? userNames : [...userNames, linkable],
    ...(linkable === undefined ? {} : { verifiedEmail: linkable }),
    ...(claimed === undefined ? {} : { claimedEmail: claimed }),
    claimedNames: claimedNames(claims, profile),
    attributes: { ...attributesOf(claims, profile), ...(fact === undefined ? {} : { email: known(fact) }) },
    groups: observedGroups(claims, profile, settings),
    appRoles: observedAppRoles(claims, profile, settings.clientId),
    claims: rawClaims(claims, profile, settings),
  };
}

/** The first name that lasts. In SAML attributes and NameIDs come from different hands, so that a key says which it is. */
function subjectOf(claims: SignInClaims, profile: IdpProfile): string | undefined {
  for (const [at, path] of profile.identity.subject.entries()) {
    const [value] = texts(claims, profile, [path]);
    if (value !== undefined) return profile.protocol === "saml" ? samlKey(value, path, at === 0) : value;
  }
  return undefined;
}

/** INVARIANT: a name in braces is ours, and a key already; bare is only the attribute that stands first, as it is pushed. */
function samlKey(value: string, path: ClaimPath, isFirst: boolean): string {
  const name = typeof path === "string" ? path : path.join(" ");
  if (name.startsWith("{")) return value;
  return isFirst && canBeBare(value) ? boundedKey(value) : attributeKey(name, value);
}

/** Names by which a person may be recognised. */
function texts(claims: SignInClaims, profile: IdpProfile, paths: readonly ClaimPath[]): readonly string[] {
  const found = paths.map((path) => textOf(bareValue(claimAt(claims, path), profile)));
  return [...new Set(found.filter((text) => text !== undefined))];
}

/** Each value by itself, also of claims that another one comes before, and of lists that are read as none. */
function claimedNames({ sources }: SignInClaims, { identity, email, attributes }: IdpProfile): readonly string[] {
  const paths = [...email.claims, ...identity.userNames, ...(attributes.userName ?? [])];
  const values = paths.flatMap((path) => sources.flatMap((source) => claimAt({ sources: [source] }, path)));
  return [...new Set(values.map((value) => textOf(value)).filter((text) => text !== undefined))];
}

function attributesOf(claims: SignInClaims, profile: IdpProfile): ObserveUser["attributes"] {
  const attributes: Partial<Record<UserAttribute, Known<string | null>>> = {};
  for (const [name, paths] of Object.entries(profile.attributes) as [UserAttribute, readonly ClaimPath[]][]) {
    const value = attributeValue(claims, profile, paths);
    if (value !== undefined) attributes[name] = known(value);
  }
  return attributes;
}

/** An empty text says "none", and so does a SAML attribute without values; an unreadable value says nothing. */
function attributeValue(
  claims: SignInClaims,
  { protocol }: IdpProfile,
  paths: readonly ClaimPath[],
): string | null | undefined {
  const claim = paths.map((path) => claimAt(claims, path)).find((value) => value !== undefined);
  if (!Array.isArray(claim)) return claim === "" ? null : textOf(claim);
  const [value, ...more] = claim as readonly Json[];
  if (value === undefined) return protocol === "saml" ? null : undefined;
  if (more.length > 0) return undefined;
  return value === "" ? null : textOf(value);
}
