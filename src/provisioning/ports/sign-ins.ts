import type { ConnectionId, Instant, UserId } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";
import type { Page, PageQuery } from "./store.js";

/** A login that was begun and is waited for; found again by the hash of its state, once. */
export interface PendingLogin {
  readonly stateHash: string;
  readonly connection: ConnectionId;
  /** Hash of the random value in the browser's pending-login cookie. */
  readonly browserHash: string;
  /** Empty for SAML. */
  readonly nonce: string;
  /** PKCE verifier; empty for SAML. */
  readonly verifier: string;
  readonly returnTo?: string;
  readonly expiresAt: Instant;
}

/** One-time ids of the connection, any of which stands for longer than `after`. */
export interface StandingMarks {
  readonly marks: readonly string[];
  readonly after: Instant;
}

/** The user is not registered (any more); their sessions were ended, or a mark stands; the connection has ended. */
export type WhyNotOpened = "account" | "sessions" | "connection";

export interface NewSession {
  readonly hash: string;
  readonly user: UserId;
  readonly connection: ConnectionId;
  /** The IdP's names for the session, for its logout calls. */
  readonly subject: string;
  readonly idpSession?: string;
  /** What the IdP wants to hear when the session ends here; sealed. */
  readonly sealedHint?: string;
  /** The user's session epoch when it was decided that they may come in. */
  readonly epoch: number;
  /** Where the identity provider has ended its own session meanwhile. */
  readonly ended?: readonly StandingMarks[];
  readonly expiresAt: Instant;
  /** By what people tell their sessions apart: where the browser is, and of what kind. */
  readonly address?: string;
  readonly browser?: string;
}

/** A session that may still be used. */
export interface SessionRow {
  readonly id: string;
  readonly user: { readonly id: UserId; readonly userName: string };
  readonly connection: ConnectionId;
  readonly createdAt: Instant;
  readonly lastSeenAt: Instant;
  readonly expiresAt: Instant;
  readonly address?: string;
  readonly browser?: string;
}

export interface SessionQuery extends PageQuery {
  readonly user?: UserId;
  readonly connection?: ConnectionId;
  readonly now: Instant;
  /** Those alone that were used, and opened, after these instants. */
  readonly usedAfter: Instant;
  readonly openedAfter: Instant;
}

/** A session that has just ended, as its identity provider knows it. */
export interface EndedSession {
  readonly subject: string;
  readonly idpSession?: string;
  readonly sealedHint?: string;
}

/** By what an identity provider names people: lasting ids, and names, ASCII-lowered. */
export interface KnownAs {
  readonly ids: readonly string[];
  readonly names: readonly string[];
}

/** How many sessions of a user ended. */
export interface EndedOfUser {
  readonly user: UserId;
  readonly sessions: number;
}

/** What an admin sees when looking a sign-in up by its reference. Claims are redacted by the caller. */
export interface SignInTrace {
  readonly reference: string;
  readonly connection: ConnectionId;
  readonly at: Instant;
  readonly outcome: string;
  readonly user?: UserId;
  readonly detail: JsonObject;
}

/** Traces of sign-ins, and sessions. */
export interface SignInReader {
  signInTrace(reference: string): Promise<SignInTrace | undefined>;
  /** A login that `takePendingLogin` would find. */
  pendingLogin(stateHash: string): Promise<PendingLogin | undefined>;
  /** Sessions that are alive as `sessionByHash` has it and have not run out, in the order of opening. */
  sessions(query: SessionQuery): Promise<Page<SessionRow>>;
}

/** Pending logins, sessions, traces, and what may be used once. */
export interface SignInWriter {
  /** Somebody of the connection, gone or not, is known by a subject of its provider, or is kept out by one. */
  knowsSubjects(connection: ConnectionId): Promise<boolean>;
  insertPendingLogin(login: PendingLogin): Promise<void>;
  /** Takes the login out: a second call finds nothing. The caller judges connection, browser and time. */
  takePendingLogin(stateHash: string): Promise<PendingLogin | undefined>;
  /**
   * The account behind a subject, and its session epoch: whatever ends all of its sessions raises that. With `gone` also that of somebody
   * deleted, who is this user.
   */
  sessionEpoch(
    connection: ConnectionId,
    subject: string,
    gone?: UserId,
  ): Promise<{ readonly user: UserId; readonly epoch: number } | undefined>;
  /** `undefined`: it is open. Waits for an `endIdpSessions` of the connection under way, which waits for this. */
  insertSession(session: NewSession, now: Instant): Promise<WhyNotOpened | undefined>;
  touchSession(hash: string, now: Instant): Promise<void>;
  /** `undefined`: it had ended already. */
  endSession(hash: string, now: Instant): Promise<EndedSession | undefined>;
  endSessionsOf(user: UserId, now: Instant, except?: string): Promise<number>;
  /** One session by its id, of this user where one is named; whose it was, `undefined` where there is none that is alive. */
  endSessionById(id: string, user: UserId | undefined, now: Instant): Promise<UserId | undefined>;
  /**
   * Users linked at the connection whom it knows by one of these ids (subject, externalId or another lasting id) or of these names,
   * ASCII-lowered: userName, a name of their sign-ins, or the account's e-mail.
   */
  usersKnownAs(connection: ConnectionId, known: KnownAs): Promise<readonly UserId[]>;
  /**
   * Ends sessions by the IdP's own names, without one none. Of both names both must hold, where a session that the IdP never
   * named counts as named so. Whose they were; what had run out or ended before is not among them.
   */
  endIdpSessions(
    connection: ConnectionId,
    names: { readonly subject?: string; readonly idpSession?: string },
    now: Instant,
  ): Promise<readonly EndedOfUser[]>;
  insertSignInTrace(trace: SignInTrace): Promise<void>;
  updateSignInTrace(reference: string, change: Pick<SignInTrace, "outcome" | "detail">): Promise<void>;
  /** Remembers a one-time id of the connection until it expires; false when it was seen before (replay). */
  rememberOnce(connection: ConnectionId, id: string, expiresAt: Instant): Promise<boolean>;
  /** Whether that was done, or a mark stands, while it is kept. */
  remembers(connection: ConnectionId, id: string): Promise<boolean>;
  /** Lets a mark of the connection stand until then, or for as long as it does anyway. */
  markUntil(connection: ConnectionId, id: string, until: Instant): Promise<void>;
}
