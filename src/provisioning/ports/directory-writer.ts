/** The directory ledger as pushes and sign-ins write it. */
import type { ClaimsDocument, ScimGroupDocument, ScimUserDocument } from "../../model/directory.js";
import type { ConnectionId, DirectoryGroupId, DirectoryUserId, Instant, MemberId, UserId } from "../../model/ids.js";
import type { ScimRole } from "../../model/scim-role.js";

/** A row that a sign-in or a push may turn out to be. */
export interface LinkCandidate {
  readonly id: DirectoryUserId;
  readonly user: UserId;
  readonly userName: string;
  readonly subject?: string;
  readonly externalId?: string;
  readonly hasScim: boolean;
  readonly scimActive: boolean;
  readonly deleted: boolean;
  readonly claims?: ClaimsDocument;
  /** The e-mail that was pushed, in the form of `linkAddress`. */
  readonly pushedEmail?: string;
  /** A push gave them another externalId since the subject was linked, which is no id of their own sign-ins. */
  readonly idChanged?: boolean;
  /** The same of the userName. */
  readonly nameChanged?: boolean;
}

/**
 * What a sign-in calls somebody besides the subject: a lasting `id`; a `name` that links, `asserted` where it stands in the
 * subject's place; or a name that is good for nothing but closing the door: the person's own where it is `closing` (it has letters
 * beyond ASCII), as claimed where it is `seen`. Names that link are ASCII-lowered, those that close are folded, ids are as they are.
 */
export interface SignInName {
  readonly kind: "id" | "asserted" | "name" | "closing" | "seen";
  readonly name: string;
}

/** A person's row at a connection, with the link to the user. */
export interface NewUserRow {
  /** Where it was given beforehand. */
  readonly id?: DirectoryUserId;
  readonly connection: ConnectionId;
  readonly user: UserId;
  /** How the link came about, for the audit and for reviewers: `created`, `revived`, `kept`, `adopted`, `verified_email`. */
  readonly linkedBy: string;
  /** Of a link by `verified_email`: in which of the tenant's domains. */
  readonly emailDomain?: string;
  readonly scim?: ScimUserDocument;
  /** Of somebody made by hand: how SCIM clients that may take them over see them; no evidence. */
  readonly shown?: ScimUserDocument;
  readonly claims?: ClaimsDocument;
  readonly subject?: string;
  /** Of a sign-in. */
  readonly names?: readonly SignInName[];
  /** Of somebody who comes back with their subject: what pushes changed since it was linked. */
  readonly idChanged?: boolean;
  readonly nameChanged?: boolean;
  readonly userName: string;
}

export interface WrittenRow<Id> {
  readonly id: Id;
  readonly version: number;
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
}

export interface LockedGroup {
  readonly version: number;
  readonly memberCount: number;
  readonly nestedCount: number;
  readonly displayName: string;
  readonly externalId?: string;
  readonly idpMappingNames: readonly string[];
  readonly roles?: readonly ScimRole[];
  readonly unconfirmedSince?: Instant;
}

/** Ids that a request names as members, told apart. */
export interface NamedMembers {
  /** Live scim users of the connection. */
  readonly users: readonly DirectoryUserId[];
  /** Live groups of the connection. */
  readonly groups: readonly DirectoryGroupId[];
  /** Neither. */
  readonly missing: readonly string[];
}

/** What a person is called before anything was evaluated. */
export type NewProfile = { readonly userName: string; readonly email?: string } & Readonly<
  Partial<Record<"displayName" | "givenName" | "familyName", string>>
>;

/** A pushed person who is a stranger to the connection. */
export interface Newcomer {
  readonly document: ScimUserDocument;
  readonly profile: NewProfile;
  /** Whether to take a seat. */
  readonly seat: boolean;
  /** Of the mark that they are made with, see `markDirty`. */
  readonly lease?: Instant;
}

/** A document for a row that has one. */
export interface Changed {
  readonly id: DirectoryUserId;
  readonly document: ScimUserDocument;
  readonly ifVersion?: number;
}

/** Writing the directory ledger. */
export interface DirectoryWriter {
  /** Live rows of the connection whose subject is this one. */
  rowBySubject(connection: ConnectionId, subject: string): Promise<LinkCandidate | undefined>;
  /** Live rows by externalId (exact) or by ASCII-lowered userName, for first links. */
  rowsByNames(
    connection: ConnectionId,
    names: { readonly externalIds: readonly string[]; readonly userNames: readonly string[] },
  ): Promise<readonly LinkCandidate[]>;
  /**
   * The latest deleted row with this subject or one of these externalIds: its user is the one to revive. Else the latest with
   * this folded userName.
   */
  deletedRow(
    connection: ConnectionId,
    names: { readonly subject?: string; readonly externalIds: readonly string[]; readonly userName?: string },
  ): Promise<LinkCandidate | undefined>;
  rowById(connection: ConnectionId, id: DirectoryUserId): Promise<LinkCandidate | undefined>;
  /** The same for several; missing ones are left out. */
  rowsById(connection: ConnectionId, ids: readonly DirectoryUserId[]): Promise<readonly LinkCandidate[]>;
  /** Of each document, whether nobody of the connection, deleted ones included, has one of its names: nobody can be meant. */
  strangers(connection: ConnectionId, documents: readonly ScimUserDocument[]): Promise<readonly boolean[]>;
  /**
   * Pending users with their rows, links, marks and seats, in the order given. Refusals, which leave half of it written:
   * `no_seat` (not enough for all), `conflict` (one of the names is taken).
   */
  insertNewcomers(
    connection: ConnectionId,
    newcomers: readonly Newcomer[],
    now: Instant,
  ): Promise<readonly { readonly user: UserId; readonly written: WrittenRow<DirectoryUserId> }[]>;
  /** `updateScim` of several live scim rows, in the order given. Refusal `conflict`, which leaves half of it written: one is not as expected. */
  updateScims(
    connection: ConnectionId,
    changed: readonly Changed[],
    now: Instant,
  ): Promise<readonly WrittenRow<DirectoryUserId>[]>;

