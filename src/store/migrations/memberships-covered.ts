import type { Migration } from "./migration.js";

/** Whoever asks for somebody's groups asks since when, too: the index says both, so that no row is looked up for each group. */
export const MEMBERSHIPS_COVERED: Migration = {
  name: "0046-memberships-covered",
  statements: () => [
    "drop index directory_memberships_of_user",
    `create index directory_memberships_of_user on directory_memberships
      (tenant_id, directory_user_id, group_id, created_at)`,
  ],
};
