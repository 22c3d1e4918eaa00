import type { ScimServiceAccountDocument } from "../../model/directory.js";
import type { ConnectionId, DirectoryUserId, Instant, UserId } from "../../model/ids.js";
import type { LinkRow, UserRow } from "./access.js";
import type { DirectoryList, DirectoryQuery, DirectoryUserRow } from "./directory.js";
import type { WrittenRow } from "./directory-writer.js";
import type { Page, PageQuery } from "./store.js";

/** Who answers for a service account. */
export interface AccountOwner {
  readonly id: UserId;
  readonly userName: string;
  readonly displayName: string | null;
  /** Registered; nobody answers for the account while its owner is not. */
  readonly active: boolean;
}

/** A service account as admins see it. */
export interface ServiceAccountRow
  extends Pick<UserRow, "id" | "userName" | "status" | "synced" | "assignments" | "assignmentsLeftOut" | "createdAt"> {
  readonly displayName: string;
  readonly description?: string;
  readonly connection: ConnectionId;
  readonly owner?: AccountOwner;
  readonly expiresAt?: Instant;
}

export interface ServiceAccountQuery extends PageQuery {
  /** Exact, letter case aside. */
  readonly name?: string;
  readonly owner?: UserId;
  readonly status?: "registered" | "deactivated";
}

/** The link of a service account to its row: there is one. */
export interface AccountLinkRow extends LinkRow {
  readonly expiresAt?: Instant;
}

/** What a source says of a service account: SCIM, or an admin, of whom there is no resource. */
export type AccountDocument = Omit<ScimServiceAccountDocument, "owner" | "resource" | "search"> &
  Partial<Pick<ScimServiceAccountDocument, "resource" | "search">> & { readonly owner?: UserId };

/** A live row as whoever writes it needs it. */
export interface AccountRow {
  readonly id: DirectoryUserId;
  readonly user: UserId;
  readonly connection: ConnectionId;
  readonly document: AccountDocument;
}

/** What decides whether tokens of a service account are good. */
export interface AccountStanding {
  /** Registered, and its time is not over. */
  readonly live: boolean;
  /** Holds, in the scope of the tenant, `admin` or a role that the catalogue marks privileged. */
  readonly admin: boolean;
  /** Rises when the account is deactivated. */
  readonly epoch: number;
}

/** A service account, and who answers for it. */
export interface OwnedAccount {
  readonly id: UserId;
  readonly userName: string;
  readonly owner: UserId;
}

/** Service accounts of both ledgers. */
export interface ServiceAccountReader {
  serviceAccount(id: UserId): Promise<ServiceAccountRow | undefined>;
  /** In the order of ids; those that nothing was registered for, or that admins removed, left out. */
  serviceAccounts(query: ServiceAccountQuery): Promise<Page<ServiceAccountRow>>;
  /** The links of these service accounts, ended ones included, in one statement. */
  accountLinks(ids: readonly UserId[]): Promise<readonly AccountLinkRow[]>;
  /** Service accounts that are not deactivated and for which these people answer. One statement. */
  accountsOwnedBy(owners: readonly UserId[]): Promise<readonly OwnedAccount[]>;
  accountStanding(id: UserId, now: Instant): Promise<AccountStanding | undefined>;
  /** As SCIM sees it: only rows of the connection that were pushed. */
  directoryServiceAccount(connection: ConnectionId, id: DirectoryUserId): Promise<DirectoryUserRow | undefined>;
  /** By which SCIM sees this account there: nothing of one that was made by hand, or pushed by another connection. */
  directoryIdOf(connection: ConnectionId, account: UserId): Promise<DirectoryUserId | undefined>;
  directoryServiceAccounts(connection: ConnectionId, query: DirectoryQuery): Promise<DirectoryList<DirectoryUserRow>>;
}

export interface ServiceAccountWriter {
  /** The live row of an account, by its id in the access ledger or by its id at a connection; locked until the transaction ends. */
  accountRow(
    by: { readonly user: UserId } | { readonly connection: ConnectionId; readonly id: DirectoryUserId },
  ): Promise<AccountRow | undefined>;
  /** Row and link. Refusal `uniqueness` when the connection has a service account of that name, letter case aside. */
  insertServiceAccount(
    row: {
      /** Where it was given beforehand. */
      readonly id?: DirectoryUserId;
      readonly connection: ConnectionId;
      readonly user: UserId;
      readonly document: AccountDocument;
    },
    now: Instant,
  ): Promise<WrittenRow<DirectoryUserId>>;
  /** Refusals as `updateScim`: `version_conflict`, `uniqueness`, `not_found`. */
  updateServiceAccount(
    connection: ConnectionId,
    id: DirectoryUserId,
    document: AccountDocument,
    ifVersion: number | undefined,
    now: Instant,
  ): Promise<WrittenRow<DirectoryUserId>>;
  /** False: no such live row, or not with that version. */
  deleteServiceAccount(
    connection: ConnectionId,
    id: DirectoryUserId,
    now: Instant,
    ifVersion?: number,
  ): Promise<boolean>;
  /** Its version as SCIM sees it rises, unless it was written since its time was over: from then on it is not active. */
  noteAccountEnd(id: UserId, now: Instant): Promise<void>;
  /** Takes it out of admins' lists, and its row out of the directory. */
  removeServiceAccount(id: UserId, now: Instant): Promise<void>;
}
