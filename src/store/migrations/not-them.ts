import type { Migration } from "./migration.js";

/** That an admin said of a subject that it is somebody else than whom it met: true for good, also when a rename lets nobody in any more. */
export const NOT_THEM: Migration = {
  name: "0038-not-them",
  statements: ({ columns: { flag } }) => [
    `alter table kept_out add column not_them ${flag} not null default false`,
    "update kept_out set not_them = true where let_in",
  ],
};
