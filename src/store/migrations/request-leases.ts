import type { Migration } from "./migration.js";

/** Until then the worker leaves a mark to the request that made it. */
export const REQUEST_LEASES: Migration = {
  name: "0022-request-leases",
  statements: ({ columns: { int } }) => [`alter table users add column leased_until ${int} not null default 0`],
};
