import type { Migration } from "./migration.js";

/**
 * What grants were given by before it was something else. Since when present evidence stands is known of grants that are
 * opened or refreshed from here on: of older rows it stays null.
 */
export const FORMER_EVIDENCE: Migration = {
  name: "0012-former-evidence",
  statements: ({ columns: { text, int, json }, tableEnd: { narrow } }) => [
    `alter table grants add column evidence_from ${int}`,

    `create table former_evidence (
      tenant_id ${int} not null,
      grant_id ${text} not null,
      from_at ${int},
      until_at ${int} not null,
      evidence ${json} not null,
      primary key (tenant_id, grant_id, until_at),
      foreign key (tenant_id, grant_id) references grants (tenant_id, id)
    ) ${narrow}`,
  ],
};
