/** Tokens: what an IdP's SCIM client and a tenant's own programs show; kept as hashes, shown once. */
import type { Connection, Tenant } from "../model/connection.js";
import type { Instant } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { auditEntry, type Context, type Provisioning } from "./deps.js";
import { describeLocalUsers, localConnection } from "./local-users.js";
import type { TokenOwner } from "./ports/instance.js";
import type { TenantReader } from "./ports/store.js";

/**
 * Makes a SCIM token; the first one moves a never-set `sync` to `test`. The clear token is in this answer alone.
 * Refusals: `not_found`, `scim_disabled`, `bad_request` (local).
 */
export async function createToken(
  p: Provisioning,
  tenant: Tenant,
  slug: string,
  { name, expiresAt }: { readonly name: string; readonly expiresAt?: Instant },
  context: Context,
): Promise<{ readonly id: string; readonly token: string; readonly createdAt: Instant }> {
  const now = p.now();
  if (!tenant.scim) throw new Refusal("scim_disabled", "SCIM is not part of this tenant's plan");
  const token = p.secrets.newToken("rcs_");
  const info = await p.store.write(tenant.id, async (tx) => {
    // A choice of `sync` made meanwhile stands.
    await tx.lockTenant();
    const connection = await scimConnection(tx, slug);
    await describeLocalUsers(p, tx, await localConnection(tx), now);
    const row = { name, hash: p.secrets.hashToken(token), ...(expiresAt === undefined ? {} : { expiresAt }) };
    const made = await tx.insertToken(connection.id, row, now);
    if (!connection.syncChosen && connection.sync === "off") {
      await tx.updateConnection(connection.id, { sync: "test", syncChosen: true }, now);
    }
    await tx.appendAudit([auditEntry(context, now, "token.created", { connection: slug, token: made.id, name })]);
    return made;
  });
  return { id: info.id, token, createdAt: info.createdAt };
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
 * `sync_off` (by the tenant), `connection_disabled`. `from` is the caller's address, kept with the last use.
 */
export async function authenticateToken(p: Provisioning, token: string, from: string): Promise<TokenOwner> {
  const owner = await p.store.instance.tokenByHash(p.secrets.hashToken(token));
  const now = p.now();
  if (!owner || (owner.expiresAt !== undefined && owner.expiresAt <= now)) {
    throw new Refusal("unauthorized", "no such token, or it is revoked or expired");
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
