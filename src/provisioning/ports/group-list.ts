import type { ConnectionId, DirectoryGroupId, DirectoryUserId, Instant, UserId } from "../../model/ids.js";
import type { Page, PageQuery } from "./store.js";

/** A group as an admin lists it, whoever keeps it. */
export interface GroupRow {
  readonly id: DirectoryGroupId;
  readonly connection: ConnectionId;
  readonly displayName: string;
  readonly description?: string;
  readonly memberCount: number;
  readonly version: number;
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
  /** The members that the group had by hand when its connection took it over, as the group that keeps them. */
  readonly overwritten?: { readonly group: DirectoryGroupId; readonly at: Instant; readonly memberCount: number };
}

export interface GroupListQuery extends PageQuery {
  readonly connection?: ConnectionId;
  /** Letter case aside. */
  readonly name?: string;
}

export interface GroupPerson {
  readonly user: UserId;
  readonly userName: string;
}

/** Groups of all connections, for admins. What a connection has overwritten shows up as part of the group that did. */
export interface GroupListReader {
  group(id: DirectoryGroupId): Promise<GroupRow | undefined>;
  groups(query: GroupListQuery): Promise<Page<GroupRow>>;
  /** By user id. */
  groupPeople(id: DirectoryGroupId, query: PageQuery): Promise<Page<GroupPerson>>;
  /** The rows of those of these users who are kept by hand. */
  localRows(users: readonly UserId[]): Promise<ReadonlyMap<UserId, DirectoryUserId>>;
}
