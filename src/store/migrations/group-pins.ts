import type { Migration } from "./migration.js";

export const GROUP_PINS: Migration = {
  name: "0007-group-pins",
  statements: ({ columns: { text, int, flag, json }, tableEnd: { narrow } }) => [
    // names that the active mapping uses at a connection; vacated: the group that held the name was deleted
    `create table pinned_names (
      tenant_id ${int} not null,
      connection_id ${text} not null,
      name ${text} not null,
      vacated ${flag} not null default false,
      primary key (tenant_id, connection_id, name),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${narrow}`,

    // known_as: all names that the group had when it took this one
    `create table group_pins (
      tenant_id ${int} not null,
      connection_id ${text} not null,
      name ${text} not null,
      group_id ${text} not null,
      state ${text} not null,
      known_as ${json} not null,
      since ${int} not null,
      primary key (tenant_id, connection_id, name, group_id),
      foreign key (tenant_id, connection_id, name) references pinned_names (tenant_id, connection_id, name)
        on delete cascade,
      foreign key (tenant_id, group_id) references directory_groups (tenant_id, id)
    ) ${narrow}`,
    "create index group_pins_of_group on group_pins (tenant_id, group_id)",

    // mappings that are active already: the worker pins what they name
    "insert into wakeups (tenant_id, kind, ref, at) select id, 'pins', 'mapping', 0 from tenants where active_version > 0",
  ],
};
