import type { Migration } from "./migration.js";

export const CUSTOM_RESOURCES: Migration = {
  name: "0021-custom-resources",
  statements: ({ columns: { text, int, json, document }, tableEnd: { wide, narrow } }) => [
    // resources of types that the operator defines; what is deleted is gone
    `create table custom_resources (
      tenant_id ${int} not null,
      id ${text} not null,
      connection_id ${text} not null,
      type ${text} not null,
      resource ${json} not null,
      search ${document} not null,
      version ${int} not null,
      created_at ${int} not null,
      modified_at ${int} not null,
      primary key (tenant_id, id),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${wide}`,
    "create index custom_resources_listed on custom_resources (tenant_id, connection_id, type, id)",

    // values that only one resource may have; scope: the connection, or nothing where it is the tenant
    `create table unique_values (
      tenant_id ${int} not null,
      scope ${text} not null,
      attribute ${text} not null,
      value ${text} not null,
      resource_id ${text} not null,
      primary key (tenant_id, scope, attribute, value)
    ) ${narrow}`,
    "create index unique_values_of_resource on unique_values (tenant_id, resource_id)",
  ],
};
