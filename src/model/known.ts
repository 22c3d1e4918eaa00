import type { Instant } from "./ids.js";

/** Why a fact is unknown. Unknown is never the same as empty (design rule 1). */
export type UnknownReason =
  | "never_asserted" // no document of this person ever spoke of it
  | "absent_claim" // the sign-in did not carry the attribute
  | "overage" // Entra said "too many groups" and sent none
  | "truncated_at_100" // Okta's group functions stop at 100: presence is proved, absence is not
  | "rehired"; // memberships from before a long absence wait to be asserted again

/**
 * A value that may be missing. A stale value was known once and has since been asserted as unknown:
 * it may keep access, and never newly gives it.
 */
export type Known<T> =
  | { readonly known: true; readonly value: T; readonly staleSince?: Instant }
  | { readonly known: false; readonly reason: UnknownReason };

/** A fact that is known. `staleSince`: from then on nobody asserted it any more. */
export function known<T>(value: T, staleSince?: Instant): Known<T> {
  return staleSince === undefined ? { known: true, value } : { known: true, value, staleSince };
}

/** A fact of which nothing can be said, and why. INVARIANT: unknown is not empty. */
export function unknown(reason: UnknownReason): Known<never> {
  return { known: false, reason };
}
