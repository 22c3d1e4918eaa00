/** Local users: people whom an admin keeps by hand; rows of the built-in connection `local`. */
import type { Connection, Tenant } from "../model/connection.js";
import type { Asserted, ClaimsDocument, ScimUserDocument } from "../model/directory.js";
import type { UserAttribute } from "../model/facts.js";
import type { Instant, TenantId, UserId } from "../model/ids.js";
import type { PersonState } from "../model/person.js";
import { Refusal } from "../model/problem.js";
import { isOwner } from "../model/target.js";
import { admitSeat } from "./admit.js";
import type { Context, Provisioning } from "./deps.js";
import { endAccount } from "./end-account.js";
import { firstNames } from "./first-names.js";
import { keepFormerEmail } from "./link-across.js";
import { refuseLastOwner } from "./manual-grants.js";
import { reviewNamesakes } from "./namesakes.js";
import { NO_ACCESS_WRITES } from "./no-access-writes.js";
import type { UndescribedUser } from "./ports/adoption.js";
import type { LocalProfile } from "./ports/documents.js";
import type { TenantWriter } from "./ports/store.js";
import { reconcilePeople } from "./reconcile.js";
import { tellOfAccount } from "./tell-of-account.js";

/** Registers a person by hand, at once. Refusals: `no_seat`, `uniqueness` (a local user of that name exists). */
export async function createLocalUser(
  p: Provisioning,
  tenant: Tenant,
  profile: LocalProfile & { readonly userName: string },
  context: Context,
): Promise<UserId> {
  const now = p.now();
  const user = await p.store.write(tenant.id, async (tx) => {
    // No constraint keeps names of local rows apart: two requests at the same time wait for each other here.
    await tx.lockTenant();
    const local = await localConnection(tx);
    const { userName, email } = profile;
    await refusePseudonym(tx, userName);
    const taken = await tx.rowsByNames(local.id, { externalIds: [], userNames: [userName] });
    if (taken.length > 0) throw new Refusal("uniqueness", `a local user \`${userName}\` exists`);
    const id = await tx.insertPendingUser(
      { userName, ...(email && { email }), ...firstNames((name) => profile[name]) },
      now,
    );
    const documents = { claims: claimsOf(undefined, profile, now), shown: p.documents.person(profile) };
    await tx.insertUserRow({ connection: local.id, user: id, linkedBy: "created", ...documents, userName }, now);
    await admitSeat(tx, id);
    await tx.applyAccess({ ...NO_ACCESS_WRITES, statuses: [{ user: id, to: "registered" }] }, now);
    await reviewNamesakes(tx, [id], now);
    await tellOfAccount(tx, { user: id, userName, type: "user.created", reason: "made by hand", context, now });
    await tx.markDirty([id], "local", now);
    return id;
  });
  await reconcilePeople(p, tenant.id, [user], { context });
  return user;
}

export interface LocalChange {
  readonly active?: boolean;
  readonly profile?: LocalProfile;
}

/**
 * Edits a person whom no IdP keeps; deactivates whom none calls active, too. Refusals: `not_found`; `read_only` for synced
 * people, naming their IdP's connection; `conflict` for whom a connection ended; `last_owner`; `no_seat`.
 */
export async function updateLocalUser(
  p: Provisioning,
  tenant: Tenant,
  user: UserId,
  change: LocalChange,
  context: Context,
): Promise<void> {
  const now = p.now();
  await p.store.write(tenant.id, async (tx) => {
    const [state] = await tx.lockPeople([user]);
    if (!state || state.serviceAccount || state.status === "pending")
      throw new Refusal("not_found", `no user \`${user}\``);
    await refuseSynced(tx, user, change);
    if (change.active === true && state.status === "deactivated") await refuseEnded(tx, user);
    if (change.profile) await editProfile(p, tx, user, change.profile, now);
    if (change.active === false && state.status === "registered") await deactivate(p, tx, state, context, now);
    if (change.active === true && state.status === "deactivated") await reactivate(tx, state, context, now);
    if (change.profile || change.active) await reviewNamesakes(tx, [user], now);
    await tx.markDirty([user], "local", now);
  });
  await reconcilePeople(p, tenant.id, [user], { context });
}

/** The built-in connection of everything that is made by hand. */
export async function localConnection(tx: TenantWriter): Promise<Connection> {
  const local = (await tx.connections()).find((connection) => connection.protocol === "local");
  if (!local) throw new Error("a tenant without its local connection");
  return local;
}

/** A document that says `active: false` has no say against the same said by hand: who was kept from it may be let go. */
async function refuseSynced(tx: TenantWriter, user: UserId, change: LocalChange): Promise<void> {
  const leaves = change.active === false && change.profile === undefined;
  const links = (await tx.links([user])).filter((link) => link.scim && !link.deleted && !(leaves && !link.scim.active));
  const connections = await tx.connections();
  const owner = connections.find((one) => one.sync === "live" && links.some((link) => link.connection === one.id));
  if (owner) {
    throw new Refusal(
      "read_only",
      `connection \`${owner.slug}\` keeps this user in sync: change them in the identity provider`,
    );
  }
}

