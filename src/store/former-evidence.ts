/** Evidence of grants that is no more: kept when other facts take its place, and found by the instant. */
import type { Evidence } from "../model/grant.js";
import type { GrantId } from "../model/ids.js";
import type { AccessReader } from "../provisioning/ports/access.js";
import { bigint } from "./dialect.js";
import type { Scope } from "./scope.js";
import { type Fragment, sql } from "./sql.js";
import { fromJson, given, toInstantOrNull, toMillis } from "./values.js";

type FormerEvidenceReader = Pick<AccessReader, "evidenceAt">;

export function formerEvidenceReader({ tenant, sql: db, dialect }: Scope): FormerEvidenceReader {
  return {
    async evidenceAt(ids, at) {
      if (ids.length === 0) return new Map();
      const rows = await db.all<{ readonly id: string; readonly evidence: string; readonly from_at: number | null }>(
        sql`select g.id, coalesce(f.evidence, g.evidence) as evidence,
            case when f.grant_id is null then g.evidence_from else f.from_at end as from_at
          from grants g left join former_evidence f on f.tenant_id = g.tenant_id and f.grant_id = g.id
            and f.until_at = (select min(e.until_at) from former_evidence e
              where e.tenant_id = g.tenant_id and e.grant_id = g.id and e.until_at > ${toMillis(at)})
          where g.tenant_id = ${tenant} and g.id in ${dialect.list(ids)}`,
      );
      return new Map(
        rows.map(({ id, evidence, from_at }) => [
          id as GrantId,
          { evidence: fromJson<readonly Evidence[]>(evidence), ...given("from", toInstantOrNull(from_at)) },
        ]),
      );
    },
  };
}

/** Evidence that is kept of one grant besides what it is given by now: of every day for more than a year, where it changes daily. */
const MOST_KEPT = 400;

/** Keeps what open grants are given by until now, and forgets what is the oldest of very much. `rows`: a table `r` of their ids; twice at one instant keeps the first. */
export async function keepEvidence({ tenant, sql: db }: Scope, rows: Fragment, at: number): Promise<void> {
  await db.run(
    sql`insert into former_evidence (tenant_id, grant_id, from_at, until_at, evidence)
      select g.tenant_id, g.id, g.evidence_from, ${bigint(at)}, g.evidence
      from ${rows} as r join grants g on g.tenant_id = ${tenant} and g.id = r.id
      where g.ended_at is null and g.since < ${at} on conflict do nothing`,
  );
  await db.run(
    sql`delete from former_evidence where tenant_id = ${tenant} and grant_id in (select r.id from ${rows} as r)
      and until_at <= (select e.until_at from former_evidence e
        where e.tenant_id = former_evidence.tenant_id and e.grant_id = former_evidence.grant_id
        order by e.until_at desc limit 1 offset ${MOST_KEPT})`,
  );
}
