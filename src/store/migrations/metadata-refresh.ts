import type { Migration } from "./migration.js";

/** Metadata that came from an address is asked for again from now on, and certificates that end are told of. */
export const METADATA_REFRESH: Migration = {
  name: "0035-metadata-refresh",
  statements: ({ columns: { int, text }, tableEnd: { wide } }) => [
    `create table metadata_states (
      tenant_id ${int} not null,
      connection_id ${text} not null,
      state ${text} not null,
      primary key (tenant_id, connection_id),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${wide}`,
    `insert into wakeups (tenant_id, kind, ref, at)
      select tenant_id, 'metadata', id, 0 from connections
      where saml is not null and disabled_at is null and cast(saml as text) like '%"metadataUrl"%'`,
    `insert into wakeups (tenant_id, kind, ref, at)
      select tenant_id, 'certificates', id || ':0', 0 from connections where saml is not null and disabled_at is null`,
  ],
};
