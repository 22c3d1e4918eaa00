/** Logouts that were sent to an identity provider and are waited for: its answer comes without any cookie of ours. */
import type { Tenant } from "../model/connection.js";
import type { ConnectionId } from "../model/ids.js";
import type { Provisioning } from "./deps.js";
import { LOGIN_MINUTES } from "./sessions.js";

export interface PendingLogout {
  readonly connection: ConnectionId;
  /** The random value by which the provider's answer names our request. */
  readonly request: string;
}

/** Remembers a logout request that is about to be sent, for ten minutes and one answer. */
export async function beginLogout(
  p: Provisioning,
  tenant: Tenant,
  { connection, request }: PendingLogout,
): Promise<void> {
  const expiresAt = new Date(Date.parse(p.now()) + LOGIN_MINUTES * 60_000).toISOString();
  // INVARIANT: no browser's value has an empty hash, so that no sign-in ever answers this.
  const none = { browserHash: "", nonce: "", verifier: "" };
  const stateHash = hashOf(p, request);
  await p.store.write(tenant.id, (tx) => tx.insertPendingLogin({ ...none, stateHash, connection, expiresAt }));
}

/** Whether this connection sent the request, and nobody answered it yet. */
export async function takeLogout(
  p: Provisioning,
  tenant: Tenant,
  { connection, request }: PendingLogout,
): Promise<boolean> {
  const pending = await p.store.write(tenant.id, (tx) => tx.takePendingLogin(hashOf(p, request)));
  return pending !== undefined && pending.connection === connection && pending.expiresAt > p.now();
}

/** Not as of sign-ins: an answer to one is no answer to the other. */
function hashOf({ secrets }: Provisioning, request: string): string {
  return secrets.hashToken(`logout ${request}`);
}
