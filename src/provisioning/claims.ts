import type { Asserted, ClaimsDocument, ObserveUser } from "../model/directory.js";
import type { UserAttribute } from "../model/facts.js";
import type { Instant } from "../model/ids.js";
import type { Known } from "../model/known.js";

/**
 * The claims document after one more sign-in. INVARIANT: unknown never overwrites a known value: the value stays,
 * marked stale since the first sign-in that left it out (design rule 1).
 */
export function mergeClaims(before: ClaimsDocument | undefined, observed: ObserveUser, now: Instant): ClaimsDocument {
  const groups = merged(before?.groups, observed.groups, now);
  const appRoles = merged(before?.appRoles, observed.appRoles, now);
  const verifiedEmail = verifiedEmailAfter(before?.verifiedEmail, observed);
  const groupsUnknown = observed.groups.known ? observed.groups.partial : observed.groups.reason;
  return {
    attributes: mergeAttributes(before?.attributes ?? {}, observed.attributes, now),
    ...(groups && { groups }),
    ...(groupsUnknown === undefined ? {} : { groupsUnknown }),
    ...(appRoles && { appRoles }),
    claims: observed.claims,
    ...(verifiedEmail !== undefined && { verifiedEmail }),
    at: now,
  };
}

/** An e-mail that is merely claimed by now is verified no more. */
export function verifiedEmailAfter(before: string | undefined, observed: ObserveUser): string | undefined {
  return observed.verifiedEmail ?? (observed.claimedEmail === undefined ? before : undefined);
}

function mergeAttributes(
  before: ClaimsDocument["attributes"],
  observed: ObserveUser["attributes"],
  now: Instant,
): ClaimsDocument["attributes"] {
  const attributes: Partial<Record<UserAttribute, Asserted<string | null>>> = {};
  for (const name of new Set([...keys(before), ...keys(observed)])) {
    const value = merged(before[name], observed[name] ?? { known: false, reason: "absent_claim" }, now);
    if (value) attributes[name] = value;
  }
  return attributes;
}

function keys(attributes: object): readonly UserAttribute[] {
  return Object.keys(attributes) as UserAttribute[];
}

function merged<T>(before: Asserted<T> | undefined, observed: Known<T>, now: Instant): Asserted<T> | undefined {
  if (observed.known) return { value: observed.value, at: now };
  return before && { ...before, staleSince: before.staleSince ?? now };
}
