/** Who must be reconciled: marks of changed facts, and people whom a newer mapping has not reached. */
import { grouped } from "../model/grouped.js";
import type { ConnectionId, Instant, RunId, UserId } from "../model/ids.js";
import { OWNER } from "../model/target.js";
import type { AccessWriter } from "../provisioning/ports/access.js";
import { bigint } from "./dialect.js";
import { peopleOf } from "./people.js";
import type { Scope } from "./scope.js";
import { type Fragment, one, sql, verbatim } from "./sql.js";
import { toMillis } from "./values.js";

type MarkWriter = Pick<
  AccessWriter,
  | "markDirty"
  | "markConnection"
  | "markEverybody"
  | "markSeatless"
  | "markHeldOwners"
  | "giveMarks"
  | "claimMarks"
  | "claimBehind"
  | "delayMarks"
  | "leftOfRun"
  | "passMarksOn"
  | "leftBehind"
>;

/** More people than a tenant has. */
const EVERYBODY = 1_000_000_000;

/** `who` is a subquery of user ids. Rows are locked in id order, as `lockPeople` does. */
function marked(
  { tenant, dialect }: Scope,
  who: Fragment,
  cause: string,
  now: Instant,
  { owner = verbatim("mark_run"), lease }: { readonly owner?: Fragment; readonly lease?: Instant | undefined } = {},
): Fragment {
  const ordered = sql`select u.id from users u where u.tenant_id = ${tenant} and u.id in ${who} order by u.id`;
  return sql`update users set facts_version = facts_version + 1, dirty = true, dirty_cause = ${cause}, attempts = 0,
        not_before = ${toMillis(now)}, leased_until = ${lease === undefined ? 0 : toMillis(lease)}, mark_run = ${owner}
      where tenant_id = ${tenant} and id in ${dialect.name === "sqlite" ? who : sql`(${ordered}${dialect.lock("u")})`}`;
}

function mark(scope: Scope, ...who: Marking): Promise<number> {
  return scope.sql.run(marked(scope, ...who));
}

type Marking = Parameters<typeof marked> extends [Scope, ...infer Rest] ? Rest : never;

/**
 * Whose a mark is once the run asks for it. INVARIANT: it stays with an open run that asked before: what was confirmed for
 * that one counts while it is open, and it is open until its people are done.
 */
function ownedBy({ tenant }: Scope, run: RunId): Fragment {
  return sql`case when exists (select 1 from runs r where r.tenant_id = ${tenant} and r.number = users.mark_run
      and r.status in ('queued', 'running')) then mark_run else ${bigint(run)} end`;
}

/** Marks people who are held for want of a seat, in the order of their ids, as many as seats are free. */
export function markSeatless(scope: Scope, now: Instant): Promise<number> {
  const { tenant } = scope;
  const free = sql`(select case when seats is null then ${EVERYBODY} when seats > seats_used then seats - seats_used else 0 end
    from tenants where id = ${tenant})`;
  const first = sql`(select h.user_id from held_people h
    where h.tenant_id = ${tenant} and h.reason = 'no_seat' and h.status = 'held' order by h.user_id limit ${free})`;
  return mark(scope, first, "seats", now);
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
  const marksOf = async (run: RunId): Promise<number> => {
    const row = await one<{ readonly count: number }>(
      db,
      sql`select count(*) as count from users where tenant_id = ${tenant} and mark_run = ${run}`,
    );
    return row?.count ?? 0;
  };
  const left = async (where: Fragment) => {
    const row = await one<{ readonly people: number; readonly failed: number | null }>(
      db,
      sql`select count(*) as people, sum(case when attempts > 0 then 1 else 0 end) as failed from users
        where tenant_id = ${tenant} and ${where}`,
    );
    const { people = 0, failed = 0 } = row ?? {};
    return { claimed: people - Number(failed ?? 0), failed: Number(failed ?? 0) };
  };
  return {
    async markDirty(users, cause, now, lease) {
      if (users.length > 0) await db.send(marked(scope, dialect.list(users), cause, now, { lease }));
    },
    async markConnection(connection: ConnectionId, cause, now, run) {
      const linked = sql`(${peopleOf(scope, connection)})`;
      if (run === undefined) return mark(scope, linked, cause, now);
      await mark(scope, linked, cause, now, { owner: ownedBy(scope, run) });
      return marksOf(run);
    },
    markSeatless: (now) => markSeatless(scope, now),
    markHeldOwners: (now) =>
      mark(
        scope,
        // by the owners, who are few, while very many people may be held
        sql`(select g.user_id from grants g
          join held_people h on h.tenant_id = g.tenant_id and h.user_id = g.user_id and h.status = 'held'
            and h.reason in ('last_owner', 'second_to_last_owner')
          where g.tenant_id = ${tenant} and g.scope = ${OWNER.scope} and g.role = ${OWNER.role} and g.ended_at is null)`,
        "owners",
        now,
      ),
    async giveMarks(users, run) {
      if (users.length === 0) return 0;
      await db.run(
        sql`update users set mark_run = ${ownedBy(scope, run)}
          where tenant_id = ${tenant} and id in ${dialect.list(users)} and dirty`,
      );
      return marksOf(run);
    },
    markEverybody: (cause, now) => mark(scope, sql`(select id from users where tenant_id = ${tenant})`, cause, now),
    claimMarks: (now, until, limit) =>
      claim(
        sql`select id from users where tenant_id = ${tenant} and dirty and not_before <= ${toMillis(now)}
            and leased_until <= ${toMillis(now)}
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
    // INVARIANT: nobody counts for a run but its own people, and those whom it asked for too while an earlier one has them
    leftOfRun: (run) =>
      left(sql`mark_run <= ${run} and (mark_run = ${run} or exists (select 1 from runs e
        join runs r on r.tenant_id = e.tenant_id and r.number = ${run}
        join identity_links l on l.tenant_id = e.tenant_id and l.user_id = users.id
          and l.connection_id = r.connection_id and l.ended_at is null
        where e.tenant_id = ${tenant} and e.number = users.mark_run and e.status in ('queued', 'running')))`),
    async passMarksOn(run) {
      const theirs = sql`select u.id from users u where u.tenant_id = ${tenant} and u.mark_run = ${run} order by u.id`;
      const rows = await db.all<{ readonly mark_run: number | null }>(
        sql`update users set mark_run = (select min(r.number) from runs r
            join identity_links l on l.tenant_id = r.tenant_id and l.user_id = users.id
              and l.connection_id = r.connection_id and l.ended_at is null
            where r.tenant_id = ${tenant} and r.number > ${run} and r.status in ('queued', 'running')
              and r.trigger_kind not in ('held', 'push'))
          where tenant_id = ${tenant} and id in (${theirs}${dialect.lock("u")}) returning mark_run`,
      );
      const next = grouped(
        rows.flatMap((row) => (row.mark_run === null ? [] : [row.mark_run as RunId])),
        (to) => to,
      );
      return new Map([...next].map(([to, marks]) => [to, marks.length]));
    },
    leftBehind: (version) => left(sql`reconciled_version < ${version}`),
    async delayMarks(users, until) {
      if (users.length === 0) return;
      await db.run(
        sql`update users set not_before = ${toMillis(until)}, leased_until = 0, attempts = attempts + 1
          where tenant_id = ${tenant} and id in ${dialect.list(users)}`,
      );
    },
  };
}
