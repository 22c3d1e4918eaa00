/** The directory ledger as it is read. */
import type { ResourceFilter, ResourceSort } from "../../model/filter.js";
import type { ConnectionId, DirectoryGroupId, DirectoryUserId, Instant, UserId } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";
import type { Adoptable } from "./adoption.js";

/** What a pushed person is called. */
export interface PushedName {
  readonly userName: string;
  readonly externalId?: string;
}

/** A user as SCIM sees it. */
export interface DirectoryUserRow {
  readonly id: DirectoryUserId;
  readonly resource: JsonObject;
  readonly version: number;
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
  /** Made by hand: whatever the connection writes to it takes it over. */
  readonly adoptable?: true;
  /** Where they were asked for and came with the row; else `groupsOf` tells them. */
  readonly groups?: readonly Omit<GroupOfUser, "user">[];
}

export interface DirectoryGroupRow {
  readonly id: DirectoryGroupId;
  readonly resource: JsonObject;
  readonly version: number;
  /** People in it. */
  readonly memberCount: number;
  /** Groups inside it. */
  readonly nestedCount: number;
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
  /** As for users. */
  readonly adoptable?: true;
}

export interface GroupMember {
  readonly group: DirectoryGroupId;
  readonly user: DirectoryUserId;
  readonly userName: string;
  /** The member's displayName where the document has one. */
  readonly display?: string;
}

/** Who is a member, or may be one. */
export interface ShownMember {
  readonly id: string;
  readonly type: "User" | "Group";
  readonly display: string;
}

/** A group inside another. */
export interface NestedGroup {
  readonly group: DirectoryGroupId;
  readonly nested: DirectoryGroupId;
  readonly displayName: string;
}

export interface GroupOfUser {
  readonly user: DirectoryUserId;
  readonly group: DirectoryGroupId;
  readonly displayName: string;
}

/**
 * A row's place in a list: what it is sorted by, where anything sorts, and its id. Two lists sorted by one attribute can be
 * merged by it: numbers (dates are milliseconds, true is 1) before texts, texts by the bytes of their UTF-8, absent last.
 */
export interface ListPosition {
  readonly id: string;
  readonly number: number | null;
  readonly text: string | null;
}

/**
 * A list in a stable order: by `sort`, then by id (which is creation order). Filter paths that are columns, not document
 * parts: `id`, `externalId`, `userName`, `displayName` (groups), `active`, `meta.created`, `meta.lastModified`;
 * `members.value` on groups and `groups.value` on users ask the membership rows.
 */
export interface DirectoryQuery {
  readonly filter?: ResourceFilter;
  readonly sort?: ResourceSort;
  /**
   * From its start, or from behind a row, and on from row to row: what comes and goes meanwhile makes no other row come
   * twice or never. Without `offset`. The total stays that of the whole list.
   */
  readonly walk?: "start" | ListPosition;
  /** Rows to pass over; 0 or more. */
  readonly offset: number;
  /** 0 asks for the total alone. */
  readonly limit: number;
  /** Also what the connection may take over. */
  readonly adoptable?: Adoptable;
  /** Of users: with their groups, where one statement reads both. */
  readonly withGroups?: boolean;
}

/** A page of a SCIM list, and how many there are in all. */
export interface DirectoryList<Row> {
  readonly total: number;
  readonly rows: readonly Row[];
  /** Of a walk. */
  readonly walked?: Walked;
}

/** Where each row of a page stands, in their order, and whether there are rows behind the last. */
export interface Walked {
  readonly positions: readonly ListPosition[];
  readonly more: boolean;
}

/** The directory ledger as SCIM reads it back. */
export interface DirectoryReader {
  /** Those who were made last of the connection's pushed people. */
  lastPushed(connection: ConnectionId, limit: number): Promise<readonly PushedName[]>;
  /** Everyone whose facts hang on these groups: their live members' users. */
  usersOfGroups(groups: readonly DirectoryGroupId[]): Promise<readonly UserId[]>;
  /** Only rows of this connection that have a `scim` document, and what it may take over. `withGroups` as in a query. */
  directoryUser(
    connection: ConnectionId,
    id: DirectoryUserId,
    adoptable?: Adoptable,
    withGroups?: boolean,
  ): Promise<DirectoryUserRow | undefined>;
  directoryUsers(connection: ConnectionId, query: DirectoryQuery): Promise<DirectoryList<DirectoryUserRow>>;
  directoryGroup(
    connection: ConnectionId,
    id: DirectoryGroupId,
    adoptable?: Adoptable,
  ): Promise<DirectoryGroupRow | undefined>;
  directoryGroupsList(connection: ConnectionId, query: DirectoryQuery): Promise<DirectoryList<DirectoryGroupRow>>;
  /** People in these groups, in the order they joined; with `only`, those among these ids. One statement for all groups. */
  membersOf(groups: readonly DirectoryGroupId[], only?: readonly string[]): Promise<readonly GroupMember[]>;
  /** Ids of the people in a group, in the order they joined: for lists that are too long to be read at once. */
  memberIdsOf(group: DirectoryGroupId): Promise<readonly DirectoryUserId[]>;
  /** Groups inside these groups, by id; with `only`, those among these ids. One statement. */
  nestedIn(groups: readonly DirectoryGroupId[], only?: readonly string[]): Promise<readonly NestedGroup[]>;
  /** Those of these ids that are users or groups as SCIM sees them, as a group's members would be shown. One statement. */
  shownAsMembers(connection: ConnectionId, ids: readonly string[]): Promise<readonly ShownMember[]>;
  groupsOf(users: readonly DirectoryUserId[]): Promise<readonly GroupOfUser[]>;
  /** Those of these ids that are users as SCIM sees them, with the displayName where the document has one. One statement. */
  displayNames(
    connection: ConnectionId,
    ids: readonly string[],
  ): Promise<readonly { readonly id: DirectoryUserId; readonly displayName?: string }[]>;
}
