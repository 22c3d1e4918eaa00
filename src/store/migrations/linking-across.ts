import type { Migration } from "./migration.js";

/**
 * Linking across connections: which e-mail a connection's pushes and sign-ins last said of a person, which ones it said before, and where an admin said
 * that somebody is somebody else. What was stored before says nothing; connections that were there before take no part.
 */
export const LINKING_ACROSS: Migration = {
  name: "0041-linking-across",
  statements: ({ columns: { text, int }, tableEnd: { narrow } }) => [
    `alter table connections add column link_across ${text} not null default 'off'`,
    `alter table directory_users add column pushed_email ${text}`,
    `alter table directory_users add column signed_in_email ${text}`,
    `create index directory_users_by_pushed_email on directory_users (tenant_id, pushed_email)
      where pushed_email is not null`,
    `create index directory_users_by_signed_in_email on directory_users (tenant_id, signed_in_email)
      where signed_in_email is not null`,
    `create table former_emails (
      tenant_id ${int} not null,
      directory_user_id ${text} not null,
      email ${text} not null,
      primary key (tenant_id, directory_user_id, email),
      foreign key (tenant_id, directory_user_id) references directory_users (tenant_id, id)
    ) ${narrow}`,
    "create index former_emails_by_email on former_emails (tenant_id, email)",
    `create table told_apart (
      tenant_id ${int} not null,
      connection_id ${text} not null,
      name ${text} not null,
      user_id ${text} not null,
      primary key (tenant_id, connection_id, name, user_id),
      foreign key (tenant_id, user_id) references users (tenant_id, id)
    ) ${narrow}`,
    "create index told_apart_of_user on told_apart (tenant_id, user_id)",
    // by which domain a link across connections was made
    `alter table identity_links add column email_domain ${text}`,
  ],
};
