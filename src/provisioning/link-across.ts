/**
 * Link across owns the question "who is this at the tenant's other connections", of whoever is nobody at their own: by an e-mail that
 * both connections vouch for, in a domain that the tenant proved. It gathers what `decideAcross` decides by.
 */
import type { Connection, Tenant } from "../model/connection.js";
import type { DirectoryUserId, Instant, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import { type LinkAddress, linkAddress } from "../model/link-address.js";
import { type Across, decideAcross, type Holder, NOBODY } from "./decide-across.js";
import { addressOf, holderOf } from "./email-holders.js";
import { holdsPrivileges } from "./keep-out.js";
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
  const address = addressOf(tenant, connection, stranger.email);
  if (address === undefined) return NOBODY;
  const all = await tx.emailHolders(address.address);
  if (all.length === 0) return NOBODY;
  // what was said of a push was said of its row, which is no stranger
  const asked = stranger.subject === undefined ? [] : [{ connection: connection.id, subject: stranger.subject }];
  const apart = (await tx.toldApart(asked)).map(({ user }) => user);
  const connections = new Map((await tx.connections()).map((one) => [one.id, one]));
  const holders: Holder[] = [];
  for (const one of all.filter(({ user }) => !apart.includes(user))) {
    const holder = holderOf(one, address, connection, connections, stranger.door);
    if (holder === undefined) continue;
    const isAsked = holder.now && !holder.off && (!holder.here || holder.otherSubject);
    const mayOwn = isAsked && !holder.here && holder.mayOwn && (await makesOwners(tx));
    const privileged = isAsked && (await holdsPrivileges(tx, holder.user));
    holders.push({ ...holder, privileged, mayOwn });
  }
  const vouched = stranger.verified && provedDomains(tenant).includes(address.domain);
  return { ...decideAcross(holders, { vouched, inactive: stranger.inactive === true }), address };
}

/** Whether new people of these pushes may be known elsewhere: nearly always nobody is, and nothing is asked where none could be. */
export async function knownAcross(
  tx: TenantWriter,
  tenant: Tenant,
  connection: Connection,
  emails: readonly (string | undefined)[],
): Promise<(email: string | undefined) => boolean> {
  const addressIn = (email: string | undefined) => addressOf(tenant, connection, email)?.address;
  const known = new Set(await tx.knownEmails(emails.flatMap((email) => addressIn(email) ?? [])));
  return (email) => {
    const address = addressIn(email);
    return address !== undefined && known.has(address);
  };
}

/** Whether any rule may give `owner`; of a resource, too: a question too many to an admin is better than one too few. */
async function makesOwners(tx: TenantWriter): Promise<boolean> {
  const mapping = await tx.activeMapping();
  return mapping !== undefined && /owner/i.test(JSON.stringify(JSON.parse(mapping.text)));
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
