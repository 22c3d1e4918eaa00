/**
 * Key pairs of connections: what we sign with towards an identity provider, and what it encrypts for. A key is published
 * as `next` first, then used, then retired, so that no provider ever meets a key that it had no time to learn.
 */
import { createPrivateKey, type KeyObject } from "node:crypto";
import type { Connection, Tenant } from "../model/connection.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { wakeBeforeOwnExpiry } from "./certificate-expiry.js";
import { type Context, type Provisioning, WORKER } from "./deps.js";
import { recordNotices } from "./notices.js";
import type { ConnectionKey, KeyState, KeyUse, SealedConnectionKey } from "./ports/connection-keys.js";
import type { TenantWriter } from "./ports/store.js";
import { fingerprint } from "./saml-trust.js";

/** A key that signs; `certificate` (DER in base64) tells the other side which one. */
export interface SigningKey {
  readonly id: string;
  readonly certificate: string;
  readonly privateKey: KeyObject;
}

type Of = Pick<Connection, "id" | "slug" | "protocol">;
type OfTenant = Pick<Tenant, "id" | "slug">;

/**
 * All keys of a connection, oldest first, without their private halves. A connection gets its first ones when somebody
 * asks for them: a SAML connection one of each use, an OIDC connection one that signs, others none.
 */
export async function keysOf(p: Provisioning, tenant: OfTenant, connection: Of): Promise<readonly ConnectionKey[]> {
  return (await sealedKeys(p, tenant, connection)).map(publicHalf);
}

/** The key that signs now. Throws where connections of the protocol sign nothing. */
export async function signingKey(p: Provisioning, tenant: OfTenant, connection: Of): Promise<SigningKey> {
  const keys = await sealedKeys(p, tenant, connection);
  const key = keys.find(({ use, state }) => use === "signing" && state === "active");
  if (key === undefined) throw new Error(`a connection of the protocol ${connection.protocol} has no key that signs`);
  return { id: key.id, certificate: key.certificate, privateKey: opened(p, tenant, connection, key) };
}

/** What encrypted texts for the connection are tried with: the active key first, and every other that is not retired. */
export async function decryptionKeys(p: Provisioning, tenant: OfTenant, connection: Of): Promise<readonly KeyObject[]> {
  const keys = (await sealedKeys(p, tenant, connection)).filter(({ use }) => use === "encryption");
  const order: readonly KeyState[] = ["active", "retiring", "next"];
  const ordered = order.flatMap((state) => keys.filter((key) => key.state === state));
  return ordered.map((key) => opened(p, tenant, connection, key));
}

/**
 * Makes the key that comes after the present one, published and not used yet. Refusals: `bad_request` (nothing of the
 * protocol needs such a key), `conflict` (there is one already).
 */
export async function makeNextKey(
  p: Provisioning,
  tenant: OfTenant,
  connection: Of,
  use: KeyUse,
  context: Context,
): Promise<ConnectionKey> {
  if (!usesOf(connection).includes(use)) {
    const what = `a connection of the protocol \`${connection.protocol}\` needs no key for ${quote(use)}`;
    throw new Refusal("bad_request", what);
  }
  await sealedKeys(p, tenant, connection);
  const key = await freshKey(p, tenant, connection, use, "next");
  await p.store.write(tenant.id, async (tx) => {
    await tx.lockTenant();
    const present = await tx.connectionKeys(connection.id);
    if (present.some((one) => one.use === use && one.state === "next")) {
      throw new Refusal("conflict", `there is a next key for ${use} already: activate it or delete it first`);
    }
    await tx.insertConnectionKey(connection.id, key);
    await recordNotices(tx, [keyNotice("connection.key_made", connection, key)], context, key.createdAt);
    await wakeBeforeOwnExpiry(tx, connection, key.createdAt);
  });
  return publicHalf(key);
}

/**
 * From now on this key is used; the one before retires, and what is encrypted for it is still read. A retiring key may be
 * made active again. Refusal `not_found`. An active key stays what it is.
 */
