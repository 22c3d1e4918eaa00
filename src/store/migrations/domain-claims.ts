import type { Migration } from "./migration.js";

/** Domains that tenants prove by the DNS. */
export const DOMAIN_CLAIMS: Migration = {
  name: "0034-domain-claims",
  statements: ({ columns: { text, int } }) => [
    `create table domain_claims (
      tenant_id ${int} not null references tenants (id),
      domain ${text} not null,
      token ${text} not null,
      created_at ${int} not null,
      proved_at ${int},
      checked_at ${int},
      missing_since ${int},
      problem ${text},
      primary key (tenant_id, domain)
    )`,
    `alter table tenant_domains add column lapsed_at ${int}`,
  ],
};
