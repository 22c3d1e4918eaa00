/** Decide across owns the table by which somebody who is nobody at their own connection is, or is not, an account of the tenant. */
import type { UserId } from "../model/ids.js";

/** Somebody whom the address means. */
export interface Holder {
  readonly user: UserId;
  /** A push or an admin switched the account off, or whoever comes was deleted at this very connection. */
  readonly off: boolean;
  /** The account was let in once; else whatever is off was never on. */
  readonly wasIn: boolean;
  /** Known at this connection already: as somebody else. */
  readonly here: boolean;
  /** There under another subject than that of the sign-in that comes. */
  readonly otherSubject: boolean;
  /** A live push describes the account, at whichever connection: its source can switch it off. */
  readonly pushed: boolean;
  /** The address is theirs now, by a connection that takes part. */
  readonly now: boolean;
  /** What says so has ended, and may be long out of date. */
  readonly stale: boolean;
  readonly privileged: boolean;
  /** Whoever comes is of a connection by which rules may make owners, and people sign in to the account by one that may not. */
  readonly mayOwn: boolean;
}

/** What is said of who comes. */
export interface Said {
  /** The connection vouches for the e-mail, and the domain is proved. */
  readonly vouched: boolean;
  /** They are switched off where they come from. */
  readonly inactive: boolean;
}

/** Why an admin is asked. */
export type HeldBecause = "several" | "known_here" | "privileged" | "stale" | "may_own" | "inactive";

/** Whom a stranger turns out to be. */
export type Across =
  /** `known`: accounts that they may be, of which an admin is told; nobody is stopped. */
  | { readonly kind: "nobody"; readonly known?: readonly UserId[] }
  | { readonly kind: "account"; readonly user: UserId }
  /** Nobody is linked, and an admin decides. */
  | { readonly kind: "review"; readonly users: readonly UserId[]; readonly reason: HeldBecause }
  | { readonly kind: "off"; readonly users: readonly UserId[]; readonly user: UserId };

export const NOBODY: Across = { kind: "nobody" };

/**
 * The table, strongest line first:
 *
 * | holders of the address | becomes |
 * |---|---|
 * | one is off | `off`, whoever else there is: nobody who left comes back by another connection |
 * | none | `nobody` |
 * | one who is here, but for a sign-in under another subject | `nobody` |
 * | one who signs in here under another subject, and is pushed elsewhere or here, owns the tenant, or has privileges by hand | `review`: known_here |
 * | one or more who sign in here under other subjects, and are none of that | `nobody`, and an admin is told |
 * | two, here or not | `review`: several |
 * | one who owns the tenant, or has privileges by hand | `review`: privileged |
 * | one by a word that has ended | `review`: stale |
 * | one who signs in by a connection of less trust | `review`: may_own |
 * | one, and who comes is switched off | `review`: inactive |
 * | one | `account` |
 */
export function decideAcross(holders: readonly Holder[], { vouched, inactive }: Said): Across {
  const off = holders.filter((holder) => holder.off).map(({ user }) => user);
  if (off[0] !== undefined)
    return { kind: "off", users: holders.filter(isMeant).map(({ user }) => user), user: off[0] };
  const present = vouched ? holders.filter(({ now }) => now) : [];
  const users = present.map(({ user }) => user);
  const one = present.find(({ here }) => !here);
  if (one === undefined) return hereAlready(present);
  if (present.length > 1) return { kind: "review", users, reason: "several" };
  if (one.privileged) return { kind: "review", users, reason: "privileged" };
  if (one.stale) return { kind: "review", users, reason: "stale" };
  if (one.mayOwn) return { kind: "review", users, reason: "may_own" };
  // INVARIANT: nobody is switched off by an e-mail alone
  if (inactive) return { kind: "review", users, reason: "inactive" };
  return { kind: "account", user: one.user };
}

/**
 * INVARIANT: a provider that calls people otherwise from now on makes nobody a second account that the source of the first could not switch
 * off, and nobody less than they are. Nor does it lock out a company that nothing but sign-ins describes.
 */
function hereAlready(present: readonly Holder[]): Across {
  const known = present.filter(({ otherSubject }) => otherSubject).map(({ user }) => user);
  if (known.length === 0) return NOBODY;
  const isBound = present.some(({ otherSubject, pushed, privileged }) => otherSubject && (pushed || privileged));
  if (!isBound) return { kind: "nobody", known };
  const users = present.map(({ user }) => user);
  return { kind: "review", users, reason: present.length > 1 ? "several" : "known_here" };
}

/** Whom a sign-in is, beside the account that it is known as, by sign-in alone. */
export type BesideKnown = Exclude<Across, { kind: "account" | "review" }>;

/**
 * The table for somebody who is known at the connection as an account that no live push describes as active, of the other holders of an
 * e-mail that is vouched for:
 *
 * | one of the others | becomes |
 * |---|---|
 * | is off, and was in once | `off`: another account is no way around a deactivation |
 * | none of that | `nobody` else |
 */
export function decideKnown(others: readonly Holder[]): BesideKnown {
  // INVARIANT: nobody is switched off by the e-mail of a document that was never on
  const off = others.find((holder) => holder.off && holder.wasIn);
  if (off === undefined) return { kind: "nobody" };
  return { kind: "off", users: others.filter(isMeant).map(({ user }) => user), user: off.user };
}

function isMeant({ off, now }: Holder): boolean {
  return off || now;
}
