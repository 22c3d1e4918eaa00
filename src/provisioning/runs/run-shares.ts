import type { RunId, UserId } from "../../model/ids.js";
import type { PersonState } from "../../model/person.js";
import type { Run } from "../../model/plan.js";

/** Whose work it is to bring people where they are brought, whoever does it: a run's own worker, another, or a request. */
export interface RunShares {
  /** The run under which the person's changes are counted and entered in the audit. */
  runOf(user: UserId): RunId | undefined;
  /** Of how many of these people each run is relieved, in the order of the runs. */
  readonly done: ReadonlyMap<RunId, number>;
}

export interface SharingRuns {
  /** Runs that are queued or running. */
  readonly open: readonly Pick<Run, "id" | "mappingVersion">[];
  /** The mapping version that people are brought. */
  readonly version: number;
  /** The held run that lets people go, and whom of these it does not. */
  readonly released?: { readonly run: RunId; readonly stay: ReadonlySet<UserId> };
}

/**
 * A person relieves the run that lets them go, the run whose mark they bear, and the run of every mapping version that they
 * get or pass. Changes are entered under the first of these: of mappings the latest, which is the one that they are made by.
 */
export function runShares(people: readonly PersonState[], { open, version, released }: SharingRuns): RunShares {
  const first = new Map<UserId, RunId>();
  const done = new Map<RunId, number>();
  const openIds = new Set(open.map(({ id }) => id));
  const latestFirst = [...open].sort((a, b) => b.id - a.id);
  for (const { id, hold, markRun, reconciledVersion } of people) {
    const isFreed = released !== undefined && hold?.run === released.run && !released.stay.has(id);
    const brings = ({ mappingVersion = 0 }: Pick<Run, "mappingVersion">) =>
      mappingVersion > reconciledVersion && mappingVersion <= version;
    const runs = [
      ...(isFreed ? [released.run] : []),
      ...(markRun !== undefined && openIds.has(markRun) ? [markRun] : []),
      ...latestFirst.filter(brings).map((run) => run.id),
    ];
    for (const run of runs) done.set(run, (done.get(run) ?? 0) + 1);
    if (runs[0] !== undefined) first.set(id, runs[0]);
  }
  return { runOf: (user) => first.get(user), done: new Map([...done].sort(([a], [b]) => a - b)) };
}
