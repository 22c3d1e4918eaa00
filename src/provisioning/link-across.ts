/**
 * Link across owns the question "who is this at the tenant's other connections", of whoever is nobody at their own: by an e-mail that
 * both connections vouch for, in a domain that the tenant proved. It gathers what `decideAcross` decides by.
 */
import type { Connection, Tenant } from "../model/connection.js";
import type { ConnectionId, DirectoryUserId, Instant, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import { type LinkAddress, linkAddress } from "../model/link-address.js";
import { type Across, decideAcross, type Holder, NOBODY } from "./decide-across.js";
import { holdsPrivileges } from "./keep-out.js";
import type { AccountRow, EmailHolder } from "./ports/across.js";
import type { TenantWriter } from "./ports/store.js";
import { provedDomains } from "./proved-domains.js";

/** Who comes, and is nobody at the connection. */
export interface Stranger {
  /** Of a sign-in: an admin's word is kept under it. */
  readonly subject?: string;
  readonly email: string | undefined;
  /** The connection vouches for the e-mail: what is merely claimed closes the door, and opens none. */
  readonly verified: boolean;
  readonly door: "sign_in" | "push";
  /** A push says that they are switched off. */
  readonly inactive?: boolean;
}

/**
 * Whom a stranger means elsewhere. The caller holds the tenant's lock: INVARIANT: two who come at two connections at once would both find
 * nobody, and one person would have two accounts.
 */
export async function linkAcross(
  tx: TenantWriter,
  tenant: Tenant,
  connection: Connection,
  stranger: Stranger,
): Promise<Across & { readonly address?: LinkAddress }> {
  const address = addressOf(tenant, connection, stranger);
  if (address === undefined) return NOBODY;
  const all = await tx.emailHolders(address.address);
  if (all.length === 0) return NOBODY;
  // what was said of a push was said of its row, which is no stranger
  const apart = stranger.subject === undefined ? [] : await tx.toldApart(connection.id, stranger.subject);
  const connections = new Map((await tx.connections()).map((one) => [one.id, one]));
  const holders: Holder[] = [];
  for (const one of all.filter(({ user }) => !apart.includes(user))) {
    const holder = holderOf(one, address, connection, connections, stranger.door);
    if (holder === undefined) continue;
    const asked = holder.now && !holder.off && (!holder.here || holder.otherSubject);
    const mayOwn = asked && !holder.here && holder.mayOwn && (await makesOwners(tx));
    const privileged = asked && (await holdsPrivileges(tx, holder.user));
    holders.push({ ...holder, privileged, mayOwn });
  }
  const vouched = stranger.verified && provedDomains(tenant).includes(address.domain);
  return { ...decideAcross(holders, { vouched, inactive: stranger.inactive === true }), address };
}

/** Domains whose proof is gone open nothing, and go on closing. */
function addressOf({ domains }: Tenant, connection: Connection, { email }: Stranger): LinkAddress | undefined {
  if (connection.protocol === "local" || domains.length === 0) return undefined;
  const address = linkAddress(email);
  const counts = address && domains.includes(address.domain) && isTakingPart(connection, address.domain);
  return counts ? address : undefined;
}

/** Whether new people of these pushes may be known elsewhere: nearly always nobody is, and nothing is asked where none could be. */
export async function knownAcross(
  tx: TenantWriter,
  tenant: Tenant,
  connection: Connection,
  emails: readonly (string | undefined)[],
): Promise<(email: string | undefined) => boolean> {
  const addressIn = (email: string | undefined) =>
    addressOf(tenant, connection, { email, verified: true, door: "push" })?.address;
  const known = new Set(await tx.knownEmails(emails.flatMap((email) => addressIn(email) ?? [])));
  return (email) => {
    const address = addressIn(email);
    return address !== undefined && known.has(address);
  };
}

type Connections = ReadonlyMap<ConnectionId, Connection>;

/** `undefined`: no connection that takes part says anything of them. */
function holderOf(
  { user, rows, before }: EmailHolder,
  { address, domain }: LinkAddress,
  { id: at, mayGrantOwner }: Connection,
  connections: Connections,
  door: Stranger["door"],
): Holder | undefined {
  const takesPart = ({ connection }: AccountRow) => isTakingPart(connections.get(connection), domain);
  const isMet = (row: AccountRow) =>
    row.pushedEmail === address || row.signedInEmail === address || before.includes(row.id);
  const met = rows.filter((row) => isMet(row) && takesPart(row));
  if (met.length === 0) return undefined;
  // whom a row of the connection itself keeps out is decided there, and what an admin said of it holds
  const isElsewhere = met.some(({ connection }) => connection !== at);
  const here = rows.filter(({ connection }) => connection === at);
  const isGoneHere =
    door === "sign_in" &&
    here.length > 0 &&
    here.every(({ deleted }) => deleted) &&
    here.some(({ keepsOut }) => keepsOut);
  const current = rows.filter((row) => !row.deleted && mailOf(row) === address && takesPart(row));
  return {
    user,
    off: isElsewhere && (isOff(rows, connections) || isGoneHere),
    here: here.some(({ deleted }) => !deleted),
    otherSubject: door === "sign_in" && here.some(({ deleted, signsIn }) => !deleted && signsIn),
    pushed: rows.some((row) => !row.deleted && row.pushed && isLive(row, connections)),
    now: current.length > 0,
    stale: !current.some((row) => isFresh(row, connections.get(row.connection))),
    privileged: false,
    mayOwn: mayGrantOwner && rows.some((row) => isLesser(row, connections.get(row.connection))),
  };
}

/**
 * What admins made by hand always does: nobody signs in to it, so that nobody has taken its name. INVARIANT: a connection with domains of
 * its own says nothing of an address in another, neither to link by it nor to close a door, whether it says so of who comes or of whom it knows.
 */
export function isTakingPart(connection: Connection | undefined, domain: string): boolean {
  if (connection === undefined || connection.protocol === "local") return connection !== undefined;
  const { allowedDomains, linkAcross: mode } = connection;
  return mode === "verified_email" && (allowedDomains.length === 0 || allowedDomains.includes(domain));
}

/** What SCIM sent goes before what a sign-in said. */
function mailOf({ pushedEmail, signedInEmail }: AccountRow): string | undefined {
  return pushedEmail ?? signedInEmail;
}

/** People sign in by it, and nobody trusts it to say who owns the tenant. */
function isLesser({ deleted, signsIn }: AccountRow, connection: Connection | undefined): boolean {
  return !deleted && signsIn && connection?.mayGrantOwner === false;
}

/** Whether any rule may give `owner`; of a resource, too: a question too many to an admin is better than one too few. */
async function makesOwners(tx: TenantWriter): Promise<boolean> {
  const mapping = await tx.activeMapping();
  return mapping !== undefined && /owner/i.test(JSON.stringify(JSON.parse(mapping.text)));
}

function isFresh({ pushedEmail }: AccountRow, connection: Connection | undefined): boolean {
  if (connection === undefined || connection.disabledAt !== undefined) return false;
  return pushedEmail === undefined || connection.sync !== "off";
}

/** As the engine will have it, also where it has not looked yet: whoever a live push speaks of is in while one of them says so. */
function isOff(rows: readonly AccountRow[], connections: Connections): boolean {
  const [row] = rows;
  if (row?.status === "deactivated" && ["scim", "admin"].includes(row.deactivatedBy ?? "")) return true;
  const said = rows.filter((one) => one.pushed && isLive(one, connections) && (!one.deleted || one.keepsOut));
  return said.length > 0 && !said.some(({ deleted, pushed }) => !deleted && pushed?.active);
}

function isLive({ connection }: AccountRow, connections: Connections): boolean {
  const found = connections.get(connection);
  return found?.sync === "live" && found.disabledAt === undefined;
}

/** Somebody became known at a further connection. */
export interface AcrossNotice {
  readonly type: "user.linked";
  readonly user: UserId;
  readonly data: JsonObject;
}

export function linkedNotice({ slug }: Connection, user: UserId, { domain }: LinkAddress): AcrossNotice {
  return { type: "user.linked", user, data: { connection: slug, linkedBy: "verified_email", domain } };
}

/** What an admin decides, who accepts the item or puts it away. `who`: the subject of a sign-in, or the row of a push. */
export async function reviewAcross(
  tx: TenantWriter,
  { id }: Connection,
  across: Across,
  { address }: LinkAddress,
  who: { readonly subject: string; readonly claimed?: boolean } | { readonly candidates: readonly string[] },
  now: Instant,
): Promise<void> {
  const told = toldOf(across);
  if (told === undefined) return;
  const detail = { reason: told.reason, names: [address], users: [...told.users], ...who };
  await tx.insertReviewItem({ kind: "same_email", connection: id, detail }, now);
}

function toldOf(across: Across): { readonly reason: string; readonly users: readonly UserId[] } | undefined {
  if (across.kind === "review") return across;
  if (across.kind === "off") return { reason: "deactivated", users: across.users };
  return across.kind === "nobody" && across.known ? { reason: "known_here", users: across.known } : undefined;
}

/** INVARIANT: an address that a row had goes on closing the door once its person is off, whatever they are called then. */
export function formerEmails(id: DirectoryUserId, before: string | undefined, next: string | undefined) {
  return before === undefined || before === linkAddress(next)?.address ? [] : [{ id, email: before }];
}

export async function keepFormerEmail(
  tx: TenantWriter,
  id: DirectoryUserId,
  before: string | undefined,
  next: string | undefined,
): Promise<void> {
  await tx.keepFormerEmails(formerEmails(id, before, next));
}
