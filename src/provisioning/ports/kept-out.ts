/** What is asked of people who are switched off or deleted and not back: whom they keep out, and since when. */
import type { ConnectionId, DirectoryUserId, Instant, UserId } from "../../model/ids.js";
import type { LinkCandidate, SignInName } from "./directory-writer.js";

/** By what a sign-in meets somebody: a lasting id or a name that is or was theirs, or because it was refused for them `before`. */
export interface Met {
  readonly by: "id" | "name" | "before";
  /** As it is theirs. */
  readonly name: string;
}

/** Somebody whom a sign-in meets at a connection, in whatever state. */
export interface MetRow extends LinkCandidate {
  /** Without names that an admin let go. None: an admin spoke of them and the sign-in. */
  readonly met: readonly Met[];
  /** Deleted while SCIM counted. */
  readonly keepsOut: boolean;
  /** SCIM or an admin ended the account. */
  readonly ended: boolean;
  /** Nobody has registered the account yet. */
  readonly pending: boolean;
  /** Of somebody deleted: the row that their account has at the connection by now. */
  readonly again?: LinkCandidate;
  /** An admin lets this subject in, which is somebody else: it was said of any row of the account. */
  readonly letIn: boolean;
  /** The same, if only before the pushed user was called something else. */
  readonly notThem: boolean;
}

/** A sign-in that is asked about. */
export interface AskedSignIn {
  readonly subject: string;
  readonly names: readonly SignInName[];
}

/** Why somebody is kept out, for people who ask. */
export interface KeptOut {
  readonly connection: ConnectionId;
  readonly subject: string;
  readonly keeper: DirectoryUserId;
  readonly keeperName: string;
  readonly deleted: boolean;
  readonly since: Instant;
}

export interface KeepOutReader {
  /** What keeps this user out now, as it was noted; oldest first. */
  keptOutBy(user: UserId): Promise<readonly KeptOut[]>;
}

export interface KeepOutWriter {
  /**
   * Whom each of these sign-ins meets at the connection, by what is or ever was theirs, or because it was refused for them. One
   * statement, and two others where anybody is met, however many sign-ins there are.
   */
  metBy(connection: ConnectionId, signIns: readonly AskedSignIn[]): Promise<readonly (readonly MetRow[])[]>;
  /** Whether anybody has been pushed since this row was deleted who is active and has not signed in. */
  hasNewcomerSince(connection: ConnectionId, deleted: DirectoryUserId): Promise<boolean>;
  /** These subjects are kept out by these rows from now on, whatever their names are; those that are already stay so since then. */
  noteKeptOut(
    connection: ConnectionId,
    closed: readonly { readonly subject: string; readonly by: DirectoryUserId }[],
    now: Instant,
  ): Promise<void>;
  /** That these subjects were refused for rows of this user does not count any more. */
  forgetRefusals(connection: ConnectionId, subjects: readonly string[], user: UserId): Promise<void>;
  /** An admin says that the subject is none of these, whether it was noted for them or not. */
  letPass(connection: ConnectionId, subject: string, keepers: readonly DirectoryUserId[], now: Instant): Promise<void>;
  /** What a pushed row is called until now stays its own; whom admins let in past its account is let in no more. */
  keepFormerNames(row: DirectoryUserId, names: readonly FormerName[]): Promise<void>;
  /** The same of everybody pushed at a connection that is live now, for the time in which it is not; but what admins said stays. */
  keepNamesOfLive(connection: ConnectionId): Promise<void>;
  /** These rows keep nobody out any more by their names; by subjects and lasting ids they do, and whoever was refused for them before. */
  letNamesGo(ids: readonly DirectoryUserId[]): Promise<void>;
  /**
   * How owners may sign in: by a connection for sign-ins that goes on, at which no push has switched them off; without those who stay
   * owners only because nobody else is one. Two statements.
   */
  waysInOfOwners(): Promise<readonly WayIn[]>;
}

/** A row by which somebody may sign in. */
export interface WayIn extends AskedSignIn {
  readonly user: UserId;
  readonly connection: ConnectionId;
  /** Known by sign-in alone, where SCIM is evidence: somebody's deactivation may keep them out. */
  readonly mayBeKeptOut: boolean;
}

/** A name that a pushed row had: names are folded, ids as they are. */
export interface FormerName {
  readonly kind: "id" | "name";
  readonly name: string;
}
