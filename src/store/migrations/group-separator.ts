import type { Migration } from "./migration.js";

export const GROUP_SEPARATOR: Migration = {
  name: "0009-group-separator",
  statements: () => ["alter table connections add column group_separator text"],
};
