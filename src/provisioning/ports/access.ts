import type { Connection, TeamPolicy } from "../../model/connection.js";
import type { ClaimsDocument } from "../../model/directory.js";
import type { UserAttribute } from "../../model/facts.js";
import type { Evidence, Grant, GrantOrigin } from "../../model/grant.js";
import type { ConnectionId, DirectoryUserId, GrantId, Instant, RunId, TeamId, UserId } from "../../model/ids.js";
import type { DeactivatedBy, HeldReason, PersonState, ShownProfile, UserStatus } from "../../model/person.js";
import type { ScimRole } from "../../model/scim-role.js";
import type { Target } from "../../model/target.js";
import type { ClaimedRun } from "./runs.js";
import type { Page, PageQuery } from "./store.js";

/** A link's rows as stored; provisioning joins them with its cached connections into `LinkRecord`. */
export interface LinkRow {
  readonly user: UserId;
  readonly directoryUser: DirectoryUserId;
  readonly connection: ConnectionId;
  readonly linkedAt: Instant;
  readonly deleted: boolean;
  readonly scim?: {
    readonly active: boolean;
    readonly attributes: Readonly<Record<UserAttribute, string | boolean | null>>;
    readonly appRoles: readonly string[];
    readonly roles?: readonly ScimRole[];
    readonly createdAt: Instant;
  };
  readonly claims?: ClaimsDocument;
  readonly memberships: readonly MembershipRow[];
}

/** One membership, by the group's id: what is known of the group is the connection's to tell, once for everybody. */
export interface MembershipRow {
  readonly group: string;
  readonly since: Instant;
}

/** A user as lists show them. */
export interface UserRow extends ShownProfile {
  readonly id: UserId;
  readonly userName: string;
  readonly email: string | null;
  readonly status: Exclude<UserStatus, "pending">;
  readonly synced: boolean;
  /** All of them where one user is read; in a list of users the first of very many. */
  readonly assignments: readonly Target[];
  readonly assignmentsLeftOut: number;
  readonly createdAt: Instant;
}

export interface UserQuery extends PageQuery {
  readonly userName?: string;
  readonly email?: string;
  readonly externalId?: string;
  readonly status?: "registered" | "deactivated";
  /** Part of userName, e-mail, display name, first or last name. */
  readonly q?: string;
  readonly team?: string;
  readonly role?: string;
}

/** A team with the names that it had before. */
export interface TeamRow {
  readonly id: TeamId;
  readonly name: string;
  readonly aliases: readonly string[];
}

/** A team as its policy concerns it. */
export interface TeamPolicyRow {
  readonly id: TeamId;
  readonly name: string;
  /** `null`: the tenant's. */
  readonly policy: TeamPolicy | null;
  /** Open grants that were made by hand, in the team or in all teams. */
  readonly manualGrants: number;
}

export interface ManualGrantRow {
  readonly id: GrantId;
  readonly user: { readonly id: UserId; readonly userName: string };
  /** The team's, or `all_teams`. */
  readonly scope: string;
  readonly role: string;
  readonly reason?: string;
  readonly by?: string;
  readonly since: Instant;
  readonly expiresAt?: Instant;
}

/** A grant that may have ended. */
export interface PastGrant extends Grant {
  readonly endedAt?: Instant;
  readonly endReason?: string;
}

/** A grant with whose it is. Its evidence is as it was when it last moved. */
export interface AssignmentRow extends PastGrant {
  readonly user: { readonly id: UserId; readonly userName: string };
}

export interface EvidenceAt {
  readonly evidence: readonly Evidence[];
  /** Since when it stood; absent where that was not kept, so that it may be of a later day. */
  readonly from?: Instant;
}

export interface BucketState {
  readonly tokens: number;
  readonly updatedAt: Instant;
}
/** The brake counts accounts that end apart from access that is lost. */
export type BucketKind = "deactivations" | "access";

