import type { Migration } from "./migration.js";

export const TENANTS_AND_CONNECTIONS: Migration = {
  name: "0001-tenants-and-connections",
  statements: ({ columns: { text, int, flag, json, tenant_key }, tableEnd: { wide, narrow } }) => [
    `create table tenants (
      id ${tenant_key},
      slug ${text} not null unique,
      name ${text} not null,
      seats ${int},
      seats_used ${int} not null default 0,
      scim ${flag} not null,
      active_version ${int} not null default 0,
      -- somebody may still be behind the active version: the worker's cheap question
      behind ${flag} not null default false,
      created_at ${int} not null
    ) ${wide}`,
    "create index tenants_behind on tenants (id) where behind",

    `create table tenant_domains (
      tenant_id ${int} not null references tenants (id),
      domain ${text} not null unique,
      primary key (tenant_id, domain)
    ) ${narrow}`,

    `create table tenant_counters (
      tenant_id ${int} not null references tenants (id),
      name ${text} not null,
      value ${int} not null,
      primary key (tenant_id, name)
    ) ${narrow}`,

    `create table connections (
      tenant_id ${int} not null references tenants (id),
      id ${text} not null,
      slug ${text} not null,
      protocol ${text} not null,
      jit ${text} not null,
      sync ${text} not null,
      sync_chosen ${flag} not null,
      group_authority ${text} not null,
      profile ${text} not null,
      priority ${int} not null,
      may_grant_owner ${flag} not null,
      allowed_domains ${json} not null,
      require_domains ${flag} not null,
      absent_groups ${text} not null,
      group_attribute ${text},
      settle_seconds ${int} not null,
      oidc ${json},
      -- encrypted by the caller
      secret ${text},
      first_group_push_at ${int},
      disabled_at ${int},
      created_at ${int} not null,
      version ${int} not null default 1,
      primary key (tenant_id, id),
      unique (tenant_id, slug)
    ) ${wide}`,

    // apart from the connection, so that counting never waits for a change of settings
    `create table connection_counters (
      tenant_id ${int} not null,
      connection_id ${text} not null,
      live_users ${int} not null default 0,
      live_groups ${int} not null default 0,
      registered_synced ${int} not null default 0,
      groups_version ${int} not null default 0,
      primary key (tenant_id, connection_id),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${narrow}`,

    `create table scim_tokens (
      tenant_id ${int} not null,
      id ${text} not null,
      connection_id ${text} not null,
      name ${text} not null,
      hash ${text} not null unique,
      created_at ${int} not null,
      expires_at ${int},
      last_used_at ${int},
      last_used_from ${text},
      revoked_at ${int},
      primary key (tenant_id, id),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${narrow}`,

    `create table api_keys (
      tenant_id ${int} not null references tenants (id),
      id ${text} not null,
      name ${text} not null,
      hash ${text} not null unique,
      scopes ${json} not null,
      created_at ${int} not null,
      revoked_at ${int},
      primary key (tenant_id, id)
    ) ${narrow}`,
  ],
};
