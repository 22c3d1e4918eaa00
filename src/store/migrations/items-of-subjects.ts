import type { Migration } from "./migration.js";

/** Which subject an item for review asks about, so that it is found once the subject is somebody's. Of items from before nothing is known. */
export const ITEMS_OF_SUBJECTS: Migration = {
  name: "0052-items-of-subjects",
  statements: ({ columns: { text } }) => [
    `alter table review_items add column subject ${text}`,
    `create index review_items_of_subject on review_items (tenant_id, connection_id, subject)
      where closed_at is null and subject is not null`,
  ],
};
