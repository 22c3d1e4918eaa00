/** Runs: their progress, and the leases under which a worker drives them. */
import type { ConnectionId, RunId } from "../model/ids.js";
import type { Run, RunStatus, RunTrigger } from "../model/plan.js";
import { Refusal } from "../model/problem.js";
import type { ClaimedRun, RunReader, RunWriter } from "../provisioning/ports/runs.js";
import type { Scope } from "./scope.js";
import { assignments, type Fragment, insertion, NOTHING, one, quick, sql, type Value, verbatim } from "./sql.js";
import { nextCount } from "./tenant-counters.js";
import {
  type Flag,
  fromJson,
  given,
  isTrue,
  numericCursor,
  page,
  toInstant,
  toInstantOrNull,
  toJson,
  toMillis,
} from "./values.js";

type ListedRunReader = Omit<RunReader, "heldPeople" | "heldIn" | "heldReasons">;

/** How long a run that is begun without a claim counts as driven. */
const FIRST_LEASE_MILLIS = 15_000;
const ENDED: readonly RunStatus[] = ["done", "failed", "discarded"];

export interface RunColumns {
  readonly number: number;
  readonly trigger_kind: string;
  readonly status: string;
  readonly connection_id: string | null;
  readonly mapping_version: number | null;
  readonly digest: string | null;
  readonly plan_id: string | null;
  readonly include_frozen: Flag;
  readonly total: number;
  readonly done: number;
  readonly counts: string;
  readonly error: string | null;
  readonly started_by: string | null;
  readonly decided_by: string | null;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
}

const OF_RUN = [
  ...["number", "trigger_kind", "status", "connection_id", "mapping_version", "digest", "plan_id", "include_frozen"],
  ...["total", "done", "counts", "error", "started_by", "decided_by", "created_at", "started_at", "finished_at"],
];
const RUN_COLUMNS = verbatim(OF_RUN.join(", "));

/** `RunColumns` of `runs r` as JSON has them. */
export const RUN_JSON: Readonly<Record<string, Fragment>> = Object.fromEntries(
  OF_RUN.map((name) => [name, verbatim(name === "counts" ? "cast(r.counts as text)" : `r.${name}`)]),
);

function runOf(row: RunColumns): Run {
  return {
    id: row.number as RunId,
    trigger: row.trigger_kind as RunTrigger,
    status: row.status as RunStatus,
    ...given("connection", row.connection_id as ConnectionId | null),
    ...given("mappingVersion", row.mapping_version),
    ...given("digest", row.digest),
    total: row.total,
    done: row.done,
    counts: fromJson<Readonly<Record<string, number>>>(row.counts),
    ...given("error", row.error),
    ...given("startedBy", row.started_by),
    ...given("decidedBy", row.decided_by),
    createdAt: toInstant(row.created_at),
    ...given("startedAt", toInstantOrNull(row.started_at)),
    ...given("finishedAt", toInstantOrNull(row.finished_at)),
  };
}

export function runReader({ tenant, sql: db }: Scope): ListedRunReader {
  const selected = (where: Fragment): Fragment =>
    sql`select ${RUN_COLUMNS} from runs where tenant_id = ${tenant} and ${where}`;
  return {
    async run(id) {
      const row = await one<RunColumns>(db, selected(sql`number = ${id}`));
      return row && runOf(row);
    },
    async runs({ after, limit, status }) {
      const below = after === undefined ? verbatim("number > 0") : sql`number < ${numericCursor(after)}`;
      const having = status === undefined ? NOTHING : sql` and status = ${status}`;
      const rows = await db.all<RunColumns>(selected(sql`${below}${having} order by number desc limit ${limit + 1}`));
      return page(rows, limit, runOf, (row) => String(row.number));
    },
    async heldRun(connection) {
      const row = await one<RunColumns>(db, selected(sql`connection_id = ${connection} and status = 'held'`));
      return row && runOf(row);
    },
    async openRuns() {
      const rows = await db.all<RunColumns>(quick(selected(sql`status in ('queued', 'running') order by number`)));
      return rows.map(openRunOf);
    },
    async mappingRun(version) {
      const row = await one<RunColumns>(db, selected(sql`mapping_version = ${version} order by number desc limit 1`));
      return row && plannedOf(row);
    },
  };
}

