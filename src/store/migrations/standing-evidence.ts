import type { Migration } from "./migration.js";

const OF_CONNECTION = "r.tenant_id = connections.tenant_id and r.connection_id = connections.id";

/** Whether a connection was made with sync live, and when each was last switched to it. */
const MADE_LIVE = `exists (select 1 from audit_entries a where a.tenant_id = connections.tenant_id
  and a.action = 'connection.created' and cast(a.detail as text) like '%"sync":"live"%'
  and cast(a.detail as text) like '%"slug":"' || connections.slug || '"%')`;
const WENT_LIVE = `(select max(r.number) from runs r where ${OF_CONNECTION} and r.trigger_kind = 'go_live')`;

/**
 * Since when nobody said who is in a group whose connection left groups unmanaged for a time. And when connections last ceased
 * to be live before that was written down: what they had taken over by then never counts again. Who never was live has no such end.
 */
export const STANDING_EVIDENCE: Migration = {
  name: "0027-standing-evidence",
  statements: ({ columns: { int } }) => [
    `alter table directory_groups add column unconfirmed_since ${int}`,

    `update connections set live_until = (select min(r.created_at) from runs r where ${OF_CONNECTION}
        and r.trigger_kind in ('disable', 'convert') and r.number > coalesce(${WENT_LIVE}, 0))
      where live_until is null and protocol <> 'local' and (sync <> 'live' or disabled_at is not null)
        and (${WENT_LIVE} is not null or ${MADE_LIVE})`,
  ],
};
