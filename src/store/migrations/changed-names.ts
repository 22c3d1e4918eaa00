import type { Migration } from "./migration.js";

/** Of pushed people who have signed in: whether a push gave them another externalId or userName since their subject was linked. */
export const CHANGED_NAMES: Migration = {
  name: "0040-changed-names",
  statements: ({ columns: { flag } }) => [
    `alter table directory_users add column id_changed ${flag} not null default false`,
    `alter table directory_users add column name_changed ${flag} not null default false`,
  ],
};
