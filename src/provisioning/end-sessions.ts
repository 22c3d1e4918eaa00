/** Ending sessions from outside their browser: by an admin, by the person, by the identity provider. Each is told of in the audit and in the feed. */
import type { Connection, Tenant } from "../model/connection.js";
import type { Instant, UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { type Context, PROVIDER, type Provisioning } from "./deps.js";
import { markEnded } from "./ended-marks.js";
import { recordNotices } from "./notices.js";
import type { SessionOwner } from "./ports/instance.js";
import type { KnownAs } from "./ports/sign-ins.js";
import type { TenantWriter } from "./ports/store.js";

const ENDED = "session.ended";

/** What an identity provider says has ended; at least one of the two names. */
export interface ProviderLogout {
  /** The message's own name: it counts once. */
  readonly id: string;
  /** From when on the message is refused for its age. */
  readonly until: Instant;
  /** When it was said, by the provider's clock; absent: now. Sign-ins that say by that clock when they are from may be later ones. */
  readonly at?: Instant;
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
  { id, until, at, ...names }: ProviderLogout,
  requestId: string,
): Promise<number | undefined> {
  const now = p.now();
  return p.store.write(tenant.id, async (tx) => {
    if (!(await tx.rememberOnce(connection.id, p.secrets.hashToken(`logout ${id}`), until))) return undefined;
    await markEnded(p, tx, connection, { ...names, ...(at !== undefined && { at }) });
    const ended = await tx.endIdpSessions(connection.id, names, now);
    const said = { reason: "provider_logout", connection: connection.slug };
    const notices = ended.map(({ user, sessions }) => ({ type: ENDED, data: { ...said, sessions }, user }));
    await recordNotices(tx, notices, { ...PROVIDER, requestId }, now);
    return ended.reduce((sum, { sessions }) => sum + sessions, 0);
  });
}

/** Whose sessions an identity provider wants ended, all of them. */
export interface Revocation {
  /** The message's own name. */
  readonly id: string;
  readonly until: Instant;
  readonly known: KnownAs;
}

/**
 * Ends every session of those whom the connection knows so, at whatever connection they were opened, those too that are being opened at this
 * moment. `nobody`: there is no such person; `repeated`: the same message was done before, and nothing is done now; `misused`: it came
 * before about somebody else.
 */
export async function revokeByProvider(
  p: Provisioning,
  tenant: Tenant,
  connection: Connection,
  { id, until, known }: Revocation,
  requestId: string,
): Promise<"ended" | "nobody" | "repeated" | "misused"> {
  const now = p.now();
  return p.store.write(tenant.id, async (tx) => {
    const once = (said: string) => tx.rememberOnce(connection.id, p.secrets.hashToken(said), until);
    const ofThem = `revocation ${id} of ${JSON.stringify(known)}`;
    if (await once(`revocation ${id}`)) await once(ofThem);
    else if (!(await tx.remembers(connection.id, p.secrets.hashToken(ofThem)))) return "misused";
    const users = await tx.usersKnownAs(connection.id, known);
    if (users.length === 0) return "nobody";
    if (!(await once(`${ofThem}, done`))) return "repeated";
    await tx.endAllSessions(users);
    const data = { reason: "universal_logout", connection: connection.slug };
    const notices = users.map((user) => ({ type: ENDED, data, user }));
    await recordNotices(tx, notices, { ...PROVIDER, requestId }, now);
    return "ended";
  });
}

/** Ends one session, of this user where one is named. Refusal `not_found`. */
export async function endOneSession(
  p: Provisioning,
  tenant: Tenant,
  { id, user }: { readonly id: string; readonly user?: UserId },
  context: Context,
): Promise<void> {
  const now = p.now();
  await p.store.write(tenant.id, async (tx) => {
    const owner = await tx.endSessionById(id, user, now);
    if (owner === undefined) throw new Refusal("not_found", `no session ${quote(id)}`);
    await recordNotices(
      tx,
      [{ type: ENDED, data: { reason: reasonOf(context), sessions: 1 }, user: owner }],
      context,
      now,
    );
  });
}

/** Ends every session of a user, those too that are being opened at this moment; how many were open. */
export async function endAllOf(p: Provisioning, tenant: Tenant, user: UserId, context: Context): Promise<number> {
  const now = p.now();
  return p.store.write(tenant.id, async (tx) => {
    await tx.endAllSessions([user]);
    return ended(tx, await tx.endSessionsOf(user, now), user, context, now);
  });
}

/** Ends the other sessions of whom this one is of; how many. */
export async function endOthersOf(
  p: Provisioning,
  { id, tenant, userId }: Pick<SessionOwner, "id" | "tenant" | "userId">,
  context: Context,
): Promise<number> {
  const now = p.now();
  return p.store.write(tenant.id, async (tx) =>
    ended(tx, await tx.endSessionsOf(userId, now, id), userId, context, now),
  );
}

async function ended(
  tx: TenantWriter,
  sessions: number,
  user: UserId,
  context: Context,
  now: Instant,
): Promise<number> {
  const data = { reason: reasonOf(context), sessions };
  await recordNotices(tx, [{ type: ENDED, data, user }], context, now);
  return sessions;
}

function reasonOf({ actor }: Context): string {
  return actor.kind === "person" ? "person" : "admin";
}
