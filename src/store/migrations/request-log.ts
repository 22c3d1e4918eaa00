import type { Migration } from "./migration.js";

export const REQUEST_LOG: Migration = {
  name: "0020-request-log",
  statements: ({ columns: { text, int, json }, tableEnd: { wide, narrow } }) => [
    // quirks: names, each between commas
    `create table scim_requests (
      tenant_id ${int} not null,
      id ${text} not null,
      connection_id ${text} not null,
      at ${int} not null,
      method ${text} not null,
      status ${int} not null,
      quirks ${text} not null,
      client ${text} not null,
      request_id ${text} not null,
      resource_id ${text},
      token_id ${text},
      alike ${int} not null default 0,
      alike_until ${int},
      expires_at ${int} not null,
      detail ${json} not null,
      primary key (tenant_id, id),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${wide}`,
    "create index scim_requests_of_connection on scim_requests (tenant_id, connection_id, id)",
    "create index scim_requests_expiring on scim_requests (expires_at)",

    `create table scim_sightings (
      tenant_id ${int} not null,
      connection_id ${text} not null,
      kind ${text} not null,
      name ${text} not null,
      count ${int} not null,
      first_at ${int} not null,
      last_at ${int} not null,
      expires_at ${int} not null,
      primary key (tenant_id, connection_id, kind, name),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${narrow}`,
    "create index scim_sightings_expiring on scim_sightings (expires_at)",
  ],
};
