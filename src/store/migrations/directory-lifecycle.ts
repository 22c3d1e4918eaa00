import type { Migration } from "./migration.js";

export const DIRECTORY_LIFECYCLE: Migration = {
  name: "0018-directory-lifecycle",
  statements: ({ columns: { text, int, json } }) => [
    `alter table connections add column manages ${json} not null default '["users","groups","serviceAccounts"]'`,
    `alter table connections add column groups_unmanaged_at ${int}`,
    `alter table connections add column adopt ${text} not null default 'verified_domain'`,
    "update connections set adopt = 'off' where protocol = 'local'",
    // what a local group was before a connection took it over: by which one, as which of its groups, and when
    `alter table directory_groups add column overwritten_by ${text}`,
    `alter table directory_groups add column adopted_as ${text}`,
    `alter table directory_groups add column overwritten_at ${int}`,
    `create index directory_groups_overwritten on directory_groups (tenant_id, overwritten_by)
      where overwritten_by is not null`,
    // somebody new of a name that was deleted is looked at by an admin
    `create index directory_users_deleted_by_name on directory_users (tenant_id, connection_id, user_name_folded)
      where deleted_at is not null`,
  ],
};
