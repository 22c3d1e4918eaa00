/** Ending sessions from outside their browser: by the identity provider's word. Each is told of in the audit and in the feed. */
import type { Connection, Tenant } from "../model/connection.js";
import type { Instant, UserId } from "../model/ids.js";
import { type Context, PROVIDER, type Provisioning } from "./deps.js";
import { type Notice, recordNotices } from "./notices.js";
import { markEnded } from "./sessions.js";

/** What an identity provider says has ended; at least one of the two names. */
export interface ProviderLogout {
  /** The message's own name: it counts once. */
  readonly id: string;
  /** From when on the message is refused for its age. */
  readonly until: Instant;
  readonly subject?: string;
  readonly idpSession?: string;
}

/**
 * Ends the sessions of this connection that the provider names: those of the subject, those of the provider's session, or those
 * of both together, where a session whose name was never told counts as any of the subject's. How many; `undefined` when
 * the message came before (replay). INVARIANT: a session that is being opened at this moment under a name that ended is refused.
 */
export async function endByProvider(
  p: Provisioning,
  tenant: Tenant,
  connection: Connection,
  { id, until, ...names }: ProviderLogout,
  requestId?: string,
): Promise<number | undefined> {
  const now = p.now();
  return p.store.write(tenant.id, async (tx) => {
    if (!(await tx.rememberOnce(connection.id, p.secrets.hashToken(`logout ${id}`), until))) return undefined;
    if (names.idpSession !== undefined) await markEnded(p, tx, connection, names.idpSession);
    const ended = await tx.endIdpSessions(connection.id, names, now);
    await recordNotices(tx, ended.map(noticeOf("provider_logout", connection)), contextOf(requestId), now);
    return ended.reduce((sum, { sessions }) => sum + sessions, 0);
  });
}

function noticeOf(reason: string, { slug }: Connection) {
  return ({ user, sessions }: { readonly user: UserId; readonly sessions: number }): Notice => ({
    type: "session.ended",
    data: { reason, connection: slug, sessions },
    user,
  });
}

function contextOf(requestId: string | undefined): Context {
  return requestId === undefined ? PROVIDER : { ...PROVIDER, requestId };
}
