import type { Migration } from "./migration.js";

/** When a connection last ceased to be live: what it had taken over by then never counts again. */
export const END_OF_LIVE_SYNC: Migration = {
  name: "0025-end-of-live-sync",
  statements: ({ columns: { int } }) => [`alter table connections add column live_until ${int}`],
};