export interface BrakeState {
  /** Registered users that have a live link with a scim document at the connection. */
  readonly registeredSynced: number;
  /** People whom the connection's brake holds; who waits for a seat or for an owner does not slow it. */
  readonly held: number;
  readonly bucket?: BucketState;
  /** An announced change: how many losses the brake lets through, until when. */
  readonly expectation?: { readonly left: number; readonly until: Instant };
}

/**
 * What may fall due: groups of a connection settle (ref: connection id and instant), newly pushed people settle (ref:
 * connection id and when they came, from and to), a manual grant ends (ref: user and grant id), a rule of the mapping
 * expires, a UTC day begins for a mapping that reads `now`, names of the mapping are to be pinned at connections that are new to it,
 * seats have become free, the tenant's owners have changed, a service account's time is over (ref: its id), SAML metadata is to be fetched
 * again (ref: connection id), certificates end (ref: connection id, when, and whose), a domain is to be looked at again (ref: the domain).
 */
export type WakeKind =
  | "settle"
  | "newcomers"
  | "grant_expiry"
  | "rule_expiry"
  | "new_day"
  | "pins"
  | "seats"
  | "owners"
  | "account_expiry"
  | "metadata"
  | "certificates"
  | "domains";

/** What people are judged by beside their own facts and the groups of their connections. */
export interface Standing {
  readonly activeVersion: number;
  /** Strongest first. */
  readonly connections: readonly Connection[];
  readonly teams: readonly TeamRow[];
  /** As `openRuns` has them. */
  readonly openRuns: readonly ClaimedRun[];
}

/** The access ledger as it is read: people, links, grants, teams, and what is due. */
export interface AccessReader {
  /** People by id, with open grants; missing ids are left out. A constant number of statements. */
  people(ids: readonly UserId[]): Promise<readonly PersonState[]>;
  /** All links of these people, deleted rows included. A constant number of statements. */
  links(ids: readonly UserId[]): Promise<readonly LinkRow[]>;
  /** Ids after `after` in id order: the walk over a whole population. `connection` limits it to people linked there. */
  peopleIds(query: {
    readonly after?: UserId;
    readonly limit: number;
    readonly connection?: ConnectionId;
  }): Promise<readonly UserId[]>;
  countPeople(connection?: ConnectionId): Promise<number>;

  user(id: UserId): Promise<UserRow | undefined>;
  users(query: UserQuery): Promise<Page<UserRow>>;
  /** Every grant a user ever had, newest first; with `at` those that were open then. */
  grantHistory(id: UserId, at?: Instant): Promise<readonly PastGrant[]>;
  /** What these grants were given by at an instant within their time, in one statement. */
  evidenceAt(ids: readonly GrantId[], at: Instant): Promise<ReadonlyMap<GrantId, EvidenceAt>>;
  /** Who held what at an instant (now when absent). */
  assignments(query: PageQuery & { readonly at?: Instant; readonly user?: UserId }): Promise<Page<AssignmentRow>>;
  teams(): Promise<readonly TeamRow[]>;
  /** All of it as of one moment, in one statement. */
  standing(): Promise<Standing>;
  /** By name; `id` asks for one team. */
  teamPolicies(id?: TeamId): Promise<readonly TeamPolicyRow[]>;
  /** Open grants made by hand in a team, or in all teams, by user. */
  manualGrantsIn(id: TeamId, limit: number): Promise<readonly ManualGrantRow[]>;
  /** The catalogue's privileged role names. */
  privilegedRoles(): Promise<ReadonlySet<string>>;
  /** Registered users with an open owner grant, without these and without those who are kept out by somebody's deactivation. */
  otherOwners(without: readonly UserId[]): Promise<number>;
  /** Registered users with an open owner grant, in id order. */
  ownerIds(): Promise<readonly UserId[]>;
  /** What the brake judges losses at a connection by, in one statement. */
  brakeState(connection: ConnectionId, kind: BucketKind): Promise<BrakeState>;
}

