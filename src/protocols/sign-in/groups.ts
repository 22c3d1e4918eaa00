/** Owns the three states of groups in claims: listed, known to be none, and unknown (design rule 1). */
import type { GroupSeparator } from "../../model/connection.js";
import type { ObserveUser } from "../../model/directory.js";
import type { Json } from "../../model/json.js";
import { type Known, known, unknown } from "../../model/known.js";
import { MOST_GROUPS, textOf } from "./claim-values.js";
import { bareValue, claimAt, isObject, own, type SignInClaims } from "./claims.js";
import type { GroupAttribute } from "./group-attribute.js";
import type { ClaimPath, IdpProfile } from "./idp-profile.js";

export interface GroupSettings extends GroupAttribute {
  readonly absentGroups: "unknown" | "empty";
  /** What an admin says stands between names in one text; the profile's own when absent. */
  readonly groupSeparator?: GroupSeparator;
}

/** Where groups are looked for, the first place that holds anything counting. */
export function groupPaths(profile: IdpProfile, named: GroupAttribute): readonly ClaimPath[] {
  const { groupAttribute, mappedGroupAttribute } = named;
  if (groupAttribute !== undefined) return namedPaths(groupAttribute);
  return [...(mappedGroupAttribute === undefined ? [] : namedPaths(mappedGroupAttribute)), ...profile.groups.claims];
}

/** A URL-named claim has dots too: the exact name comes before the steps into objects. */
function namedPaths(attribute: string): readonly ClaimPath[] {
  return attribute.includes(".") ? [attribute, attribute.split(".")] : [attribute];
}

export function observedGroups(
  claims: SignInClaims,
  profile: IdpProfile,
  settings: GroupSettings,
): ObserveUser["groups"] {
  const paths = groupPaths(profile, settings);
  const value = firstClaim(claims, paths, profile);
  const overage = saysOverage(claims, profile, paths);
  if (value === TOO_LONG) return unknown("overage");
  if (value === undefined) {
    if (overage || linksOverage(claims, profile)) return unknown("overage");
    // INVARIANT: only an answer that was complete can mean "none".
    return settings.absentGroups === "empty" && !claims.incomplete ? known([]) : unknown("absent_claim");
  }
  const names = groupNames(value, profile, settings.groupSeparator ?? profile.groups.separator);
  if (names === "malformed") return unknown("absent_claim");
  if (names === "too_many") return unknown("overage");
  if (overage) return { ...known(names), partial: "overage" };
  if (names.length === profile.groups.truncatedAt) return { ...known(names), partial: "truncated_at_100" };
  return known(names);
}

/** All places together; no place at all is unknown. */
export function observedAppRoles(
  claims: SignInClaims,
  profile: IdpProfile,
  clientId: string | undefined,
): Known<readonly string[]> {
  const roles = new Set<string>();
  let found = false;
  for (const path of profile.appRoles) {
    const value = firstClaim(claims, [ofClient(path, clientId)], profile);
    const names =
      value === undefined || value === TOO_LONG ? "malformed" : groupNames(value, profile, profile.groups.separator);
    if (typeof names === "string") continue;
    found = true;
    for (const name of names) roles.add(name);
  }
  return found ? known([...roles]) : unknown("absent_claim");
}

/** INVARIANT: without a client id, the step for it is a name that no claim has. */
function ofClient(path: ClaimPath, clientId = "{client_id}"): ClaimPath {
  return typeof path === "string" ? path : path.map((step) => (step === "{client_id}" ? clientId : step));
}

/** Instead of a value: the list was too long for every source that was asked. */
const TOO_LONG = Symbol("too long");

/** What the first place holds that holds anything; of several sources, one that has the list itself. */
function firstClaim(
  { sources }: SignInClaims,
  paths: readonly ClaimPath[],
  profile: IdpProfile,
): Json | typeof TOO_LONG | undefined {
  for (const path of paths) {
    const values = sources.map((source) => claimAt({ sources: [source] }, path)).filter((value) => value !== undefined);
    if (values.length > 0) return values.find((value) => !standsForOverage(value, profile)) ?? TOO_LONG;
  }
  return undefined;
}

/** Whether a value says that there is a list, instead of the list. */
export function standsForOverage(value: Json, { groups }: IdpProfile): boolean {
  const marks: readonly Json[] = groups.overageValues ?? [];
  return Array.isArray(value) ? value.some((entry) => marks.includes(entry as Json)) : marks.includes(value);
}

/**
 * "Too many to list": a distributed claim in the place of the list (OpenID Connect Core section 5.6.2), or what the
 * provider sets instead where its own places are read. What it points to is never fetched.
 */
function saysOverage(claims: SignInClaims, profile: IdpProfile, paths: readonly ClaimPath[]): boolean {
  const names = paths.filter((path) => typeof path === "string");
  const distributed = claims.sources.some((source) => {
    const pointers = own(source, "_claim_names");
    return isObject(pointers) && names.some((name) => own(pointers, name) !== undefined);
  });
  if (distributed) return true;
  if (!paths.some((path) => profile.groups.claims.includes(path))) return false;
  const flags = profile.groups.overageFlags ?? [];
  const flagged = claims.sources.some((source) => flags.some((flag) => String(own(source, flag)) === "true"));
  return flagged || linksOverage(claims, profile);
}

/** Entra's SAML: an attribute with a link comes instead of the list, whatever the list is called. */
function linksOverage(claims: SignInClaims, { groups }: IdpProfile): boolean {
  return (groups.overageLinks ?? []).some((link) => claimAt(claims, link) !== undefined);
}

/**
 * The names of a list, of one bare name, or of objects. INVARIANT: an element that cannot be read spoils the list: a list
 * without it would claim that the person is not in that group.
 */
function groupNames(
  value: Json,
  profile: IdpProfile,
  separator: string | undefined,
): readonly string[] | "malformed" | "too_many" {
  const { groups } = profile;
  const bare = bareValue(value, profile);
  const list = typeof bare === "string" ? bareList(bare, separator) : value;
  if (!Array.isArray(list)) return "malformed";
  if (list.length > MOST_GROUPS) return "too_many";
  const names = new Set<string>();
  for (const entry of list) {
    if (entry === null || entry === "") continue;
    const name = textOf(isObject(entry) ? nameOf(entry, groups.objectNames ?? []) : entry);
    if (name === undefined) return "malformed";
    names.add(name);
  }
  return [...names];
}

/** Names may hold commas and semicolons: only what a provider is known to join is taken apart. */
function bareList(text: string, separator: string | undefined): readonly string[] {
  return separator === undefined ? [text] : text.split(separator).map((part) => part.trim());
}

function nameOf(group: Readonly<Record<string, Json>>, keys: readonly string[]): Json | undefined {
  return keys.map((key) => own(group, key)).find((name) => name !== undefined);
}
