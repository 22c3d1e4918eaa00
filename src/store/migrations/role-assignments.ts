import type { Migration } from "./migration.js";

export const ROLE_ASSIGNMENTS: Migration = {
  name: "0008-role-assignments",
  statements: ({ columns: { json } }) => [
    `alter table connections add column roles_from ${json} not null default '["users","groups"]'`,
    // what SCIM assigns: null for a document without any
    `alter table directory_users add column scim_roles ${json}`,
    `alter table directory_groups add column scim_roles ${json}`,
  ],
};