  /** A `pending` user of the access ledger: known to the directory, registered by nobody yet. */
  insertPendingUser(profile: NewProfile, now: Instant, kind?: "person" | "service_account"): Promise<UserId>;
  /** Row and identity link. Throws Refusal `uniqueness` when the folded userName (of scim rows) or the subject is taken. */
  insertUserRow(row: NewUserRow, now: Instant): Promise<WrittenRow<DirectoryUserId>>;
  /**
   * Writes the `scim` document: version + 1, modifiedAt. `ifVersion` differing: Refusal `version_conflict`; userName taken:
   * `uniqueness`; no such row: `not_found`. Attaches the document to a row that had claims only.
   */
  updateScim(
    connection: ConnectionId,
    id: DirectoryUserId,
    document: ScimUserDocument,
    ifVersion: number | undefined,
    now: Instant,
  ): Promise<WrittenRow<DirectoryUserId>>;
  /** Writes the `claims` document, and the subject where one is given, or none from now on (`null`): whoever links decides whether it moves. */
  updateClaims(
    id: DirectoryUserId,
    claims: ClaimsDocument,
    subject: string | null | undefined,
    now: Instant,
  ): Promise<void>;
  /**
   * Marks the row deleted and drops its memberships; the link stays, so that the account can be revived.
   * False: no such row, or not with that version.
   */
  deleteUserRow(connection: ConnectionId, id: DirectoryUserId, now: Instant, ifVersion?: number): Promise<boolean>;

  /** `id`: where it was given beforehand. */
  insertGroup(
    connection: ConnectionId,
    document: ScimGroupDocument,
    now: Instant,
    id?: DirectoryGroupId,
  ): Promise<WrittenRow<DirectoryGroupId>>;
  updateGroup(
    connection: ConnectionId,
    id: DirectoryGroupId,
    document: ScimGroupDocument,
    ifVersion: number | undefined,
    now: Instant,
  ): Promise<WrittenRow<DirectoryGroupId>>;
  /** Version + 1 and modifiedAt alone: the members changed. */
  touchGroup(id: DirectoryGroupId, now: Instant): Promise<WrittenRow<DirectoryGroupId>>;
  /**
   * Marks the group deleted, drops its members, and takes it out of the groups that it was inside of, whose versions rise;
   * answers with the people who were in it. `undefined`: no such group, or not with that version.
   */
  deleteGroup(
    connection: ConnectionId,
    id: DirectoryGroupId,
    now: Instant,
    ifVersion?: number,
  ): Promise<readonly DirectoryUserId[] | undefined>;

  /** Locks the group's row until the transaction ends and tells what it is now; `undefined`: no such live group. */
  lockGroup(connection: ConnectionId, id: DirectoryGroupId): Promise<LockedGroup | undefined>;
  /** All groups that the connection has now: nobody said who is in them since then, or since earlier where that is so already. */
  unconfirmGroups(connection: ConnectionId, since: Instant): Promise<void>;
  /** The connection's client said who is in it. */
  confirmGroup(connection: ConnectionId, id: DirectoryGroupId): Promise<void>;
  /** One statement. */
  membersNamed(connection: ConnectionId, ids: readonly MemberId[]): Promise<NamedMembers>;
  /** The three say who really joined or left; a few statements however many members there are. They keep `memberCount` and the first membership time. */
  addMembers(
    group: DirectoryGroupId,
    members: readonly DirectoryUserId[],
    now: Instant,
  ): Promise<readonly DirectoryUserId[]>;
  removeMembers(
    group: DirectoryGroupId,
    members: readonly MemberId[],
    now: Instant,
  ): Promise<readonly DirectoryUserId[]>;
  setMembers(
    group: DirectoryGroupId,
    members: readonly DirectoryUserId[],
    now: Instant,
  ): Promise<{ readonly added: readonly DirectoryUserId[]; readonly removed: readonly DirectoryUserId[] }>;
  /**
   * The same of groups inside the group, which keep `nestedCount`; they say how many came or went. A group may be inside
   * itself, and inside one that is inside it.
   */
  addNested(group: DirectoryGroupId, nested: readonly DirectoryGroupId[]): Promise<number>;
  removeNested(group: DirectoryGroupId, nested: readonly MemberId[]): Promise<number>;
  setNested(group: DirectoryGroupId, nested: readonly DirectoryGroupId[]): Promise<number>;

  usersOfRows(rows: readonly DirectoryUserId[]): Promise<readonly UserId[]>;
}
