import type { Migration } from "./migration.js";

export const ACCESS_LEDGER: Migration = {
  name: "0002-access-ledger",
  statements: ({ columns: { text, int, flag, real, json }, tableEnd: { wide, narrow } }) => [
    `create table users (
      tenant_id ${int} not null references tenants (id),
      id ${text} not null,
      user_name ${text} not null,
      user_name_folded ${text} not null,
      email ${text},
      email_folded ${text},
      display_name ${text},
      -- userName, e-mail and display name, folded: what an admin's search looks into
      search_text ${text} not null,
      status ${text} not null,
      deactivated_by ${text},
      ever_registered ${flag} not null default false,
      facts_version ${int} not null default 0,
      reconciled_version ${int} not null default 0,
      -- facts changed since the last reconcile; they are looked at from not_before on, which a claim moves
      dirty ${flag} not null default false,
      dirty_cause ${text},
      attempts ${int} not null default 0,
      not_before ${int} not null default 0,
      session_epoch ${int} not null default 0,
      -- counted in the tenant's seats_used
      seat ${flag} not null default false,
      created_at ${int} not null,
      primary key (tenant_id, id)
    ) ${wide}`,
    "create index users_behind on users (tenant_id, reconciled_version, id)",
    "create index users_dirty on users (tenant_id, not_before, id) where dirty",
    "create index users_by_name on users (tenant_id, user_name_folded)",
    "create index users_by_email on users (tenant_id, email_folded)",

    `create table teams (
      tenant_id ${int} not null references tenants (id),
      id ${text} not null,
      name ${text} not null,
      created_at ${int} not null,
      primary key (tenant_id, id),
      unique (tenant_id, name)
    ) ${narrow}`,

    // names that a team had before
    `create table team_aliases (
      tenant_id ${int} not null,
      alias ${text} not null,
      team_id ${text} not null,
      primary key (tenant_id, alias),
      foreign key (tenant_id, team_id) references teams (tenant_id, id)
    ) ${narrow}`,

    `create table roles (
      tenant_id ${int} not null references tenants (id),
      name ${text} not null,
      privileged ${flag} not null,
      primary key (tenant_id, name)
    ) ${narrow}`,

    // closed grants stay: they are the history. A team's scope is its id; other scopes are written out
    `create table grants (
      tenant_id ${int} not null,
      id ${text} not null,
      user_id ${text} not null,
      team_id ${text},
      scope ${text} not null,
      role ${text} not null,
      origin ${text} not null,
      connection_id ${text},
      rule ${text},
      mapping_version ${int},
      evidence ${json} not null,
      since ${int} not null,
      expires_at ${int},
      given_by ${text},
      reason ${text},
      ended_at ${int},
      end_reason ${text},
      primary key (tenant_id, id),
      foreign key (tenant_id, user_id) references users (tenant_id, id),
      foreign key (tenant_id, team_id) references teams (tenant_id, id),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${wide}`,
    `create unique index grants_open on grants
      (tenant_id, user_id, scope, role, origin, coalesce(team_id, ''), coalesce(connection_id, ''), coalesce(rule, ''))
      where ended_at is null`,
    "create index grants_of_user on grants (tenant_id, user_id, id)",
    `create index grants_of_connection on grants (tenant_id, connection_id, user_id)
      where ended_at is null and connection_id is not null`,
    "create index grants_of_target on grants (tenant_id, scope, role, user_id) where ended_at is null",
    // closed grants too: SQLite asks it for every team that is made in bulk
    "create index grants_of_team on grants (tenant_id, team_id, user_id) where team_id is not null",

    `create table brake_buckets (
      tenant_id ${int} not null,
      connection_id ${text} not null,
      kind ${text} not null,
      tokens ${real} not null,
      updated_at ${int} not null,
      primary key (tenant_id, connection_id, kind),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${narrow}`,

    // what the worker is to look at when its time has come
    `create table wakeups (
      tenant_id ${int} not null references tenants (id),
      kind ${text} not null,
      ref ${text} not null,
      at ${int} not null,
      primary key (tenant_id, kind, ref)
    ) ${narrow}`,
    "create index wakeups_due on wakeups (tenant_id, at)",

    `create table expectations (
      tenant_id ${int} not null,
      connection_id ${text} not null,
      uses_left ${int} not null,
      until_at ${int} not null,
      primary key (tenant_id, connection_id),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${narrow}`,
  ],
};
