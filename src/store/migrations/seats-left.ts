import type { Migration } from "./migration.js";

/** Seats that were kept for people who came to nothing: whoever has one without an account is looked at again, and seats are counted. */
export const SEATS_LEFT: Migration = {
  name: "0045-seats-left",
  statements: () => [
    `update users set facts_version = facts_version + 1, dirty = true, dirty_cause = 'seats', attempts = 0, not_before = 0
      where seat and status <> 'registered' and not dirty`,
    "update tenants set seats_used = (select count(*) from users u where u.tenant_id = tenants.id and u.seat)",
  ],
};
