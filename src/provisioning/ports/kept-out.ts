/** What is asked of people who are switched off or deleted and not back: whom they keep out, and since when. */
import type { ConnectionId, DirectoryUserId, Instant, UserId } from "../../model/ids.js";
import type { LinkCandidate } from "./directory.js";
import type { AskedNames } from "./signed-in.js";

/** By what a sign-in meets somebody: a lasting id or a name that is or was theirs, or because it was refused for them `before`. */
export interface Met {
  readonly by: "id" | "name" | "before";
  readonly name: string;
}

/** Somebody pushed who is switched off or deleted, and has no active pushed row at the connection. */
export interface Keeper extends LinkCandidate {
  readonly met: readonly Met[];
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
   * Whom a sign-in meets by these ids (its subject among them) and names, ASCII-lowered, of those who are switched off or deleted and
   * not back, but for those whom an admin let this subject pass. One statement, and another where any name is known.
   */
  keepers(connection: ConnectionId, subject: string, names: AskedNames): Promise<readonly Keeper[]>;
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
  /** What a pushed row is called until now stays its own; what admins said of its names is void. */
  keepFormerNames(row: DirectoryUserId, names: readonly FormerName[]): Promise<void>;
  /** These rows keep nobody out any more by their names; by subjects and lasting ids they do, and whoever was refused for them before. */
  letNamesGo(ids: readonly DirectoryUserId[]): Promise<void>;
  /** Those of the users whom a pushed row of a live connection keeps out there, by the names of their sign-ins. */
  keptOut(users: readonly UserId[]): Promise<readonly UserId[]>;
  /**
   * Owners who have signed in by a way that is there still: a connection for sign-ins that goes on, at which no push has switched them
   * off; without those who stay owners only because nobody else is one.
   */
  ownersWithWayIn(): Promise<readonly UserId[]>;
}

/** A name that a pushed row had: names are ASCII-lowered, ids as they are. */
export interface FormerName {
  readonly kind: "id" | "name";
  readonly name: string;
}
