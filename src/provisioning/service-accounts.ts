/** Service accounts: accounts of no person, kept by hand here or pushed over SCIM; and the end of their time. */
import type { Connection, Tenant } from "../model/connection.js";
import type { GrantId, Instant, UserId } from "../model/ids.js";
import type { PersonState } from "../model/person.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import type { Target } from "../model/target.js";
import type { Context, Provisioning } from "./deps.js";
import { endAccount } from "./end-account.js";
import { personNamed } from "./explain/person-named.js";
import { localConnection } from "./local-users.js";
import { giveByHand } from "./manual-grants.js";
import { NO_ACCESS_WRITES } from "./no-access-writes.js";
import type { AccountDocument, AccountRow, ServiceAccountRow } from "./ports/service-accounts.js";
import type { TenantReader, TenantWriter } from "./ports/store.js";
import { tellOfAccount } from "./tell-of-account.js";

export interface NewServiceAccount {
  /** Unique among the tenant's service accounts that are made by hand, letter case aside. */
  readonly name: string;
  /** The name when absent. */
  readonly displayName?: string;
  readonly description?: string;
  /** Who answers for it: a registered user, by id or userName. */
  readonly owner?: string;
  readonly expiresAt?: Instant;
  /** What it is given by hand from the start. */
  readonly roles?: readonly Target[];
}

