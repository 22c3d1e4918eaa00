import type { Migration } from "./migration.js";

/** Filled person by person as they sign in, are pushed or meet a saved mapping: no row is touched here. */
export const SHOWN_PROFILE: Migration = {
  name: "0010-shown-profile",
  statements: ({ columns: { text } }) => [
    `alter table users add column given_name ${text}`,
    `alter table users add column family_name ${text}`,
    `alter table users add column photo ${text}`,
  ],
};
