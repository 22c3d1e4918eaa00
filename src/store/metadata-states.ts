/** How refreshing the metadata of SAML connections has gone. */
import type { MetadataState, MetadataStateReader, MetadataStateWriter } from "../provisioning/ports/metadata.js";
import { bigint, text } from "./dialect.js";
import type { Scope } from "./scope.js";
import { one, sql } from "./sql.js";
import { fromJson, toJson } from "./values.js";

export function metadataStateReader({ tenant, sql: db }: Scope): MetadataStateReader {
  return {
    async metadataState(connection) {
      const row = await one<{ readonly state: string }>(
        db,
        sql`select state from metadata_states where tenant_id = ${tenant} and connection_id = ${connection}`,
      );
      return row && fromJson<MetadataState>(row.state);
    },
  };
}

export function metadataStateWriter({ tenant, sql: db }: Scope): MetadataStateWriter {
  return {
    async keepMetadataState(connection, state) {
      if (state === undefined) {
        await db.run(sql`delete from metadata_states where tenant_id = ${tenant} and connection_id = ${connection}`);
        return;
      }
      await db.run(
        sql`insert into metadata_states (tenant_id, connection_id, state)
          values (${bigint(tenant)}, ${text(connection)}, ${text(toJson(state))})
          on conflict (tenant_id, connection_id) do update set state = excluded.state`,
      );
    },
  };
}
