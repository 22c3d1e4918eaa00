import type { Migration } from "./migration.js";

/**
 * Who is kept out, and by whom: names that pushed people had before, subjects that were refused or lost their sessions by somebody who is
 * switched off or deleted, and where an admin let one of these in.
 */
export const KEPT_OUT: Migration = {
  name: "0037-kept-out",
  statements: ({ columns: { text, int, flag }, tableEnd: { narrow } }) => [
    `create table former_names (
      tenant_id ${int} not null,
      directory_user_id ${text} not null,
      connection_id ${text} not null,
      kind ${text} not null,
      name ${text} not null,
      primary key (tenant_id, directory_user_id, kind, name),
      foreign key (tenant_id, directory_user_id) references directory_users (tenant_id, id)
    ) ${narrow}`,
    "create index former_names_by_name on former_names (tenant_id, connection_id, name)",
    `create table kept_out (
      tenant_id ${int} not null,
      connection_id ${text} not null,
      subject ${text} not null,
      kept_by ${text} not null,
      since_at ${int} not null,
      let_in ${flag} not null default false,
      primary key (tenant_id, connection_id, subject, kept_by),
      foreign key (tenant_id, kept_by) references directory_users (tenant_id, id)
    ) ${narrow}`,
    "create index kept_out_by_keeper on kept_out (tenant_id, kept_by)",
  ],
};