export interface NewGrant {
  readonly id: GrantId;
  readonly user: UserId;
  readonly target: Target;
  /** For `team:` scopes. */
  readonly team?: TeamId;
  readonly origin: GrantOrigin;
  readonly connection?: ConnectionId;
  readonly rule?: string;
  readonly mappingVersion?: number;
  readonly evidence: readonly Evidence[];
  readonly expiresAt?: Instant;
  readonly by?: string;
  readonly reason?: string;
}

/** What a grant was that ended. */
export interface ClosedGrant {
  readonly user: UserId;
  readonly target: Target;
  readonly origin: GrantOrigin;
}

/** All that apply writes for a batch of people, in a constant number of statements. */
export interface AccessWrites {
  readonly statuses: readonly {
    readonly user: UserId;
    readonly to: "registered" | "deactivated";
    /** With `deactivated`; the session epoch rises and sessions end in the same statement group. Seats are moved by the caller. */
    readonly by?: DeactivatedBy;
  }[];
  readonly profiles: readonly (ShownProfile & {
    readonly user: UserId;
    readonly userName: string;
    readonly email: string | null;
  })[];
  readonly open: readonly NewGrant[];
  readonly close: readonly { readonly id: GrantId; readonly reason: string }[];
  readonly refresh: readonly {
    readonly id: GrantId;
    readonly evidence: readonly Evidence[];
    readonly mappingVersion?: number;
    /** What the grant is given by is something else now: what stood before is kept with its time. */
    readonly replaces?: boolean;
    /** Another id of the rule; the one that stands there when absent. */
    readonly rule?: string | undefined;
  }[];
  /** People done: their mark goes if its `dirtySeq` is the facts version given, and `reconciledVersion` becomes `version`. */
  readonly reconciled: readonly { readonly user: UserId; readonly factsVersion: number }[];
  readonly version: number;
}

/** People who are not done: who is to be claimed, or in somebody's hands, and who was tried in vain. */
export interface LeftToDo {
  readonly claimed: number;
  readonly failed: number;
}

/** Writing the access ledger, and the marks and locks by which writers keep out of each other's way. */
export interface AccessWriter {
  /**
   * Raises `factsVersion` of these people and marks them dirty with it as `dirtySeq`. Until the lease ends, or the mark is put
   * off, `claimMarks` leaves it to whoever made it.
   */
  markDirty(ids: readonly UserId[], cause: string, now: Instant, lease?: Instant): Promise<void>;
  /** Marks everyone linked at the connection; how many. For a run: how many of the marks are the run's. */
  markConnection(connection: ConnectionId, cause: string, now: Instant, run?: RunId): Promise<number>;
  /** Marks people who are held for want of a seat, in the order of their ids, as many as seats are free; how many. */
  markSeatless(now: Instant): Promise<number>;
  /** Marks people who are held as owners who must stay; how many. */
  markHeldOwners(now: Instant): Promise<number>;
  /** Makes waiting marks of these people the run's, but for those of earlier runs that are open; how many the run has. */
  giveMarks(ids: readonly UserId[], run: RunId): Promise<number>;
  /** Takes due marks for a while: they are not due again before `until`. */
  claimMarks(now: Instant, until: Instant, limit: number): Promise<readonly UserId[]>;
  /** Claims people whose `reconciledVersion` is below `version`, in id order. */
  claimBehind(version: number, now: Instant, until: Instant, limit: number): Promise<readonly UserId[]>;
  /** Marks of the run that nobody has worked off, and those that earlier open runs have of people of its connection. */
  leftOfRun(run: RunId): Promise<LeftToDo>;
  /**
   * Marks that a run leaves behind become those of the next open switch or pin order at a connection of the person, else
   * nobody's: how many each got.
   */
  passMarksOn(run: RunId): Promise<ReadonlyMap<RunId, number>>;
  /** People behind the version. */
  leftBehind(version: number): Promise<LeftToDo>;
  /** Puts a mark off after a failed attempt, and ends its lease. */
  delayMarks(ids: readonly UserId[], until: Instant): Promise<void>;

