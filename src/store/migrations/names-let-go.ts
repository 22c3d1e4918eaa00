import type { Migration } from "./migration.js";

/** Of deleted people: whether an admin let their names go. Their subjects and lasting ids stay theirs. */
export const NAMES_LET_GO: Migration = {
  name: "0042-names-let-go",
  statements: ({ columns: { flag } }) => [
    `alter table directory_users add column names_let_go ${flag} not null default false`,
  ],
};
