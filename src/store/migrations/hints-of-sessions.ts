import type { Migration } from "./migration.js";

/** Which sessions keep something sealed: few of all, looked through each minute for those that have ended. */
export const HINTS_OF_SESSIONS: Migration = {
  name: "0048-hints-of-sessions",
  statements: () => ["create index sessions_with_hint on sessions (tenant_id, id) where sealed_hint is not null"],
};
