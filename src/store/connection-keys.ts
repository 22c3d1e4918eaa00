/** Key pairs of connections; private halves are sealed before they come here. */
import type {
  ConnectionKeyReader,
  ConnectionKeyWriter,
  KeyState,
  KeyUse,
  SealedConnectionKey,
} from "../provisioning/ports/connection-keys.js";
import type { Scope } from "./scope.js";
import { assignments, insertion, sql } from "./sql.js";
import { given, toInstant, toInstantOrNull, toMillis, toMillisOrNull } from "./values.js";

interface KeyColumns {
  readonly id: string;
  readonly key_use: KeyUse;
  readonly algorithm: string;
  readonly certificate: string;
  readonly sealed_key: string;
  readonly state: KeyState;
  readonly created_at: number;
  readonly activated_at: number | null;
  readonly retiring_since: number | null;
}

function keyOf(row: KeyColumns): SealedConnectionKey {
  return {
    id: row.id,
    use: row.key_use,
    algorithm: row.algorithm,
    certificate: row.certificate,
    sealed: row.sealed_key,
    state: row.state,
    createdAt: toInstant(row.created_at),
    ...given("activatedAt", toInstantOrNull(row.activated_at)),
    ...given("retiringSince", toInstantOrNull(row.retiring_since)),
  };
}

export function connectionKeyReader({ tenant, sql: db }: Scope): ConnectionKeyReader {
  return {
    async connectionKeys(connection) {
      const rows = await db.all<KeyColumns>(
        sql`select id, key_use, algorithm, certificate, sealed_key, state, created_at, activated_at, retiring_since
          from connection_keys where tenant_id = ${tenant} and connection_id = ${connection} order by id`,
      );
      return rows.map(keyOf);
    },
  };
}

export function connectionKeyWriter({ tenant, sql: db }: Scope): ConnectionKeyWriter {
  return {
    async insertConnectionKey(connection, key) {
      const columns = {
        ...{ tenant_id: tenant, id: key.id, connection_id: connection, key_use: key.use, algorithm: key.algorithm },
        ...{ certificate: key.certificate, sealed_key: key.sealed, state: key.state },
        created_at: toMillis(key.createdAt),
        activated_at: toMillisOrNull(key.activatedAt),
        retiring_since: toMillisOrNull(key.retiringSince),
      };
      await db.run(insertion("connection_keys", columns));
    },
    async setKeyState(connection, id, state, now) {
      const at = toMillis(now);
      const times = state === "active" ? { activated_at: at, retiring_since: null } : { retiring_since: at };
      await db.run(
        sql`update connection_keys set ${assignments({ state, ...times })}
          where tenant_id = ${tenant} and connection_id = ${connection} and id = ${id}`,
      );
    },
    async deleteConnectionKey(connection, id) {
      await db.run(
        sql`delete from connection_keys where tenant_id = ${tenant} and connection_id = ${connection} and id = ${id}`,
      );
    },
  };
}
