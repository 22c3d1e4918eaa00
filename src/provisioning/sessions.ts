/** Sessions and logins under way: random values stay with the browser, their hashes in the store. */
import type { Connection, SessionLimits, Tenant } from "../model/connection.js";
import type { ConnectionId, Instant, UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import type { Provisioning } from "./deps.js";
import { marksAgainst, type SignInTimes } from "./ended-marks.js";
import { later } from "./later.js";
import type { SessionOwner } from "./ports/instance.js";
import type { EndedSession, PendingLogin, WhyNotOpened } from "./ports/sign-ins.js";

/** What the identity provider of a session that has just ended knows it by, and what it wants to hear. */
export interface ClosedSession extends Omit<EndedSession, "sealedHint"> {
  readonly logoutHint?: string;
}

/** How long somebody may take at the identity provider. */
export const LOGIN_MINUTES = 10;
/** A session that is used is noted once a minute, or once in this part of how long it may be idle, where that is less. */
const TOUCH_SECONDS = 60;
const TOUCHES_IN_IDLE_TIME = 20;
/** A session that began by the identity provider's clock, a minute behind ours, does not end before it begins here. */
const SHORTEST_MINUTES = 1;

/** Remembers a login that was sent to an IdP, for ten minutes and one return. `state` and `browser` are the clear random values. */
export async function beginLogin(
  p: Provisioning,
  tenant: Tenant,
  login: {
    readonly connection: ConnectionId;
    readonly state: string;
    readonly browser: string;
    readonly nonce?: string;
    readonly verifier?: string;
    readonly returnTo?: string;
  },
): Promise<void> {
  await p.store.write(tenant.id, (tx) =>
    tx.insertPendingLogin({
      stateHash: p.secrets.hashToken(login.state),
      browserHash: p.secrets.hashToken(login.browser),
      connection: login.connection,
      nonce: login.nonce ?? "",
      verifier: login.verifier ?? "",
      ...(login.returnTo === undefined ? {} : { returnTo: login.returnTo }),
      expiresAt: later(p.now(), LOGIN_MINUTES),
    }),
  );
}

/** What a browser comes back with: clear random values, and where it comes to. */
export interface ReturnedLogin {
  readonly connection: ConnectionId;
  readonly state: string;
  readonly browser: string | undefined;
}

/**
 * Takes a pending login out, once. Throws Refusal `sign_in_expired` when it is unknown, used, too old, of another
 * connection, or begun in another browser: a login that somebody else began must not end in this one (login CSRF).
 */
export async function takeLogin(p: Provisioning, tenant: Tenant, returned: ReturnedLogin): Promise<PendingLogin> {
  const login = await p.store.write(tenant.id, (tx) => tx.takePendingLogin(p.secrets.hashToken(returned.state)));
  if (login === undefined || !isAnsweredBy(p, login, returned)) {
    throw new Refusal(
      "sign_in_expired",
      "this sign-in was begun elsewhere, was used already or took too long: start again",
    );
  }
  return login;
}

/** When a login was sent to its provider. */
export function begunAt({ expiresAt }: PendingLogin): Instant {
  return later(expiresAt, -LOGIN_MINUTES);
}

/** Whether `takeLogin` would find the login now; it stays where it is. */
export async function awaitsLogin(p: Provisioning, tenant: Tenant, returned: ReturnedLogin): Promise<boolean> {
  const login = await p.store.read(tenant.id).pendingLogin(p.secrets.hashToken(returned.state));
  return login !== undefined && isAnsweredBy(p, login, returned);
}

function isAnsweredBy(p: Provisioning, login: PendingLogin, { connection, browser }: ReturnedLogin): boolean {
  const mine = browser !== undefined && login.browserHash === p.secrets.hashToken(browser);
  return mine && login.connection === connection && login.expiresAt > p.now();
}

/**
 * Takes what may be used once, such as the ID of a SAML assertion; false when it was used before (replay). It is
 * remembered until `until`, after which it must be refused for its age.
 */
export async function takeOnce(
  p: Provisioning,
  tenant: Tenant,
  { connection, id, until }: { readonly connection: ConnectionId; readonly id: string; readonly until: Instant },
): Promise<boolean> {
  return p.store.write(tenant.id, (tx) => tx.rememberOnce(connection, p.secrets.hashToken(id), until));
}

const NOT_OPENED: { readonly [Why in WhyNotOpened]: () => Refusal } = {
  account: () => new Refusal("deactivated", "the account was switched off after this sign-in was judged"),
  sessions: () =>
    new Refusal("sign_in_expired", "sessions of this person were ended after this sign-in began: they may start again"),
  connection: () => new Refusal("connection_disabled", "the connection ended after this sign-in was judged"),
};

/**
 * Opens a session for a registered user. INVARIANT: none that would outlive what came between: throws Refusal `deactivated` when the
 * user stopped being registered since the sign-in was decided, `connection_disabled` when the connection ended, `sign_in_expired`
 * when whatever else ended their sessions meanwhile, their identity provider's word too.
 */
export async function openSession(
  p: Provisioning,
  tenant: Tenant,
  session: {
    readonly user: UserId;
    readonly connection: Connection;
    readonly subject: string;
    /** As the sign-in answered it. */
    readonly epoch: number;
    readonly idpSession?: string;
    /** Absent: now. */
    readonly from?: SignInTimes;
    /** What the identity provider wants to hear when the session ends here. */
    readonly logoutHint?: string;
    /** When it ends at the latest, where the identity provider says so. */
    readonly endsAt?: Instant;
    readonly address?: string;
    readonly browser?: string;
  },
): Promise<{ readonly token: string; readonly expiresAt: Instant }> {
  const now = p.now();
  const token = p.secrets.newToken("rcw_");
  const absolute = later(now, sessionLimits(p, tenant).absoluteMinutes);
  const ends = session.endsAt === undefined ? absolute : latest(session.endsAt, later(now, SHORTEST_MINUTES));
  const expiresAt = earliest(absolute, ends);
  const hash = p.secrets.hashToken(token);
  const { subject, idpSession, from = { since: now, begun: now }, logoutHint, address, browser } = session;
  const why = await p.store.write(tenant.id, (tx) =>
    tx.insertSession(
      {
        hash,
        user: session.user,
        connection: session.connection.id,
        subject,
        epoch: session.epoch,
        ...(idpSession !== undefined && { idpSession }),
        ended: marksAgainst(p, session, from),
        ...(logoutHint !== undefined && { sealedHint: p.secrets.encrypt(logoutHint, hintContext(tenant, hash)) }),
        expiresAt,
        ...(address !== undefined && { address }),
        ...(browser !== undefined && { browser }),
      },
      now,
    ),
  );
  if (why !== undefined) throw NOT_OPENED[why]();
  return { token, expiresAt };
}

/** How long sessions of the tenant last: what it says itself, within what the service lets it. */
function sessionLimits(
  { settings: { sessions } }: Pick<Provisioning, "settings">,
  { sessionLimits: own = {} }: Pick<Tenant, "sessionLimits">,
): Required<SessionLimits> {
  return {
    idleMinutes: Math.min(sessions.idleMinutes, own.idleMinutes ?? sessions.idleMinutes),
    absoluteMinutes: Math.min(sessions.absoluteMinutes, own.absoluteMinutes ?? sessions.absoluteMinutes),
  };
}

/** How old the note of a session's last use must be for a new one: it ends early by no more than this. */
function touchMilliseconds(p: Pick<Provisioning, "settings">, tenant: Pick<Tenant, "sessionLimits">): number {
  const idleSeconds = sessionLimits(p, tenant).idleMinutes * 60;
  return Math.min(TOUCH_SECONDS, idleSeconds / TOUCHES_IN_IDLE_TIME) * 1000;
}

/** After which instants a session must have been used, and opened, to be alive now. */
export function stillAlive(p: Pick<Provisioning, "settings">, tenant: Pick<Tenant, "sessionLimits">, now: Instant) {
  const { idleMinutes, absoluteMinutes } = sessionLimits(p, tenant);
  return { usedAfter: later(now, -idleMinutes), openedAfter: later(now, -absoluteMinutes) };
}

/** The live session of a token; touched now and then only, so that reading costs no write. */
export async function currentSession(p: Provisioning, token: string): Promise<SessionOwner | undefined> {
  const hash = p.secrets.hashToken(token);
  const session = await p.store.instance.sessionByHash(hash);
  const now = p.now();
  if (!session || session.expiresAt <= now) return undefined;
  const { usedAfter, openedAfter } = stillAlive(p, session.tenant, now);
  if (session.lastSeenAt <= usedAfter || session.createdAt <= openedAfter) return undefined;
  if (Date.parse(now) - Date.parse(session.lastSeenAt) >= touchMilliseconds(p, session.tenant)) {
    await p.store.write(session.tenant.id, (tx) => tx.touchSession(hash, now));
  }
  return session;
}

/** Ends the session of a token, if there is one that is alive; what its identity provider knows it by. */
export async function closeSession(
  p: Provisioning,
  token: string,
): Promise<(SessionOwner & { readonly ended: ClosedSession }) | undefined> {
  const hash = p.secrets.hashToken(token);
  const session = await p.store.instance.sessionByHash(hash);
  const ended = session && (await p.store.write(session.tenant.id, (tx) => tx.endSession(hash, p.now())));
  if (session === undefined || ended === undefined) return undefined;
  const { sealedHint, ...names } = ended;
  const logoutHint = sealedHint && openedHint(p, sealedHint, hintContext(session.tenant, hash));
  return { ...session, ended: { ...names, ...(logoutHint !== undefined && { logoutHint }) } };
}

/** `undefined` where the secret key is another one by now: the session ends in any case. */
function openedHint({ secrets }: Provisioning, sealed: string, context: string): string | undefined {
  try {
    return secrets.decrypt(sealed, context);
  } catch {
    return undefined;
  }
}

/** INVARIANT: what is sealed for one session opens for no other. */
function hintContext({ id }: Pick<Tenant, "id">, hash: string): string {
  return `${id}:session:${hash}:hint`;
}

function earliest(one: Instant, other: Instant): Instant {
  return Date.parse(one) < Date.parse(other) ? one : other;
}

function latest(one: Instant, other: Instant): Instant {
  return Date.parse(one) > Date.parse(other) ? one : other;
}