export function openRunOf(row: RunColumns): ClaimedRun {
  return { ...runOf(row), ...plannedOf(row) };
}

function plannedOf(row: RunColumns): Pick<ClaimedRun, "plan" | "includeFrozen"> {
  return { ...given("plan", row.plan_id), includeFrozen: isTrue(row.include_frozen) };
}

function merged(counts: string, add: Readonly<Record<string, number>>): string {
  const sums = { ...fromJson<Readonly<Record<string, number>>>(counts) };
  for (const [key, n] of Object.entries(add)) sums[key] = (sums[key] ?? 0) + n;
  return toJson(sums);
}

export function runWriter(scope: Scope): RunWriter {
  const { tenant, sql: db, dialect } = scope;
  return {
    async insertRun(run, now) {
      const at = toMillis(now);
      const number = await nextCount(scope, "run", 1);
      const columns = {
        ...{ tenant_id: tenant, number, trigger_kind: run.trigger, status: run.status, total: run.total, counts: "{}" },
        ...{ connection_id: run.connection ?? null, mapping_version: run.mappingVersion ?? null },
        ...{ digest: run.digest ?? null, plan_id: run.plan ?? null, created_at: at },
        started_by: run.startedBy ?? null,
        include_frozen: run.includeFrozen ?? false,
        ...(run.status === "running" ? { started_at: at, leased_until: at + FIRST_LEASE_MILLIS } : {}),
      };
      const inserted = await db.all(sql`${insertion("runs", columns)} on conflict do nothing returning number`);
      if (inserted.length === 0) throw new Refusal("conflict", "the connection has an open held run already");
      return number as RunId;
    },
    async updateRun(id, change, now) {
      const present = await one<RunColumns>(
        db,
        sql`select ${RUN_COLUMNS} from runs where tenant_id = ${tenant} and number = ${id}${dialect.lock()}`,
      );
      if (present === undefined) throw new Refusal("not_found", `there is no run \`${id}\``);
      const done = present.done + (change.addDone ?? 0);
      const columns: Record<string, Value> = {
        done,
        // somebody may come between the look at everybody and the start
        total: Math.max(done, present.total + (change.addTotal ?? 0)),
        counts: merged(present.counts, change.addCounts ?? {}),
        error: change.error ?? present.error,
        plan_id: change.plan ?? present.plan_id,
        digest: change.digest ?? present.digest,
        decided_by: change.decidedBy ?? present.decided_by,
        ...(change.leaseUntil === undefined ? {} : { leased_until: toMillis(change.leaseUntil) }),
        ...statusColumns(present, change.status, toMillis(now)),
      };
      await db.run(sql`update runs set ${assignments(columns)} where tenant_id = ${tenant} and number = ${id}`);
    },
    async claimRun(now, until) {
      const at = toMillis(now);
      const row = await one<RunColumns>(
        db,
        sql`with waiting as materialized (
            select number from runs where tenant_id = ${tenant} and status in ('queued', 'running')
              and (status = 'queued' or leased_until <= ${at})
            order by number limit 1${dialect.lockFree})
          update runs set status = 'running', leased_until = ${toMillis(until)}, started_at = coalesce(started_at, ${at})
          where tenant_id = ${tenant} and number in (select number from waiting)
          returning ${RUN_COLUMNS}`,
      );
      return row && { ...runOf(row), ...plannedOf(row) };
    },
  };
}

function statusColumns(
  present: RunColumns,
  status: RunStatus | undefined,
  at: number,
): Readonly<Record<string, Value>> {
  // INVARIANT: a run that is over stays over, whoever was at work on it when it ended
  if (status === undefined || ENDED.includes(present.status as RunStatus)) return {};
  return {
    status,
    started_at: present.started_at ?? (status === "running" ? at : null),
    finished_at: ENDED.includes(status) ? at : null,
    ...(status === "queued" ? { leased_until: 0 } : {}),
  };
}
