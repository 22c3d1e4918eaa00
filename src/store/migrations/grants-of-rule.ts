import type { Migration } from "./migration.js";

/** When a rule last gave something: its open grants stand together, and its closed ones in the order of their end. */
export const GRANTS_OF_RULE: Migration = {
  name: "0011-grants-of-rule",
  statements: () => ["create index grants_of_rule on grants (tenant_id, rule, ended_at) where origin = 'rule'"],
};