/** INVARIANT: nobody is told that somebody is back whom a connection's last word sends away again: a document that was deleted speaks while it is live. */
async function refuseEnded(tx: TenantWriter, user: UserId): Promise<void> {
  const ended = (await tx.links([user])).filter((link) => link.scim && link.deleted);
  const live = (await tx.connections()).filter(({ sync, disabledAt }) => sync === "live" && disabledAt === undefined);
  const connection = live.find(({ id }) => ended.some((link) => link.connection === id));
  if (connection === undefined) return;
  throw new Refusal(
    "conflict",
    `connection \`${connection.slug}\` ended this user, and says so while it is live: push them there again, or switch its sync off or end it first`,
  );
}

async function editProfile(
  p: Provisioning,
  tx: TenantWriter,
  user: UserId,
  profile: LocalProfile,
  now: Instant,
): Promise<void> {
  await refuseErased(tx, user);
  const local = await localConnection(tx);
  const link = (await tx.links([user])).find((one) => one.connection === local.id);
  if (!link)
    throw new Refusal("read_only", "the user's profile comes from sign-ins: change it in the identity provider");
  const claims = claimsOf(link.claims, profile, now);
  await tx.updateClaims(link.directoryUser, claims, undefined, now);
  const row = await tx.rowById(local.id, link.directoryUser);
  const shown = profileOf(claims);
  if (row) await keepFormerEmail(tx, row.id, row.pushedEmail, shown.email ?? undefined);
  // What stays behind of somebody whom a connection took over is shown to nobody.
  if (row?.hasScim) await tx.updateShown(row.id, p.documents.person(shown), now);
}

/**
 * Gives people made by hand before connections could take them over the form in which their clients find them. Somebody whose
 * folded name is another's stays without.
 */
export async function describeLocalUsers(
  p: Provisioning,
  tx: TenantWriter,
  people: readonly UndescribedUser[],
  now: Instant,
): Promise<void> {
  for (const { id, user, claims } of people) {
    const document = documentOf(p, tx.tenant, user, claims);
    if (document !== undefined) await tx.updateShown(id, document, now);
  }
  const users = people.map(({ user }) => user);
  await reviewNamesakes(tx, users, now);
}

/** INVARIANT: nobody keeps others from what an upgrade makes of them. Of whom nothing can be made, the log tells at each start. */
function documentOf(
  p: Provisioning,
  tenant: TenantId,
  user: UserId,
  claims: ClaimsDocument,
): ScimUserDocument | undefined {
  try {
    return p.documents.person(profileOf(claims));
  } catch (fault) {
    p.log.fault("local_user.describe_failed", fault, { tenant, user });
    return undefined;
  }
}

/** What an admin typed of a person, as the directory holds it. */
export function profileOf({ attributes }: ClaimsDocument): LocalProfile {
  return Object.fromEntries(Object.entries(attributes).map(([name, { value }]) => [name, value]));
}

async function refuseErased(tx: TenantWriter, user: UserId): Promise<void> {
  if ((await tx.personalRecords(user))?.erasedAt === undefined) return;
  throw new Refusal("conflict", "the user's personal data was removed: register the person anew");
}

/** INVARIANT: nobody made by hand is called like the record of somebody whose personal data was removed. */
async function refusePseudonym(tx: TenantWriter, userName: string): Promise<void> {
  if (!/^erased-/i.test(userName)) return;
  for (const user of await tx.peopleCalled(userName)) {
    if ((await tx.personalRecords(user))?.erasedAt === undefined) continue;
    throw new Refusal("uniqueness", `\`${userName}\` stands for somebody whose personal data was removed`);
  }
}

function claimsOf(before: ClaimsDocument | undefined, profile: LocalProfile, now: Instant): ClaimsDocument {
  const attributes: Partial<Record<UserAttribute, Asserted<string | null>>> = { ...before?.attributes };
  for (const [name, value] of Object.entries(profile)) attributes[name as UserAttribute] = { value, at: now };
  return { attributes, claims: {}, at: now };
}

async function deactivate(
  p: Provisioning,
  tx: TenantWriter,
  person: PersonState,
  context: Context,
  now: Instant,
): Promise<void> {
  const ownerGrants = person.grants.filter((grant) => isOwner(grant.target)).length;
  if (ownerGrants > 0) await refuseLastOwner(tx, person.id, 1);
  await endAccount(p, tx, person, { by: "admin", reason: "deactivated by an admin", context, now });
}

async function reactivate(tx: TenantWriter, state: PersonState, context: Context, now: Instant): Promise<void> {
  await refuseErased(tx, state.id);
  await admitSeat(tx, state.id);
  await tx.applyAccess({ ...NO_ACCESS_WRITES, statuses: [{ user: state.id, to: "registered" }] }, now);
  const told = { user: state.id, userName: state.userName, context, now };
  await tellOfAccount(tx, { ...told, type: "user.reactivated", reason: "reactivated by an admin" });
}
