/** What is asked of people who are known by sign-in alone: whom a push may mean, and what they are called. */
import type { ConnectionId, DirectoryUserId, Instant, UserId } from "../../model/ids.js";
import type { LinkCandidate, SignInName } from "./directory-writer.js";

/** Somebody known by sign-in alone, with what the latest sign-in called them. */
export interface SignedInRow extends LinkCandidate {
  readonly subject: string;
  readonly names: readonly SignInName[];
}

/** Names as a push or a sign-in brings them. */
export interface AskedNames {
  readonly externalIds: readonly string[];
  readonly userNames: readonly string[];
}

/** Somebody pushed, and somebody known by sign-in alone who has a name of theirs. */
export interface Double {
  readonly pushed: LinkCandidate;
  readonly signedIn: SignedInRow;
}

/** Reading what of the directory ledger may be of the same person. */
export interface SignedInReader {
  /**
   * All in the connection: the sign-in's subject, or another id of it, is the externalId, or one of its names is the userName,
   * ASCII-lowered. Those by an id first, then in the order of making; some twice. A constant number of statements.
   */
  doubles(connection: ConnectionId): Promise<readonly Double[]>;
}

/** Writing what sign-ins are called, and where they end. */
export interface SignedInWriter {
  /**
   * Live rows of people known by sign-in alone whom a sign-in called by one of these externalIds, as subject or otherwise, or one of
   * these names, ASCII-lowered, or as the account of one of the rows `ever` was called, by pushes or by its own sign-ins, and no other
   * active pushed person is, or who were refused for that account before; in the order of making. One statement, and another where there are any.
   */
  signedInAlone(
    connection: ConnectionId,
    names: AskedNames,
    ever?: readonly DirectoryUserId[],
  ): Promise<readonly SignedInRow[]>;
  /** All of them with an open session there, and pushed people, in the order of making. Two statements. */
  signedInNow(connection: ConnectionId): Promise<readonly SignedInRow[]>;
  /** What the latest sign-in called the person of a row. */
  signInNames(id: DirectoryUserId): Promise<readonly SignInName[]>;
  /** What the latest sign-in calls the person of a row: other names of it are forgotten, but for those of a pushed one. */
  keepSignInNames(id: DirectoryUserId, names: readonly SignInName[]): Promise<void>;
  /** Names of sign-ins go to another row, instead of those that it has. */
  moveSignInNames(from: DirectoryUserId, to: DirectoryUserId): Promise<void>;
  /** Ends all their sessions, those too that are being opened at this moment. */
  endAllSessions(users: readonly UserId[]): Promise<void>;
  /**
   * Ends such a row: from then on its account is one that SCIM switched off. The link stays, and what sign-ins said. False: it
   * is no such row any more.
   */
  endSignedIn(id: DirectoryUserId, now: Instant): Promise<boolean>;
}
