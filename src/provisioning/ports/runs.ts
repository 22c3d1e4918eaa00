import type { ConnectionId, Instant, RunId, UserId } from "../../model/ids.js";
import type { HeldReason } from "../../model/person.js";
import type { Run, RunStatus, RunTrigger } from "../../model/plan.js";
import type { Page, PageQuery } from "./store.js";

export interface NewRun {
  readonly trigger: RunTrigger;
  readonly status: RunStatus;
  readonly connection?: ConnectionId;
  readonly mappingVersion?: number;
  readonly digest?: string;
  /** The stored plan whose losses were reviewed. */
  readonly plan?: string;
  /** Frozen people are reconciled too. */
  readonly includeFrozen?: boolean;
  readonly total: number;
  /** Who asked for it, as `authorOf` says. */
  readonly startedBy?: string;
}

/** A run as the worker takes it up. */
export interface ClaimedRun extends Run {
  readonly plan?: string;
  readonly includeFrozen: boolean;
}

export interface HeldPerson {
  readonly user: UserId;
  readonly userName: string;
  readonly reason: HeldReason;
  readonly detail: string;
  readonly heldAt: Instant;
  /** Order of arrival in the run. */
  readonly seq: number;
}

/** Runs and who is held in them. */
export interface RunReader {
  run(id: RunId): Promise<Run | undefined>;
  runs(query: PageQuery & { readonly status?: RunStatus }): Promise<Page<Run>>;
  /** Runs that are queued or running, oldest first. */
  openRuns(): Promise<readonly ClaimedRun[]>;
  /** The latest run that brought this mapping version to people. */
  mappingRun(version: number): Promise<{ readonly plan?: string; readonly includeFrozen: boolean } | undefined>;
  /** The connection's one open held run. */
  heldRun(connection: ConnectionId): Promise<Run | undefined>;
  /** How many wait in these runs for which reason, by run and reason. */
  heldReasons(
    runs: readonly RunId[],
  ): Promise<readonly { readonly run: RunId; readonly reason: HeldReason; readonly people: number }[]>;
  /** How many wait in the run, without these people. */
  heldIn(run: RunId, except: readonly UserId[]): Promise<number>;
  heldPeople(run: RunId, query: { readonly afterSeq: number; readonly limit: number }): Promise<readonly HeldPerson[]>;
}

/** Beginning runs, taking them up, and entering people in them. */
export interface RunWriter {
  insertRun(run: NewRun, now: Instant): Promise<RunId>;
  updateRun(
    id: RunId,
    change: {
      readonly status?: RunStatus;
      readonly addDone?: number;
      readonly addTotal?: number;
      /** Added to the run's counts, key by key. */
      readonly addCounts?: Readonly<Record<string, number>>;
      readonly error?: string;
      /** Keeps the claim of a run that goes on. */
      readonly leaseUntil?: Instant;
      readonly plan?: string;
      readonly digest?: string;
      /** Who released or discarded it. */
      readonly decidedBy?: string;
    },
    now: Instant,
  ): Promise<void>;
  /** Takes the oldest run that is queued, or running with its lease over, makes it `running`, and leases it. */
  claimRun(now: Instant, until: Instant): Promise<ClaimedRun | undefined>;
}
