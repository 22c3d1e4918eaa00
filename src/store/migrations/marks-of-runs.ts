import type { Migration } from "./migration.js";

/** Which run a mark belongs to, so that whoever works it off counts for the run; and who began a run, and decided on it. */
export const MARKS_OF_RUNS: Migration = {
  name: "0013-marks-of-runs",
  statements: ({ columns: { text, int } }) => [
    `alter table users add column mark_run ${int}`,
    "create index users_of_run on users (tenant_id, mark_run) where mark_run is not null",
    `alter table runs add column started_by ${text}`,
    `alter table runs add column decided_by ${text}`,
  ],
};
