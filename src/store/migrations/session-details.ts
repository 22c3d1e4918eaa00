import type { Migration } from "./migration.js";

/** What people and admins tell sessions apart by, of sessions that open from now on, and how long a tenant lets them last. */
export const SESSION_DETAILS: Migration = {
  name: "0033-session-details",
  statements: ({ columns: { text } }) => [
    `alter table sessions add column address ${text}`,
    `alter table sessions add column browser ${text}`,
    // { idleMinutes, absoluteMinutes } as JSON
    `alter table tenants add column session_limits ${text}`,
  ],
};
