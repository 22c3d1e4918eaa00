import type { Migration } from "./migration.js";

export const DIRECTORY_LEDGER: Migration = {
  name: "0003-directory-ledger",
  statements: ({ columns: { text, int, flag, json, document }, tableEnd: { wide, narrow } }) => [
    // two documents per row: what SCIM pushed and what claims asserted
    `create table directory_users (
      tenant_id ${int} not null,
      id ${text} not null,
      connection_id ${text} not null,
      user_name ${text} not null,
      user_name_folded ${text} not null,
      user_name_ascii ${text} not null,
      external_id ${text},
      subject ${text},
      display_name ${text},
      scim_resource ${json},
      scim_search ${document},
      scim_attributes ${json},
      scim_app_roles ${json},
      scim_active ${flag},
      scim_created_at ${int},
      scim_version ${int} not null default 0,
      version ${int} not null,
      claims ${json},
      claims_version ${int} not null default 0,
      created_at ${int} not null,
      modified_at ${int} not null,
      deleted_at ${int},
      primary key (tenant_id, id),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${wide}`,
    `create unique index directory_users_by_name on directory_users (tenant_id, connection_id, user_name_folded)
      where deleted_at is null and scim_resource is not null`,
    `create unique index directory_users_by_subject on directory_users (tenant_id, connection_id, subject)
      where deleted_at is null and subject is not null`,
    `create index directory_users_deleted_by_subject on directory_users (tenant_id, connection_id, subject)
      where deleted_at is not null and subject is not null`,
    // covers the walk over a list's pages
    `create index directory_users_listed on directory_users (tenant_id, connection_id, id)
      where deleted_at is null and scim_resource is not null`,
    `create index directory_users_by_external_id on directory_users (tenant_id, connection_id, external_id)
      where external_id is not null`,
    `create index directory_users_by_ascii_name on directory_users (tenant_id, connection_id, user_name_ascii)
      where deleted_at is null`,

    `create table identity_links (
      tenant_id ${int} not null,
      id ${text} not null,
      directory_user_id ${text} not null,
      user_id ${text} not null,
      connection_id ${text} not null,
      linked_by ${text} not null,
      linked_at ${int} not null,
      ended_at ${int},
      primary key (tenant_id, id),
      foreign key (tenant_id, directory_user_id) references directory_users (tenant_id, id),
      foreign key (tenant_id, user_id) references users (tenant_id, id),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${narrow}`,
    `create unique index identity_links_of_row on identity_links (tenant_id, directory_user_id)
      where ended_at is null`,
    `create index identity_links_of_user on identity_links (tenant_id, user_id, directory_user_id)
      where ended_at is null`,
    `create index identity_links_of_connection on identity_links (tenant_id, connection_id, user_id)
      where ended_at is null`,

    `create table directory_groups (
      tenant_id ${int} not null,
      id ${text} not null,
      connection_id ${text} not null,
      display_name ${text} not null,
      display_name_folded ${text} not null,
      external_id ${text},
      idp_mapping_names ${json} not null,
      resource ${json} not null,
      search ${document} not null,
      version ${int} not null,
      member_count ${int} not null default 0,
      first_membership_at ${int},
      -- how many writes brought members
      fills ${int} not null default 0,
      created_at ${int} not null,
      modified_at ${int} not null,
      deleted_at ${int},
      primary key (tenant_id, id),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${wide}`,
    `create index directory_groups_listed on directory_groups (tenant_id, connection_id, id)
      where deleted_at is null`,
    `create index directory_groups_by_name on directory_groups (tenant_id, connection_id, display_name_folded)
      where deleted_at is null`,
    `create index directory_groups_by_external_id on directory_groups (tenant_id, connection_id, external_id)
      where deleted_at is null and external_id is not null`,

    // place: the member's position in the write that brought it, for the order of joining
    `create table directory_memberships (
      tenant_id ${int} not null,
      group_id ${text} not null,
      directory_user_id ${text} not null,
      created_at ${int} not null,
      place ${int} not null,
      primary key (tenant_id, group_id, directory_user_id),
      foreign key (tenant_id, group_id) references directory_groups (tenant_id, id),
      foreign key (tenant_id, directory_user_id) references directory_users (tenant_id, id)
    ) ${narrow}`,
    `create index directory_memberships_of_user on directory_memberships (tenant_id, directory_user_id, group_id)`,

    `create table review_items (
      tenant_id ${int} not null,
      id ${text} not null,
      kind ${text} not null,
      connection_id ${text} not null,
      detail ${json} not null,
      created_at ${int} not null,
      closed_at ${int},
      primary key (tenant_id, id),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${wide}`,
    "create index review_items_open on review_items (tenant_id, connection_id, kind) where closed_at is null",
  ],
};
