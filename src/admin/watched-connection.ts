import type { Connection, SamlSettings, Tenant } from "../model/connection.js";
import { ownKeyWarnings, trustWarnings } from "../provisioning/certificate-expiry.js";
import type { MetadataState } from "../provisioning/ports/metadata.js";
import { setUpWarnings } from "../provisioning/set-up-warnings.js";
import { connectionView } from "./connection-view.js";
import type { AdminDeps } from "./deps.js";

/** The connection with what is to be known of its provider's metadata and keys. */
export async function watchedView(deps: AdminDeps, tenant: Tenant, connection: Connection) {
  const view = connectionView(deps, tenant, connection);
  const reader = deps.p.store.read(tenant.id);
  const keys = await reader.connectionKeys(connection.id);
  const own = ownKeyWarnings(connection, keys, deps.p.now());
  const warnings = [...own, ...(await setUpWarnings(deps.p, tenant, connection))];
  if (connection.saml === undefined) return { ...view, ...(warnings.length > 0 && { warnings }) };
  const state = await reader.metadataState(connection.id);
  const all = [...trustWarnings(connection, state, deps.p.now()), ...warnings];
  return {
    ...view,
    ...(state && { metadataRefresh: refreshView(deps.saml, connection.saml, state) }),
    ...(all.length > 0 && { warnings: all }),
  };
}

function refreshView(reader: AdminDeps["saml"], saml: SamlSettings, state: MetadataState) {
  const { checkedAt, succeededAt = null, failures, problem = null, waiting } = state;
  const keysWaiting = reader.idpView({ ...saml, certificates: waiting }).certificates;
  return { checkedAt, succeededAt, failures, problem, keysWaiting };
}
