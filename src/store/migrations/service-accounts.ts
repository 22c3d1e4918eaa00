import type { Migration } from "./migration.js";

/** Accounts that are nobody's, and tokens that are theirs. */
export const SERVICE_ACCOUNTS: Migration = {
  name: "0017-service-accounts",
  statements: ({ columns: { text, int, flag, json, document }, tableEnd: { wide } }) => [
    `alter table users add column kind ${text} not null default 'person'`,
    // the service account that a token is of, and the epoch that it had: a token ends with the account, for good
    `alter table scim_tokens add column user_id ${text}`,
    `alter table scim_tokens add column epoch ${int}`,

    // id: of the empty, ended row in directory_users to which the account is linked: no sign-in and no pushed user ever finds
    // that one. removed_at: admins took it out of their lists
    `create table service_accounts (
      tenant_id ${int} not null,
      id ${text} not null,
      connection_id ${text} not null,
      user_id ${text} not null,
      user_name ${text} not null,
      user_name_folded ${text} not null,
      display_name ${text} not null,
      description ${text},
      external_id ${text},
      owner_id ${text},
      active ${flag} not null,
      expires_at ${int},
      scim_resource ${json},
      scim_search ${document},
      scim_roles ${json},
      version ${int} not null,
      created_at ${int} not null,
      modified_at ${int} not null,
      deleted_at ${int},
      removed_at ${int},
      primary key (tenant_id, id),
      unique (tenant_id, user_id),
      foreign key (tenant_id, id) references directory_users (tenant_id, id),
      foreign key (tenant_id, user_id) references users (tenant_id, id),
      foreign key (tenant_id, owner_id) references users (tenant_id, id),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${wide}`,
    `create unique index service_accounts_by_name on service_accounts (tenant_id, connection_id, user_name_folded)
      where deleted_at is null`,
    `create index service_accounts_listed on service_accounts (tenant_id, connection_id, id)
      where deleted_at is null and scim_resource is not null`,
    `create index service_accounts_owned on service_accounts (tenant_id, owner_id) where owner_id is not null`,
  ],
};
