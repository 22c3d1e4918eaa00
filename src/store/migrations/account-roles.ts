import type { Migration } from "./migration.js";

/** Connections of before there were service accounts manage them, and take their roles with them, as new ones do. */
export const ACCOUNT_ROLES: Migration = {
  name: "0026-account-roles",
  statements: () => [
    `update connections set roles_from = '["users","groups","serviceAccounts"]'
      where protocol <> 'local' and cast(roles_from as text) = '["users","groups"]'`,
  ],
};
