/** Accept across owns what becomes of an item `same_email`: whoever came is the account that has the e-mail, or somebody else. */
import type { ConnectionId, DirectoryUserId, Instant, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import { Refusal } from "../model/problem.js";
import type { Context } from "./deps.js";
import { isTakingPart } from "./email-holders.js";
import { type JoinNotice, keepFormerSubject, moveSignIn } from "./join-signed-in.js";
import { holdsPrivileges } from "./keep-out.js";
import { recordNotices } from "./notices.js";
import { emptyClaims } from "./observe.js";
import type { EmailHolder } from "./ports/across.js";
import type { LinkCandidate } from "./ports/directory-writer.js";
import type { ReviewItem } from "./ports/review-items.js";
import type { TenantWriter } from "./ports/store.js";
import { provedDomains } from "./proved-domains.js";

interface SameEmail {
  readonly users: readonly UserId[];
  readonly address: string;
  readonly subject?: string;
  readonly row?: DirectoryUserId;
  /** Whose account signs in here already, by another subject. */
  readonly isKnownHere: boolean;
}

function sameEmailOf(detail: JsonObject): SameEmail {
  const { users, names, subject, candidates, reason } = detail;
  const [address = ""] = (names ?? []) as readonly string[];
  const [row] = (candidates ?? []) as readonly DirectoryUserId[];
  return {
    ...{ users: (users ?? []) as readonly UserId[], address },
    ...(typeof subject === "string" && { subject }),
    ...(row !== undefined && { row }),
    isKnownHere: reason === "known_here",
  };
}

/** Whoever came is none of them: the next sign-in makes an account of its own. A push has one already. */
export async function tellApart(tx: TenantWriter, { connection, detail }: ReviewItem): Promise<void> {
  const { users, subject } = sameEmailOf(detail);
  if (subject !== undefined) await tx.tellApart(connection, subject, users);
}

/**
 * Whoever came is the account: a subject may sign in to it, also instead of the one that did so here, or the pushed row becomes its own; the
 * account that was made for the row or the subject ends. The account, and all whom it concerns. Refusal `conflict`: which of them is not told, or somebody else is there by now.
 */
export async function acceptAcross(
  tx: TenantWriter,
  { connection, detail }: ReviewItem,
  context: Context,
  now: Instant,
): Promise<{ readonly user: UserId; readonly touched: readonly UserId[] }> {
  const { users, address, subject, row, isKnownHere } = sameEmailOf(detail);
  if (detail["claimed"] === true) throw new Refusal("conflict", CLAIMED);
  await refuseEnded(tx, connection, address);
  const user = await oneOf(tx, users);
  const here = (await tx.links([user])).find((link) => link.connection === connection && !link.deleted);
  if (here && !isKnownHere)
    throw new Refusal("conflict", `\`${user}\` is known to the connection already: put the item away`);
  const pushed = row === undefined ? undefined : await pushedRow(tx, connection, row, address);
  const known = subject === undefined ? undefined : await tx.rowBySubject(connection, subject);
  await refuseMoved(tx, user, { users, address, made: (pushed ?? known)?.user });
  if (pushed !== undefined) return moveRow(tx, connection, { row: pushed, user }, now);
  if (here && subject !== undefined) {
    const row = await tx.rowById(connection, here.directoryUser);
    const joined = row && (await takeSubject(tx, connection, row, { subject, known }, now));
    await tx.tellAccountApart(
      user,
      users.filter((other) => other !== user),
    );
    if (joined) await recordNotices(tx, [joined], context, now);
    return { user, touched: joined ? [user, joined.user] : [user] };
  }
  if (subject === undefined || known !== undefined) {
    throw new Refusal("conflict", "who came has an account of their own by now: put the item away");
  }
  const claims = emptyClaims(now);
  await tx.insertUserRow({ connection, user, linkedBy: "admin", claims, subject, userName: address }, now);
  // whoever signs in to it is none of the others, who may be off
  await tx.tellAccountApart(
    user,
    users.filter((other) => other !== user),
  );
  return { user, touched: [user] };
}

/** The account's row here becomes the subject's. Whatever account was made for the subject meanwhile (`known`) ends. */
async function takeSubject(
  tx: TenantWriter,
  at: ConnectionId,
  row: LinkCandidate,
  { subject, known }: { readonly subject: string; readonly known: LinkCandidate | undefined },
  now: Instant,
): Promise<JoinNotice | undefined> {
  if (known?.user === row.user) return undefined;
  const connection = (await tx.connections()).find(({ id }) => id === at);
  if (known?.hasScim || connection === undefined) {
    throw new Refusal("conflict", "who came is a pushed person by now: put the item away");
  }
  if (known === undefined) {
    await keepFormerSubject(tx, row, subject);
    await tx.updateClaims(row.id, row.claims ?? emptyClaims(now), subject, now);
    return undefined;
  }
  await refusePrivileged(tx, known);
  const alone = { ...known, subject, claims: known.claims ?? emptyClaims(now) };
  const joined = await moveSignIn(tx, connection, alone, row, now);
  const reason = "an admin says that they are one person";
  return joined && { ...joined, data: { connection: connection.slug, reason, joined: row.user } };
}

async function refusePrivileged(tx: TenantWriter, { user }: LinkCandidate): Promise<void> {
  if (!(await holdsPrivileges(tx, user))) return;
  const remedy = "give the other account what it should have, take it from this one, and accept again";
  throw new Refusal("conflict", `the account of who came, \`${user}\`, holds privileges: ${remedy}`);
}

const CLAIMED = "the e-mail is merely claimed, and says nothing of who comes: put the item away";

/** INVARIANT: what would link nobody now links nobody by an item of before. */
async function refuseEnded(tx: TenantWriter, id: ConnectionId, address: string): Promise<void> {
  const connection = (await tx.connections()).find((one) => one.id === id);
  const domain = address.slice(address.lastIndexOf("@") + 1);
  const isProved = provedDomains(await tx.tenantNow()).includes(domain);
  if (isProved && connection?.disabledAt === undefined && isTakingPart(connection, domain)) return;
  const who = isProved ? "the connection links" : "without the proof of its domain the tenant links";
  throw new Refusal("conflict", `${who} nobody by this e-mail any more: put the item away`);
}

/** Of several the one that nobody switched off. */
async function oneOf(tx: TenantWriter, users: readonly UserId[]): Promise<UserId> {
  const people = await tx.lockPeople(users);
  const active = people.filter(({ status }) => status !== "deactivated");
  const [one, another] = people.length === 1 ? people : active;
  if (one !== undefined && another === undefined) return one.id;
  const remedy = "deactivate the accounts that they are not and accept again, or put the item away";
  throw new Refusal("conflict", `the e-mail is that of ${people.length} accounts: ${remedy}`);
}

/** INVARIANT: an item says of whom the e-mail was. Nobody gets an account by one that is somebody else's by now. */
async function refuseMoved(
  tx: TenantWriter,
  user: UserId,
  {
    users,
    address,
    made,
  }: { readonly users: readonly UserId[]; readonly address: string; readonly made: UserId | undefined },
): Promise<void> {
  const holders = await tx.emailHolders(address);
  const isNow = ({ rows }: EmailHolder) =>
    rows.some((row) => !row.deleted && (row.pushedEmail ?? row.signedInEmail) === address);
  const holder = holders.find((one) => one.user === user);
  const isOff = holder?.rows[0]?.status === "deactivated";
  const others = holders.filter((one) => isNow(one) && one.user !== made && !users.includes(one.user));
  if (holder !== undefined && (isOff || isNow(holder)) && others.length === 0) return;
  throw new Refusal("conflict", "the e-mail is no longer that of the item's account alone: put the item away");
}

async function pushedRow(
  tx: TenantWriter,
  connection: ConnectionId,
  id: DirectoryUserId,
  address: string,
): Promise<LinkCandidate> {
  const row = await tx.rowById(connection, id);
  if (row === undefined || row.deleted || !row.hasScim) {
    throw new Refusal("conflict", "the pushed user is there no more: put the item away");
  }
  if (row.pushedEmail !== address) {
    throw new Refusal("conflict", "the pushed user has another e-mail by now: put the item away");
  }
  return row;
}

async function moveRow(
  tx: TenantWriter,
  connection: ConnectionId,
  { row, user }: { readonly row: LinkCandidate; readonly user: UserId },
  now: Instant,
): Promise<{ readonly user: UserId; readonly touched: readonly UserId[] }> {
  await refusePrivileged(tx, row);
  await tx.moveRow(connection, row.id, user, now);
  await tx.endAllSessions([row.user]);
  return { user, touched: [user, row.user] };
}
