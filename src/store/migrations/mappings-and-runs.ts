import type { Migration } from "./migration.js";

export const MAPPINGS_AND_RUNS: Migration = {
  name: "0004-mappings-and-runs",
  statements: ({ columns: { text, int, flag, json }, tableEnd: { wide, narrow } }) => [
    // text as it was sent
    `create table mapping_versions (
      tenant_id ${int} not null references tenants (id),
      version ${int} not null,
      document ${text} not null,
      author ${text} not null,
      note ${text},
      restores ${int},
      created_at ${int} not null,
      primary key (tenant_id, version)
    ) ${wide}`,

    `create table plans (
      tenant_id ${int} not null references tenants (id),
      id ${text} not null,
      kind ${text} not null,
      subject ${text} not null,
      digest ${text} not null,
      summary ${json} not null,
      created_at ${int} not null,
      expires_at ${int} not null,
      primary key (tenant_id, id)
    ) ${wide}`,
    "create index plans_by_digest on plans (tenant_id, kind, subject, digest, id)",
    "create index plans_expiring on plans (expires_at)",

    // lines of a plan in pages, so that a large plan is few rows
    `create table plan_pages (
      tenant_id ${int} not null,
      plan_id ${text} not null,
      page ${int} not null,
      lines ${json} not null,
      primary key (tenant_id, plan_id, page),
      foreign key (tenant_id, plan_id) references plans (tenant_id, id) on delete cascade
    ) ${wide}`,

    `create table runs (
      tenant_id ${int} not null references tenants (id),
      number ${int} not null,
      trigger_kind ${text} not null,
      status ${text} not null,
      connection_id ${text},
      mapping_version ${int},
      digest ${text},
      plan_id ${text},
      include_frozen ${flag} not null default false,
      total ${int} not null,
      done ${int} not null default 0,
      counts ${json} not null,
      error ${text},
      held_seq ${int} not null default 0,
      leased_until ${int} not null default 0,
      created_at ${int} not null,
      started_at ${int},
      finished_at ${int},
      primary key (tenant_id, number),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${wide}`,
    `create unique index runs_held on runs (tenant_id, connection_id) where status = 'held'`,
    `create index runs_of_mapping on runs (tenant_id, mapping_version, number) where mapping_version is not null`,
    `create index runs_open on runs (tenant_id, number) where status in ('queued', 'running')`,

    `create table held_people (
      tenant_id ${int} not null,
      user_id ${text} not null,
      run_number ${int} not null,
      seq ${int} not null,
      status ${text} not null,
      facts_version ${int} not null,
      reason ${text} not null,
      detail ${text} not null,
      losses ${json} not null,
      held_at ${int} not null,
      primary key (tenant_id, user_id),
      foreign key (tenant_id, user_id) references users (tenant_id, id),
      foreign key (tenant_id, run_number) references runs (tenant_id, number)
    ) ${narrow}`,
    "create index held_people_of_run on held_people (tenant_id, run_number, seq)",
  ],
};
