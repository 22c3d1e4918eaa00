import type { Migration } from "./migration.js";

/** Journals refer to nobody by key: they outlive what they speak of. */
export const JOURNAL_AND_SIGN_INS: Migration = {
  name: "0005-journal-and-sign-ins",
  statements: ({ columns: { text, int, json }, tableEnd: { wide, narrow } }) => [
    `create table audit_entries (
      tenant_id ${int} not null references tenants (id),
      id ${text} not null,
      at ${int} not null,
      actor_kind ${text} not null,
      actor_id ${text},
      actor_label ${text},
      door ${text} not null,
      action ${text} not null,
      user_id ${text},
      run_number ${int},
      request_id ${text},
      detail ${json} not null,
      primary key (tenant_id, id)
    ) ${wide}`,
    "create index audit_entries_of_user on audit_entries (tenant_id, user_id, id) where user_id is not null",
    "create index audit_entries_by_action on audit_entries (tenant_id, action, id)",

    `create table outbox_events (
      tenant_id ${int} not null references tenants (id),
      id ${text} not null,
      type ${text} not null,
      user_id ${text},
      data ${json} not null,
      created_at ${int} not null,
      -- its place in the feed, once published
      position ${int},
      leased_until ${int} not null default 0,
      primary key (tenant_id, id)
    ) ${wide}`,
    "create unique index outbox_events_published on outbox_events (tenant_id, position) where position is not null",
    "create index outbox_events_waiting on outbox_events (tenant_id, id) where position is null",

    `create table pending_logins (
      tenant_id ${int} not null,
      state_hash ${text} not null,
      connection_id ${text} not null,
      browser_hash ${text} not null,
      nonce ${text} not null,
      verifier ${text} not null,
      return_to ${text},
      expires_at ${int} not null,
      primary key (tenant_id, state_hash),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${narrow}`,
    "create index pending_logins_expiring on pending_logins (expires_at)",

    `create table sessions (
      tenant_id ${int} not null,
      id ${text} not null,
      hash ${text} not null unique,
      user_id ${text} not null,
      connection_id ${text} not null,
      subject ${text} not null,
      idp_session ${text},
      epoch ${int} not null,
      created_at ${int} not null,
      last_seen_at ${int} not null,
      expires_at ${int} not null,
      ended_at ${int},
      primary key (tenant_id, id),
      foreign key (tenant_id, user_id) references users (tenant_id, id),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${wide}`,
    "create index sessions_of_user on sessions (tenant_id, user_id) where ended_at is null",
    "create index sessions_by_subject on sessions (tenant_id, connection_id, subject) where ended_at is null",
    `create index sessions_by_idp_session on sessions (tenant_id, connection_id, idp_session)
      where ended_at is null and idp_session is not null`,
    "create index sessions_expiring on sessions (expires_at)",
    "create index sessions_ended on sessions (ended_at) where ended_at is not null",

    `create table one_time_ids (
      tenant_id ${int} not null,
      connection_id ${text} not null,
      id ${text} not null,
      expires_at ${int} not null,
      primary key (tenant_id, connection_id, id),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${narrow}`,
    "create index one_time_ids_expiring on one_time_ids (expires_at)",

    `create table sign_in_traces (
      tenant_id ${int} not null,
      reference ${text} not null,
      connection_id ${text} not null,
      at ${int} not null,
      outcome ${text} not null,
      user_id ${text},
      detail ${json} not null,
      primary key (tenant_id, reference),
      foreign key (tenant_id, connection_id) references connections (tenant_id, id)
    ) ${wide}`,
    "create index sign_in_traces_aging on sign_in_traces (at)",
  ],
};
