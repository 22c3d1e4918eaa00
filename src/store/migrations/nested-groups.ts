import type { Migration } from "./migration.js";

/** `nested_count` counts the groups inside a group; `member_count` goes on counting people alone. */
export const NESTED_GROUPS: Migration = {
  name: "0019-nested-groups",
  statements: ({ columns: { text, int }, tableEnd: { narrow } }) => [
    `alter table directory_groups add column nested_count ${int} not null default 0`,
    `create table directory_nestings (
      tenant_id ${int} not null,
      group_id ${text} not null,
      nested_id ${text} not null,
      primary key (tenant_id, group_id, nested_id),
      foreign key (tenant_id, group_id) references directory_groups (tenant_id, id),
      foreign key (tenant_id, nested_id) references directory_groups (tenant_id, id)
    ) ${narrow}`,
    `create index directory_nestings_of_nested on directory_nestings (tenant_id, nested_id, group_id)`,
  ],
};