  /** As `people`, with the rows locked until the transaction ends. */
  lockPeople(ids: readonly UserId[]): Promise<readonly PersonState[]>;
  /** Serialises what must not interleave within a tenant: owners, seats, buckets, mapping activation. */
  lockTenant(): Promise<void>;
  applyAccess(writes: AccessWrites, now: Instant): Promise<void>;
  /**
   * Takes people for whom `version` changes nothing as reconciled with it, and says how many: those who are registered, were
   * reconciled with the version before it, and whose facts are as they were and bear no mark.
   */
  settleUnmoved(
    people: readonly { readonly user: UserId; readonly factsVersion: number }[],
    version: number,
  ): Promise<number>;
  /** False: no such team. */
  setTeamPolicy(id: TeamId, policy: TeamPolicy | null): Promise<boolean>;
  /** Makes the teams that are missing; every name with its id (aliases resolve to their team). */
  ensureTeams(names: readonly string[], now: Instant): Promise<ReadonlyMap<string, TeamId>>;
  /**
   * Gives a seat to each of these people who has none, in the order given, as far as seats are free (`seats` null: always),
   * and tells who got none. INVARIANT: `seatsUsed` is the number of users with a seat, and never exceeds `seats` by this call.
   */
  seatPeople(ids: readonly UserId[]): Promise<readonly UserId[]>;
  /** Seats for all of them, or Refusal `no_seat`. */
  seatAll(ids: readonly UserId[]): Promise<void>;
  /** Takes the seat of those of them who have one. */
  unseatPeople(ids: readonly UserId[], now: Instant): Promise<void>;
  /** Asks the worker to look at something at an instant; the same kind and ref again moves the instant. */
  wakeAt(at: Instant, kind: WakeKind, ref: string): Promise<void>;
  /** Takes out what is due. */
  takeWakeups(now: Instant): Promise<readonly { readonly kind: WakeKind; readonly ref: string }[]>;
  /** People whose SCIM document came to the connection in this time, `to` left out. */
  pushedBetween(connection: ConnectionId, from: Instant, to: Instant): Promise<readonly UserId[]>;
  /** Marks everyone of the tenant; how many. */
  markEverybody(cause: string, now: Instant): Promise<number>;
  putBucket(connection: ConnectionId, kind: BucketKind, state: BucketState): Promise<void>;
  putExpectation(connection: ConnectionId, max: number, until: Instant): Promise<void>;
  useExpectation(connection: ConnectionId, n: number): Promise<void>;
  /** People held in a run; a person is in one run at most. Who was discarded in it stays so. */
  hold(
    run: RunId,
    people: readonly {
      readonly user: UserId;
      readonly factsVersion: number;
      readonly reason: HeldReason;
      readonly detail: string;
      /** Danger keys of what the person would lose; none when absent. */
      readonly losses?: readonly string[];
    }[],
    now: Instant,
  ): Promise<void>;
  /** Lets everybody who waits in a run wait in another one, behind those who do, but for these people; how many. */
  moveHolds(from: RunId, to: RunId, except: readonly UserId[]): Promise<number>;
  dissolveHolds(ids: readonly UserId[]): Promise<void>;
  /** Lets the held be as they are, with the facts of this moment; how many. */
  discardHolds(run: RunId): Promise<number>;
  /**
   * Ends every open grant that the connection's facts gave, by a rule or by SCIM's assignment, and opens a manual one of each
   * target that is not held by hand yet: access stays and is nobody's to sync, and the past stays as it was. Answers with those
   * that ended without one in their place, as the same is held by hand already or by another grant. `reason` is the manual
   * grants', `endReason` that of what ends.
   */
  convertGrants(
    connection: ConnectionId,
    said: { readonly by: string; readonly reason: string; readonly endReason: string },
    now: Instant,
  ): Promise<readonly ClosedGrant[]>;
  /** What was closed; `undefined` when there is no such open grant. */
  closeGrant(id: GrantId, reason: string, now: Instant): Promise<ClosedGrant | undefined>;
}
