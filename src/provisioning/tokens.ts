/** Tokens: what an IdP's SCIM client and a tenant's own programs show; kept as hashes, shown once. */
import type { Connection, Tenant } from "../model/connection.js";
import type { Instant, UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { auditEntry, type Context, type Provisioning } from "./deps.js";
import type { TokenOwner } from "./ports/instance.js";
import type { TenantReader, TenantWriter } from "./ports/store.js";
import { serviceAccountNamed } from "./service-accounts.js";

export interface NewToken {
  readonly name: string;
  readonly expiresAt?: Instant;
  /** The service account that the token is of, by id or name: it ends with the account. */
  readonly serviceAccount?: string;
}

/**
 * Makes a SCIM token; the first one moves a never-set `sync` to `test`. The clear token is in this answer alone.
 * Refusals: `not_found`, `scim_disabled`, `bad_request` (local), `conflict` (the service account may not have one).
 */
export async function createToken(
  p: Provisioning,
  tenant: Tenant,
  slug: string,
  { name, expiresAt, serviceAccount: called }: NewToken,
  context: Context,
): Promise<{
  readonly id: string;
  readonly token: string;
  readonly createdAt: Instant;
  readonly serviceAccount?: { readonly id: UserId; readonly userName: string };
}> {
  const now = p.now();
  if (!tenant.scim) throw new Refusal("scim_disabled", "SCIM is not part of this tenant's plan");
  const token = p.secrets.newToken("rcs_");
  const info = await p.store.write(tenant.id, async (tx) => {
    // A choice of `sync` made meanwhile stands.
    await tx.lockTenant();
    const connection = await scimConnection(tx, slug);
    const account = called === undefined ? undefined : await tokenAccount(tx, called, now);
    const row = {
      ...{ name, hash: p.secrets.hashToken(token) },
      ...(expiresAt !== undefined && { expiresAt }),
      ...(account && { serviceAccount: account }),
    };
    const made = await tx.insertToken(connection.id, row, now);
    if (!connection.syncChosen && connection.sync === "off") {
      await tx.updateConnection(connection.id, { sync: "test", syncChosen: true }, now);
    }
    const detail = { connection: slug, token: made.id, name, ...(account && { serviceAccount: account.id }) };
    await tx.appendAudit([auditEntry(context, now, "token.created", detail)]);
    return { made, ...(account && { serviceAccount: { id: account.id, userName: account.userName } }) };
  });
  const { made, ...of } = info;
  return { id: made.id, token, createdAt: made.createdAt, ...of };
}

/** INVARIANT: a service account without an admin role has no token (TEC-24). */
async function tokenAccount(tx: TenantWriter, called: string, now: Instant) {
  const { id, userName } = await serviceAccountNamed(tx, called);
  await tx.lockPeople([id]);
  const standing = await tx.accountStanding(id, now);
  if (!standing?.live) {
    throw new Refusal("conflict", `service account ${quote(userName)} is deactivated, or its time is over`);
  }
  if (!standing.admin) {
    throw new Refusal(
      "conflict",
      `service account ${quote(userName)} holds no admin role: give it \`admin\`, or a role that the catalogue marks privileged, in the scope \`tenant\``,
    );
  }
  return { id, userName, epoch: standing.epoch };
}

/** Refusal `not_found`. */
export async function revokeToken(
  p: Provisioning,
  tenant: Tenant,
  slug: string,
  id: string,
  context: Context,
): Promise<void> {
  const now = p.now();
  const connection = await scimConnection(p.store.read(tenant.id), slug);
  await p.store.write(tenant.id, async (tx) => {
    if (!(await tx.revokeToken(connection.id, id, now))) throw new Refusal("not_found", `no live token \`${id}\``);
    await tx.appendAudit([auditEntry(context, now, "token.revoked", { connection: slug, token: id })]);
  });
}

const TOUCH_SECONDS = 60;

/**
 * Whose token this is. Refusals: `unauthorized` (unknown, revoked, expired), `scim_disabled` (by the operator),
 * `sync_off` (by the tenant), `connection_disabled`. `from` is the caller's address, kept with the last use; `meanwhile` as for
 * `tokenByHash`.
 */
export async function authenticateToken(
  p: Provisioning,
  token: string,
  from: string,
  meanwhile?: (was: TokenOwner) => void,
): Promise<TokenOwner> {
  const owner = await p.store.instance.tokenByHash(p.secrets.hashToken(token), meanwhile);
  const now = p.now();
  if (!owner || isOver(owner, now)) {
    throw new Refusal("unauthorized", "no such token, or it is revoked or expired");
  }
  if (!(await standsFor(p.store.read(owner.tenant.id), owner, now))) {
    throw new Refusal(
      "unauthorized",
      "the service account of this token was deactivated, its time is over, or it holds no admin role any more",
    );
  }
  if (owner.lastUsedAt === undefined || Date.parse(now) - Date.parse(owner.lastUsedAt) >= TOUCH_SECONDS * 1000) {
    await p.store.instance.touchToken(owner.tenant.id, owner.tokenId, now, from);
  }
  if (!owner.tenant.scim) throw new Refusal("scim_disabled", "SCIM is not part of this tenant's plan");
  if (owner.connection.disabledAt !== undefined) throw new Refusal("connection_disabled", "this connection has ended");
  if (owner.connection.sync === "off")
    throw new Refusal("sync_off", "sync is off for this connection: switch it to test or live");
  return owner;
}

type Lasting = Pick<TokenOwner, "expiresAt" | "serviceAccount">;

/** Whether a token that nobody revoked opens SCIM: what `authenticateToken` asks of it, whatever its connection's `sync` is. */
export async function isGoodToken(reader: TenantReader, token: Lasting, now: Instant): Promise<boolean> {
  return !isOver(token, now) && (await standsFor(reader, token, now));
}

function isOver({ expiresAt }: Lasting, now: Instant): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

/** INVARIANT: a token ends with its service account, and what was ended by a deactivation never comes back. */
async function standsFor(reader: TenantReader, { serviceAccount }: Lasting, now: Instant): Promise<boolean> {
  if (serviceAccount === undefined) return true;
  const standing = await reader.accountStanding(serviceAccount.id, now);
  return standing?.live === true && standing.admin && standing.epoch === serviceAccount.epoch;
}

/** A tenant API key with scopes; the clear key is in this answer alone. */
export async function createApiKey(
  p: Provisioning,
  tenant: Tenant,
  { name, scopes }: { readonly name: string; readonly scopes: readonly string[] },
  context: Context,
): Promise<{ readonly id: string; readonly key: string }> {
  const now = p.now();
  const key = p.secrets.newToken("rca_");
  const { id } = await p.store.write(tenant.id, async (tx) => {
    const made = await tx.insertApiKey({ name, hash: p.secrets.hashToken(key), scopes }, now);
    await tx.appendAudit([auditEntry(context, now, "api_key.created", { key: made.id, name, scopes: [...scopes] })]);
    return made;
  });
  return { id, key };
}

/** From now on nobody gets in by this key. Refusal `not_found`. */
export async function revokeApiKey(p: Provisioning, tenant: Tenant, id: string, context: Context): Promise<void> {
  const now = p.now();
  await p.store.write(tenant.id, async (tx) => {
    if (!(await tx.revokeApiKey(id, now))) throw new Refusal("not_found", `no live API key \`${id}\``);
    await tx.appendAudit([auditEntry(context, now, "api_key.revoked", { key: id })]);
  });
}

async function scimConnection(reader: TenantReader, slug: string): Promise<Connection> {
  const connection = await reader.connectionBySlug(slug);
  if (!connection || connection.disabledAt !== undefined) throw new Refusal("not_found", `no connection \`${slug}\``);
  if (connection.protocol === "local")
    throw new Refusal("bad_request", "the built-in connection `local` takes no tokens");
  return connection;
}