/** Makes an account by hand, registered at once and without a seat. Refusals: `uniqueness`; `not_found`, `conflict` (its owner). */
export async function createServiceAccount(
  p: Provisioning,
  tenant: Tenant,
  { owner: called, roles = [], ...input }: NewServiceAccount,
  context: Context,
): Promise<UserId> {
  const now = p.now();
  const { name: userName, displayName = userName, description, expiresAt } = input;
  const owner = called === undefined ? {} : { owner: await ownerNamed(p.store.read(tenant.id), called) };
  const document: AccountDocument = {
    ...{ userName, displayName, active: true, ...owner },
    ...(description !== undefined && { description }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
  const id = await p.store.write(tenant.id, async (tx) => {
    const local = await localConnection(tx);
    const user = await tx.insertPendingUser({ userName, displayName }, now, "service_account");
    await tx.insertServiceAccount({ connection: local.id, user, document }, now);
    await tx.applyAccess({ ...NO_ACCESS_WRITES, statuses: [{ user, to: "registered" }] }, now);
    if (expiresAt !== undefined) await tx.wakeAt(expiresAt, "account_expiry", user);
    await tellOfAccount(tx, { user, userName, type: "service_account.created", reason: "made by hand", context, now });
    for (const target of roles) {
      await giveByHand(tx, user, { id: p.newId() as GrantId, target, reason: "given when it was made" }, context, now);
    }
    return user;
  });
  p.wake();
  return id;
}

export interface ServiceAccountChange {
  readonly displayName?: string;
  readonly description?: string | null;
  readonly owner?: string | null;
  readonly expiresAt?: Instant | null;
  readonly active?: boolean;
}

/**
 * Changes an account that no identity provider keeps, deactivates it or brings it back. Refusals: `not_found`; `read_only`,
 * naming the connection that keeps it; `conflict` when one whose time is over is to be brought back, or about its owner.
 */
export async function updateServiceAccount(
  p: Provisioning,
  tenant: Tenant,
  user: UserId,
  change: ServiceAccountChange,
  context: Context,
): Promise<void> {
  const now = p.now();
  const owner = typeof change.owner === "string" ? await ownerNamed(p.store.read(tenant.id), change.owner) : null;
  await p.store.write(tenant.id, async (tx) => {
    const [state, row] = await lockedAccount(tx, user);
    const { active = row.document.active, owner: called, ...rest } = change;
    const said = { ...rest, ...(called !== undefined && { owner }) };
    const document = {
      ...changedDocument(row.document, said, active),
      ...(await changedResource(p, tx, row, { ...said, active })),
    };
    await tx.updateServiceAccount(row.connection, row.id, document, undefined, now);
    const { userName, displayName, expiresAt } = document;
    if (expiresAt !== undefined) await tx.wakeAt(expiresAt, "account_expiry", user);
    if (displayName !== state.displayName)
      await tx.applyAccess({ ...NO_ACCESS_WRITES, profiles: [shownAs(state, displayName)] }, now);
    const told = { user, userName, context, now } as const;
    if (Object.keys(said).length > 0) {
      await tellOfAccount(tx, { ...told, type: "service_account.updated", reason: "changed by an admin" });
    }
    if (change.active === false && state.status === "registered") {
      await endAccount(p, tx, state, { by: "admin", reason: "deactivated by an admin", context, now });
    }
    if (change.active === true && state.status === "deactivated") {
      if (expiresAt !== undefined && expiresAt <= now) {
        throw new Refusal("conflict", "the account's time is over: give it a later `expiresAt`, or null");
      }
      await tx.applyAccess({ ...NO_ACCESS_WRITES, statuses: [{ user, to: "registered" }] }, now);
      await tellOfAccount(tx, { ...told, type: "service_account.reactivated", reason: "reactivated by an admin" });
    }
  });
  p.wake();
}

/**
 * Ends an account that no identity provider keeps and takes it out of the lists; what it held stays in the history. Refusals:
 * `not_found`, `read_only`.
 */
export async function removeServiceAccount(
  p: Provisioning,
  tenant: Tenant,
  user: UserId,
  context: Context,
): Promise<void> {
  const now = p.now();
  await p.store.write(tenant.id, async (tx) => {
    const [state] = await lockedPresent(tx, user);
    const reason = "removed by an admin";
    if (state.status === "registered") await endAccount(p, tx, state, { by: "admin", reason, context, now });
    await tx.removeServiceAccount(user, now);
    await tellOfAccount(tx, { user, userName: state.userName, type: "service_account.removed", reason, context, now });
  });
}

/** Ends an account whose time is over, as a wake-up says; nothing where its end was put off. */
export async function expireServiceAccount(
  p: Provisioning,
  tx: TenantWriter,
  user: UserId,
  context: Context,
  now: Instant,
): Promise<void> {
  const [state] = await tx.lockPeople([user]);
  const row = await tx.accountRow({ user });
  const end = row?.document.expiresAt;
  await tx.noteAccountEnd(user, now);
  if (state?.status !== "registered" || end === undefined || end > now) return;
  await endAccount(p, tx, state, { by: "expired", reason: `its time was over at ${end}`, context, now });
}

/** By id, else by name. Refusals: `not_found`; `conflict` when several connections have one of that name. */
export async function serviceAccountNamed(reader: TenantReader, called: string): Promise<ServiceAccountRow> {
  const byId = await reader.serviceAccount(called as UserId);
  if (byId) return byId;
  const { items } = await reader.serviceAccounts({ name: called, status: "registered", limit: 2 });
  const [one, ...more] = items;
  if (one === undefined) throw new Refusal("not_found", `no service account ${quote(called)}`);
  if (more.length > 0)
    throw new Refusal("conflict", `several service accounts are called ${quote(called)}: give an id`);
  return one;
}

/** Refusals: `not_found`, `conflict`. */
async function ownerNamed(reader: TenantReader, called: string): Promise<UserId> {
  const person = await personNamed(reader, called);
  if (person.serviceAccount) throw new Refusal("conflict", "the owner of a service account is a person");
  if (person.status !== "registered") {
    throw new Refusal(
      "conflict",
      `user ${quote(person.userName)} is not registered: name an owner who can answer for it`,
    );
  }
  return person.id;
}

/** Also one that SCIM has deleted: admins clear away what is left of it. */
async function lockedPresent(tx: TenantWriter, user: UserId): Promise<readonly [PersonState, AccountRow | undefined]> {
  const [state] = await tx.lockPeople([user]);
  if (!state || !(await tx.serviceAccount(user))) throw new Refusal("not_found", `no service account \`${user}\``);
  const row = await tx.accountRow({ user });
  const keeper = row?.document.resource && (await tx.connections()).find(({ id }) => id === row.connection);
  if (keeper && isKeeping(keeper)) {
    throw new Refusal(
      "read_only",
      `connection \`${keeper.slug}\` keeps this service account in sync: change it in the identity provider`,
    );
  }
  return [state, row];
}

async function lockedAccount(tx: TenantWriter, user: UserId): Promise<readonly [PersonState, AccountRow]> {
  const [state, row] = await lockedPresent(tx, user);
  if (!row) throw new Refusal("conflict", "the identity provider deleted this service account: make another one");
  return [state, row];
}

function isKeeping({ sync, disabledAt }: Connection): boolean {
  return sync === "live" && disabledAt === undefined;
}

interface Said extends Omit<ServiceAccountChange, "owner" | "active"> {
  readonly owner?: UserId | null;
}

/**
 * INVARIANT: the resource of an account that was pushed says what its columns say: its client would else be shown, and take for done,
 * what an admin has changed since. An owner whom the directory does not know is none there.
 */
async function changedResource(
  { documents }: Provisioning,
  tx: TenantWriter,
  { connection, document: { resource } }: AccountRow,
  { owner: user, ...plain }: Said & { readonly active: boolean },
): Promise<Partial<AccountDocument>> {
  if (resource === undefined) return {};
  if (user === undefined) return documents.account(resource, plain);
  const links = user === null ? [] : await tx.links([user]);
  const known = links.find((link) => link.connection === connection && link.scim !== undefined && !link.deleted);
  return documents.account(resource, { ...plain, owner: known?.directoryUser ?? null });
}

function changedDocument(before: AccountDocument, said: Said, active: boolean): AccountDocument {
  const { description, owner, expiresAt, ...rest } = before;
  const next = { description, owner, expiresAt, ...said };
  return {
    ...rest,
    active,
    displayName: said.displayName ?? before.displayName,
    ...(next.description && { description: next.description }),
    ...(next.owner && { owner: next.owner }),
    ...(next.expiresAt && { expiresAt: next.expiresAt }),
  };
}

function shownAs({ id: user, userName, email, givenName, familyName, photo }: PersonState, displayName: string) {
  return { user, userName, email, givenName, familyName, photo, displayName };
}
