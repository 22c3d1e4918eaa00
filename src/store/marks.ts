/** Who must be reconciled: marks of changed facts, and people whom a newer mapping has not reached. */
import type { ConnectionId, Instant, UserId } from "../model/ids.js";
import type { AccessWriter } from "../provisioning/ports/access.js";
import { bigint, text } from "./dialect.js";
import type { Scope } from "./scope.js";
import { type Fragment, sql } from "./sql.js";
import { toMillis } from "./values.js";

type MarkWriter = Pick<
  AccessWriter,
  "markDirty" | "markConnection" | "markEverybody" | "claimMarks" | "claimBehind" | "delayMarks"
>;

interface IdColumns {
  readonly id: string;
}

function ids(rows: readonly IdColumns[]): readonly UserId[] {
  return rows.map((row) => row.id as UserId).sort();
}

/** `who` is a subquery of user ids. Rows are locked in id order, as `lockPeople` does. */
async function mark({ tenant, sql: db, dialect }: Scope, who: Fragment, cause: string, now: Instant): Promise<number> {
  const raised = await db.run(
    sql`update users set facts_version = facts_version + 1 where tenant_id = ${tenant} and id in
      (select u.id from users u where u.tenant_id = ${tenant} and u.id in ${who} order by u.id${dialect.lock("u")})`,
  );
  if (raised === 0) return 0;
  await db.run(
    sql`insert into dirty_marks (tenant_id, user_id, dirty_seq, not_before, cause)
      select u.tenant_id, u.id, u.facts_version, ${bigint(toMillis(now))}, ${text(cause)} from users u
      where u.tenant_id = ${tenant} and u.id in ${who}
      on conflict (tenant_id, user_id) do update set dirty_seq = excluded.dirty_seq, not_before = excluded.not_before,
        cause = excluded.cause, attempts = 0`,
  );
  return raised;
}

export function markWriter(scope: Scope): MarkWriter {
  const { tenant, sql: db, dialect } = scope;
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
    async claimMarks(now, until, limit) {
      const due = sql`select user_id from dirty_marks where tenant_id = ${tenant} and not_before <= ${toMillis(now)}
        order by not_before, user_id limit ${limit}${dialect.lockFree}`;
      const rows = await db.all<IdColumns>(
        sql`with due as materialized (${due}) update dirty_marks set not_before = ${toMillis(until)}
          where tenant_id = ${tenant} and user_id in (select user_id from due) returning user_id as id`,
      );
      return ids(rows);
    },
    async claimBehind(version, now, until, limit) {
      const behind = sql`select id from users
        where tenant_id = ${tenant} and reconciled_version < ${version} and claimed_until <= ${toMillis(now)}
        order by reconciled_version, id limit ${limit}${dialect.lockFree}`;
      const rows = await db.all<IdColumns>(
        sql`with behind as materialized (${behind}) update users set claimed_until = ${toMillis(until)}
          where tenant_id = ${tenant} and id in (select id from behind) returning id`,
      );
      if (rows.length === 0) {
        // nobody is behind, not even under a claim: the worker need not ask this tenant again
        await db.run(
          sql`update tenants set behind = false where id = ${tenant} and behind and active_version = ${version}
            and not exists (select 1 from users u where u.tenant_id = ${tenant} and u.reconciled_version < ${version})`,
        );
      }
      return ids(rows);
    },
    async delayMarks(users, until) {
      if (users.length === 0) return;
      const at = toMillis(until);
      await db.run(
        sql`update dirty_marks set not_before = ${at}, attempts = attempts + 1
          where tenant_id = ${tenant} and user_id in ${dialect.list(users)}`,
      );
      await db.run(
        sql`update users set claimed_until = ${at} where tenant_id = ${tenant} and id in ${dialect.list(users)}
          and reconciled_version < (select active_version from tenants where id = ${tenant})`,
      );
    },
  };
}
