import type { Migration } from "./migration.js";

/** Key pairs of connections: what we sign with and what is encrypted for us. */
export const CONNECTION_KEYS: Migration = {
  name: "0030-connection-keys",
  statements: ({ columns: { text, int } }) => [
    // certificate: DER in base64; sealed_key: PKCS 8, encrypted for this row alone
    `create table connection_keys (
      tenant_id ${int} not null,
      id ${text} not null,
      connection_id ${text} not null,
      key_use ${text} not null,
      algorithm ${text} not null,
      certificate ${text} not null,
      sealed_key ${text} not null,
      state ${text} not null,
      created_at ${int} not null,
      activated_at ${int},
      retiring_since ${int},
      primary key (tenant_id, id),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    )`,
    `create unique index connection_keys_active on connection_keys (tenant_id, connection_id, key_use)
      where state = 'active'`,
    `create unique index connection_keys_next on connection_keys (tenant_id, connection_id, key_use)
      where state = 'next'`,
    "create index connection_keys_of on connection_keys (tenant_id, connection_id, id)",
  ],
};
