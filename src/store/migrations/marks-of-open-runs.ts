import type { Migration } from "./migration.js";

/**
 * People who still waited at the upgrade are part of the run that asked for them; and a switch to off that gave up on somebody
 * goes on until they have left, unless another switch of the connection followed on it.
 */
export const MARKS_OF_OPEN_RUNS: Migration = {
  name: "0016-marks-of-open-runs",
  statements: () => [
    `update runs set status = 'running', error = null, finished_at = null, leased_until = 0
      where trigger_kind = 'disable' and status = 'failed'
        and exists (select 1 from users u
          where u.tenant_id = runs.tenant_id and u.mark_run = runs.number and u.dirty)
        and exists (select 1 from connections c
          where c.tenant_id = runs.tenant_id and c.id = runs.connection_id and c.sync = 'off')
        and not exists (select 1 from runs o
          where o.tenant_id = runs.tenant_id and o.connection_id = runs.connection_id and o.number > runs.number
            and o.trigger_kind in ('go_live', 'disable', 'convert'))`,
    `update users set mark_run = (select min(r.number) from runs r
        join identity_links l on l.tenant_id = r.tenant_id and l.connection_id = r.connection_id
          and l.ended_at is null
        where r.tenant_id = users.tenant_id and l.user_id = users.id and r.status in ('queued', 'running')
          and r.trigger_kind <> 'held')
      where dirty and not exists (select 1 from runs o
        where o.tenant_id = users.tenant_id and o.number = users.mark_run and o.status in ('queued', 'running'))`,
  ],
};
