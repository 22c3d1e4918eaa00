import type { ClaimsDocument } from "./directory.js";
import type { Facts, Protocol, UserAttribute } from "./facts.js";
import type { Grant } from "./grant.js";
import type { ConnectionId, DirectoryUserId, Instant, RunId, UserId } from "./ids.js";
import type { Known } from "./known.js";
import type { ProfileAttribute } from "./mapping.js";
import type { ScimRole, ScimRoleFact } from "./scim-role.js";

/** `pending`: the directory knows the person, and nobody has been registered yet; such rows show up nowhere but in previews. */
export type UserStatus = "pending" | "registered" | "deactivated";

/** Which door ended a registration; only `no_match` lets a person back in by signing in. */
export type DeactivatedBy = "scim" | "admin" | "no_match" | "disabled_connection" | "expired";

/** What people are shown by, beside their user name; `null`: nothing says it. */
export type ShownProfile = Readonly<Record<ProfileAttribute, string | null>>;

/** Of somebody of whom nothing was said so far. */
export const NOTHING_SHOWN: ShownProfile = { displayName: null, givenName: null, familyName: null, photo: null };

/** What the access ledger holds for one person: the state that a plan changes. */
export interface PersonState extends ShownProfile {
  readonly id: UserId;
  /** The account is no person's: it takes no seat, and no rule speaks of it. */
  readonly serviceAccount?: true;
  readonly userName: string;
  readonly email: string | null;
  readonly status: UserStatus;
  readonly deactivatedBy?: DeactivatedBy;
  /** Registered at least once: one-time defaults are not given again. */
  readonly everRegistered: boolean;
  /** Raised by every change of this person's facts; apply refuses a plan made from older facts. */
  readonly factsVersion: number;
  /** The mapping version of the last completed reconcile. */
  readonly reconciledVersion: number;
  /** Facts changed since the last completed reconcile: a mark is waiting. */
  readonly dirty: boolean;
  /** The run that the waiting mark belongs to. */
  readonly markRun?: RunId;
  /** Holds one of the tenant's seats: everyone registered, and a pushed person between admission and registration. */
  readonly seat: boolean;
  /** Open grants, with present team names in their scopes. */
  readonly grants: readonly Grant[];
  readonly hold?: Hold;
}

/** Why the guard keeps changes back. */
export type HeldReason = "brake_deactivations" | "brake_access" | "last_owner" | "second_to_last_owner" | "no_seat";

/** A person in a connection's held run: losses wait for an owner, until the facts change back. */
export interface Hold {
  readonly run: RunId;
  readonly status: "held" | "discarded";
  readonly reason: HeldReason;
  readonly factsVersion: number;
  /** Keys of what the person would have lost. A discarded hold lasts while nothing else is to be lost. */
  readonly losses: readonly string[];
}

/** One membership as the directory holds it, with the group's names. */
export interface MembershipRecord {
  readonly group: DirectoryGroupRecord;
  readonly since: Instant;
}

export interface DirectoryGroupRecord {
  readonly id: string;
  readonly displayName: string;
  readonly externalId?: string;
  readonly idpMappingNames: readonly string[];
  /** What SCIM assigns to every member. */
  readonly roles?: readonly ScimRole[];
  /** First membership write; SCIM alone answers for the group `settleSeconds` later. */
  readonly firstMembershipAt?: Instant;
  /**
   * Since when nobody said who is in it: its connection left groups unmanaged, and its client has not written to its members
   * since it manages them again.
   */
  readonly unconfirmedSince?: Instant;
  /** Of a group made by hand: the connection that took it over, and when. Its members count until that one was live. */
  readonly overwrittenBy?: ConnectionId;
  readonly overwrittenAt?: Instant;
  readonly deleted: boolean;
  /** Names of the active mapping that the group holds or lays claim to; absent when there are none. */
  readonly pins?: readonly GroupPin[];
}

/**
 * `held`: rules that use the name mean this group. `waiting`: the same, and what is privileged waits for an admin, as the
 * group before it was deleted. `contends`: the group bears the name and does not hold it.
 */
export type PinState = "held" | "waiting" | "contends";

/** A name that the active mapping uses, and what one group of the connection has to do with it. */
export interface GroupPin {
  readonly name: string;
  readonly state: PinState;
  /** Every name that the group had when it took this one: what it goes by as long as it holds the name. */
  readonly knownAs: readonly string[];
  readonly since: Instant;
}

/** A person's row at one connection, with its documents: what facts are made of. */
export interface LinkRecord {
  readonly directoryUser: DirectoryUserId;
  readonly connection: LinkConnection;
  /** Present when a `scim` document exists, whether or not sync is live. */
  readonly scim?: {
    readonly active: boolean;
    readonly deleted: boolean;
    readonly attributes: Readonly<Record<UserAttribute, string | boolean | null>>;
    readonly appRoles: Known<readonly string[]>;
    readonly roles?: readonly ScimRole[];
    readonly createdAt: Instant;
  };
  readonly claims?: ClaimsDocument;
  readonly memberships: readonly MembershipRecord[];
}

/** What evaluation needs to know of a link's connection. */
export interface LinkConnection {
  readonly id: ConnectionId;
  readonly slug: string;
  readonly protocol: Protocol;
  readonly sync: "off" | "test" | "live";
  readonly jit: "off" | "first_sign_in" | "every_sign_in";
  readonly groups: "auto" | "claims" | "scim";
  readonly mayGrantOwner: boolean;
  readonly disabled: boolean;
  readonly settleSeconds: number;
  readonly priority: number;
  readonly firstGroupPushAt?: Instant;
  /** Since when its SCIM client keeps no groups: what it said of them before is stale, and nobody says more. */
  readonly groupsUnmanagedSince?: Instant;
  /** Every live or deleted group of the SCIM directory, shared by all links of the connection. */
  readonly directoryGroups: readonly DirectoryGroupRecord[];
  /** The mapping's rules say nothing of who is linked here: a service account has what SCIM assigns and admins give. */
  readonly unruled?: true;
  /** Roles that the tenant's catalogue marks privileged; read where a group waits for an admin, else absent. */
  readonly privilegedRoles?: ReadonlySet<string>;
}

/** A link ready for evaluation. */
export interface PersonLink {
  /** The instant as of which it is evaluated; expressions read only its day. */
  readonly at: Instant;
  readonly connection: LinkConnection;
  readonly directoryUser: DirectoryUserId;
  readonly facts: Facts;
  /** Role assignments that SCIM makes, where it is evidence. */
  readonly scimRoles?: readonly ScimRoleFact[];
  /** SCIM's word on the person, where SCIM is evidence (sync live): `inactive` also after a DELETE. */
  readonly scim?: "active" | "inactive";
  /** A service account whose time is over. */
  readonly expired?: true;
  /** The person has signed in here, or is a local row. */
  readonly signedIn: boolean;
  /** `no_match` must not judge yet: no group was pushed so far, or the person was pushed less than `settleSeconds` ago. */
  readonly settling: boolean;
  /** When that ends; absent while no group was pushed, and where nobody waits. */
  readonly settlesAt?: Instant;
}

/** A link that a SCIM document calls inactive, or a deletion ended, is kept for the account's sake alone: it is evidence of nothing. */
export function isCurrent({ scim }: Pick<PersonLink, "scim">): boolean {
  return scim !== "inactive";
}
