import type { Migration } from "./migration.js";

/** When somebody's personal data was removed: the row stays, so that what they held still adds up. */
export const ERASED_USERS: Migration = {
  name: "0014-erased-users",
  statements: ({ columns: { int } }) => [`alter table users add column erased_at ${int}`],
};
