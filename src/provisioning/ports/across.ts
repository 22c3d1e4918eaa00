/** What is asked of a tenant's people at other connections: whose e-mail an address is, and whom an admin told apart. */
import type { ConnectionId, DirectoryUserId, Instant, UserId } from "../../model/ids.js";
import type { DeactivatedBy, UserStatus } from "../../model/person.js";

/** A row of somebody's account, at whichever connection. */
export interface AccountRow {
  readonly id: DirectoryUserId;
  readonly user: UserId;
  readonly connection: ConnectionId;
  readonly deleted: boolean;
  /** It was deleted as a live push's: whoever it was of is gone there. */
  readonly keepsOut: boolean;
  /** Absent: no push ever described it. */
  readonly pushed?: { readonly active: boolean };
  /** What the connection's pushes, or its admins where it is made by hand, last said; in the form of `linkAddress`. */
  readonly pushedEmail?: string;
  /** What its latest sign-in vouched for, in the same form. */
  readonly signedInEmail?: string;
  /** Somebody signs in, or signed in, by it. */
  readonly signsIn: boolean;
  readonly status: UserStatus;
  readonly deactivatedBy?: DeactivatedBy;
}

/** Somebody whom an address means. */
export interface EmailHolder {
  readonly user: UserId;
  /** All rows of the account, deleted ones too. */
  readonly rows: readonly AccountRow[];
  /** Rows that were once known by the address, or are gone with it. */
  readonly before: readonly DirectoryUserId[];
}

/** A subject at a connection. */
export interface SignInAt {
  readonly connection: ConnectionId;
  readonly subject: string;
}

/** Somebody's sign-in, with an e-mail that its connection vouched for. */
export interface VouchedSignIn extends SignInAt {
  readonly user: UserId;
  /** In the form of `linkAddress`. */
  readonly address: string;
}

/** How an account came to be known at a connection. */
export interface LinkOrigin {
  readonly connection: ConnectionId;
  /** As in `NewUserRow`. */
  readonly linkedBy: string;
  /** By `verified_email`: in which domain. */
  readonly domain?: string;
  readonly since: Instant;
}

export interface AcrossReader {
  /** Of each connection at which the account is known now, oldest first. */
  linkOrigins(user: UserId): Promise<readonly LinkOrigin[]>;
}

export interface AcrossWriter {
  /** Everybody whom this address means or meant; a statement, and another where there is anybody. */
  emailHolders(address: string): Promise<readonly EmailHolder[]>;
  /** The same of many addresses, by each of them. */
  holdersOfEmails(addresses: readonly string[]): Promise<ReadonlyMap<string, readonly EmailHolder[]>>;
  /** Whether one of these addresses means or meant anybody but this one. One statement. */
  isKnownToOthers(addresses: readonly string[], user: UserId): Promise<boolean>;
  /** Sign-ins of others whose latest one vouched for an e-mail that one of these has or had, once for each. One statement. */
  signInsWithEmailsOf(users: readonly UserId[]): Promise<readonly VouchedSignIn[]>;
  /** Sign-ins of these people whose latest one vouched for an e-mail. One statement. */
  vouchedSignInsOf(users: readonly UserId[]): Promise<readonly VouchedSignIn[]>;
  /** Those of the addresses that mean or meant anybody. One statement. */
  knownEmails(addresses: readonly string[]): Promise<readonly string[]>;
  /** An address that a row had stays known as its own. */
  keepFormerEmails(rows: readonly { readonly id: DirectoryUserId; readonly email: string }[]): Promise<void>;
  /** An admin says that who comes here under this name is none of these. */
  tellApart(connection: ConnectionId, name: string, users: readonly UserId[]): Promise<void>;
  /** The same of everybody who signs in to the account, at whichever connection. */
  tellAccountApart(user: UserId, others: readonly UserId[]): Promise<void>;
  /**
   * A pushed row becomes another account's. The account that it was of goes on as one whose push has ended: the caller marks both.
   */
  moveRow(connection: ConnectionId, row: DirectoryUserId, to: UserId, now: Instant): Promise<void>;
  /**
   * Whoever signs in to an account elsewhere signs in to the other from then on, where that one is not known there; nobody, where something
   * else than sign-ins describes the account. Who was told apart from it is told apart from both. The caller marks both.
   */
  moveSignIns(from: UserId, to: UserId, now: Instant): Promise<void>;
  /** Of whom an admin said so of one of these. */
  toldApart(of: readonly SignInAt[]): Promise<readonly (SignInAt & { readonly user: UserId })[]>;
}
