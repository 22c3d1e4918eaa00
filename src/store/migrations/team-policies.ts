import type { Migration } from "./migration.js";

/** Whether admins may give by hand: the tenant's default, and what a team has instead (null: the default). */
export const TEAM_POLICIES: Migration = {
  name: "0015-team-policies",
  statements: ({ columns: { text } }) => [
    `alter table tenants add column team_policy ${text} not null default 'idp_plus_manual'`,
    `alter table teams add column policy ${text}`,
  ],
};
