import type { Migration } from "./migration.js";

export const SAML_CONNECTIONS: Migration = {
  name: "0006-saml-connections",
  statements: ({ columns: { json } }) => [`alter table connections add column saml ${json}`],
};
