/** Who must be reconciled: marks of changed facts, and people whom a newer mapping has not reached. */
import type { ConnectionId, Instant, UserId } from "../model/ids.js";
import type { AccessWriter } from "../provisioning/ports/access.js";
import type { Scope } from "./scope.js";
import { type Fragment, sql } from "./sql.js";
import { toMillis } from "./values.js";

type MarkWriter = Pick<
  AccessWriter,
  "markDirty" | "markConnection" | "markEverybody" | "claimMarks" | "claimBehind" | "delayMarks"
>;

/** `who` is a subquery of user ids. Rows are locked in id order, as `lockPeople` does. */
function mark({ tenant, sql: db, dialect }: Scope, who: Fragment, cause: string, now: Instant): Promise<number> {
  const ordered = sql`select u.id from users u where u.tenant_id = ${tenant} and u.id in ${who} order by u.id`;
  return db.run(
    sql`update users set facts_version = facts_version + 1, dirty = true, dirty_cause = ${cause}, attempts = 0,
        not_before = ${toMillis(now)}
      where tenant_id = ${tenant} and id in ${dialect.name === "sqlite" ? who : sql`(${ordered}${dialect.lock("u")})`}`,
  );
}

/** Marks everybody who is held for want of a seat. */
export async function markSeatless(scope: Scope, now: Instant): Promise<void> {
  const held = sql`(select h.user_id from held_people h where h.tenant_id = ${scope.tenant} and h.reason = 'no_seat')`;
  await mark(scope, held, "seats", now);
}

export function markWriter(scope: Scope): MarkWriter {
  const { tenant, sql: db, dialect } = scope;
  /** Takes people who are due, and puts them off meanwhile. */
  const claim = async (due: Fragment, until: Instant): Promise<readonly UserId[]> => {
    const rows = await db.all<{ readonly id: string }>(
      sql`with due as materialized (${due}${dialect.lockFree}) update users set not_before = ${toMillis(until)}
        where tenant_id = ${tenant} and id in (select id from due) returning id`,
    );
    return rows.map((row) => row.id as UserId).sort();
  };
  return {
    async markDirty(users, cause, now) {
      if (users.length > 0) await mark(scope, dialect.list(users), cause, now);
    },
    markConnection: (connection: ConnectionId, cause, now) =>
      mark(
        scope,
        sql`(select l.user_id from identity_links l
          where l.tenant_id = ${tenant} and l.connection_id = ${connection} and l.ended_at is null)`,
        cause,
        now,
      ),
    markEverybody: (cause, now) => mark(scope, sql`(select id from users where tenant_id = ${tenant})`, cause, now),
    claimMarks: (now, until, limit) =>
      claim(
        sql`select id from users where tenant_id = ${tenant} and dirty and not_before <= ${toMillis(now)}
          order by not_before, id limit ${limit}`,
        until,
      ),
    async claimBehind(version, now, until, limit) {
      const claimed = await claim(
        sql`select id from users
          where tenant_id = ${tenant} and reconciled_version < ${version} and not_before <= ${toMillis(now)}
          order by reconciled_version, id limit ${limit}`,
        until,
      );
      if (claimed.length === 0) {
        // nobody is behind, not even under a claim: the worker need not ask this tenant again
        await db.run(
          sql`update tenants set behind = false where id = ${tenant} and behind and active_version = ${version}
            and not exists (select 1 from users u where u.tenant_id = ${tenant} and u.reconciled_version < ${version})`,
        );
      }
      return claimed;
    },
    async delayMarks(users, until) {
      if (users.length === 0) return;
      await db.run(
        sql`update users set not_before = ${toMillis(until)}, attempts = attempts + 1
          where tenant_id = ${tenant} and id in ${dialect.list(users)}`,
      );
    },
  };
}