export async function activateKey(
  p: Provisioning,
  tenant: OfTenant,
  connection: Of,
  id: string,
  context: Context,
): Promise<ConnectionKey> {
  const now = p.now();
  return p.store.write(tenant.id, async (tx) => {
    await tx.lockTenant();
    const key = await keyNamed(tx, connection, id);
    if (key.state === "active") return publicHalf(key);
    const all = await tx.connectionKeys(connection.id);
    for (const one of all.filter(({ use, state }) => use === key.use && state === "active")) {
      await tx.setKeyState(connection.id, one.id, "retiring", now);
    }
    await tx.setKeyState(connection.id, id, "active", now);
    await recordNotices(tx, [keyNotice("connection.key_activated", connection, key)], context, now);
    await wakeBeforeOwnExpiry(tx, connection, now);
    return publicHalf(await keyNamed(tx, connection, id));
  });
}

/** Removes a key with its private half. Refusals: `not_found`, `conflict` (it is in use). */
export async function deleteKey(
  p: Provisioning,
  tenant: OfTenant,
  connection: Of,
  id: string,
  context: Context,
): Promise<void> {
  const now = p.now();
  await p.store.write(tenant.id, async (tx) => {
    await tx.lockTenant();
    const key = await keyNamed(tx, connection, id);
    if (key.state === "active") {
      throw new Refusal("conflict", "the key is in use: make the next one and activate it, then delete this one");
    }
    await tx.deleteConnectionKey(connection.id, id);
    await recordNotices(tx, [keyNotice("connection.key_deleted", connection, key)], context, now);
  });
}

function usesOf({ protocol }: Of): readonly KeyUse[] {
  if (protocol === "saml") return ["signing", "encryption"];
  return protocol === "oidc" ? ["signing"] : [];
}

/** INVARIANT: an asked-for connection has an active key of each of its uses. */
async function sealedKeys(p: Provisioning, tenant: OfTenant, connection: Of): Promise<readonly SealedConnectionKey[]> {
  const present = await p.store.read(tenant.id).connectionKeys(connection.id);
  const missing = missingUses(connection, present);
  if (missing.length === 0) return present;
  const fresh = await Promise.all(missing.map((use) => freshKey(p, tenant, connection, use, "active")));
  return p.store.write(tenant.id, async (tx) => {
    await tx.lockTenant();
    const still = missingUses(connection, await tx.connectionKeys(connection.id));
    const wanted = fresh.filter(({ use }) => still.includes(use));
    for (const key of wanted) await tx.insertConnectionKey(connection.id, key);
    const notices = wanted.map((key) => keyNotice("connection.key_made", connection, key));
    await recordNotices(tx, notices, WORKER, p.now());
    await wakeBeforeOwnExpiry(tx, connection, p.now());
    return tx.connectionKeys(connection.id);
  });
}

function missingUses(connection: Of, present: readonly ConnectionKey[]): readonly KeyUse[] {
  return usesOf(connection).filter((use) => !present.some((key) => key.use === use && key.state === "active"));
}

async function freshKey(
  p: Provisioning,
  tenant: OfTenant,
  connection: Of,
  use: KeyUse,
  state: "next" | "active",
): Promise<SealedConnectionKey> {
  const [id, now] = [p.newId(), p.now()];
  const name = `${tenant.slug}/${connection.slug} ${use}`;
  const { privateKey, ...made } = await p.secrets.makeKeyPair(use, name, now);
  return {
    ...{ id, use, state, ...made },
    sealed: p.secrets.encrypt(privateKey, keyContext(tenant, connection, id)),
    createdAt: now,
    ...(state === "active" && { activatedAt: now }),
  };
}

/** INVARIANT: what is sealed for one key opens in no other row. */
function keyContext(tenant: OfTenant, connection: Of, id: string): string {
  return `${tenant.id}:${connection.id}:connection-key:${id}`;
}

function opened(p: Provisioning, tenant: OfTenant, connection: Of, { id, sealed }: SealedConnectionKey): KeyObject {
  const der = Buffer.from(p.secrets.decrypt(sealed, keyContext(tenant, connection, id)), "base64");
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

async function keyNamed(tx: TenantWriter, connection: Of, id: string): Promise<SealedConnectionKey> {
  const key = (await tx.connectionKeys(connection.id)).find((one) => one.id === id);
  if (key === undefined) throw new Refusal("not_found", `connection \`${connection.slug}\` has no key ${quote(id)}`);
  return key;
}

function publicHalf({ sealed, ...key }: SealedConnectionKey): ConnectionKey {
  return key;
}

function keyNotice(type: string, { slug }: Of, { id, use, certificate }: ConnectionKey) {
  return { type, data: { connection: slug, key: id, use, fingerprint: fingerprint(certificate) } };
}
