import type { Migration } from "./migration.js";

/** What an identity provider wants to hear when a session ends here, sealed for that session alone; earlier ones have none. */
export const LOGOUT_HINTS: Migration = {
  name: "0031-logout-hints",
  statements: ({ columns: { text } }) => [`alter table sessions add column sealed_hint ${text}`],
};
