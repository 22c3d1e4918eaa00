/**
 * Owns the running of tenants' expressions: a pool of child processes, and a fair queue before it. INVARIANT: this process
 * never evaluates an expression, and never waits for one.
 */
import {
  EXPRESSION_LIMITS,
  type ExpressionFailure,
  type ExpressionJob,
  type ExpressionResult,
} from "../model/expression.js";
import { type Batch, failure, type Item, type Purpose, takeBatch } from "./expression-batch.js";
import {
  type BatchEnd,
  type ChildTimes,
  type DeathReason,
  type ExpressionChild,
  startExpressionChild,
} from "./expression-child.js";
import { createLiveStrikes, type Strikes, type Suspended, strikesApart } from "./strikes.js";

/** Runs jobs for one purpose. */
export interface ScopedRunner {
  /** Results stand in the order of the jobs. Never rejects: whatever goes wrong is a result. */
  run(tenant: number, jobs: readonly ExpressionJob[]): Promise<readonly ExpressionResult[]>;
}

export interface ExpressionRunner extends ScopedRunner {
  /** For what the tenant's active mapping, of this version, decides: before what-ifs; bad ends count while it is active. */
  live(version: number): ScopedRunner;
  /**
   * For what-ifs, which wait behind the tenant's decisions: bad ends are remembered as long as the answer is used, and count
   * for nothing else. `version`: what is suspended in decisions by this version is not run either. `run` itself is one of
   * these for each call.
   */
  apart(version?: number): ScopedRunner;
  /** Finishes what was handed in, then ends the children. They keep this process alive until then. */
  close(): Promise<void>;
}

/** An evaluation that did not end by itself, or whose child died. */
export interface ExpressionIncident {
  readonly tenant: number;
  readonly code: "timeout" | "memory" | "error";
  readonly source: string;
  /** Of the active mapping whose decision it was for; absent for a what-if. */
  readonly version?: number;
  /** What is not run any more from now on: the expression, or this one input of it. */
  readonly suspended?: Suspended;
}

export interface ExpressionRunnerOptions {
  /** Child processes at most; they are started when there is work. With two, no tenant holds both. */
  readonly children?: 1 | 2;
  /** Milliseconds for one evaluation, after which its child is killed. */
  readonly killAfter?: number;
  /** Evaluations of one tenant that may wait: for decisions, and as many for what-ifs. */
  readonly queueLimit?: number;
  readonly onIncident?: (incident: ExpressionIncident) => void;
}

const QUEUE_LIMIT = 50_000;
/** Milliseconds for a child to start, on a machine that is busy with everything else. */
const START_TIME = 10_000;
const START_ATTEMPTS = 3;

export function createExpressionRunner(options: ExpressionRunnerOptions = {}): ExpressionRunner {
  return new PooledRunner(options);
}

/** What waits of one tenant. INVARIANT: no turn is of both, so that a decision never waits for a what-if in its own batch. */
interface Lanes {
  readonly live: Item[];
  readonly apart: Item[];
}

interface Slot {
  child: ExpressionChild | undefined;
  busy: boolean;
}

class PooledRunner implements ExpressionRunner {
  readonly #times: ChildTimes;
  readonly #queueLimit: number;
  readonly #onIncident: (incident: ExpressionIncident) => void;
  readonly #slots: readonly Slot[];
  /** In the order of turns: whoever had one goes to the end. */
  readonly #waiting = new Map<number, Lanes>();
  readonly #served = new Set<number>();
  readonly #live = createLiveStrikes();
  readonly #unfinished = new Set<Promise<readonly ExpressionResult[]>>();
  readonly #onExit = () => {
    for (const slot of this.#slots) slot.child?.kill();
  };
  #failedStarts = 0;
  #closing = false;

  constructor(options: ExpressionRunnerOptions) {
    const { children = 1, killAfter = EXPRESSION_LIMITS.kill, queueLimit = QUEUE_LIMIT } = options;
    this.#times = { evaluation: killAfter, start: START_TIME };
    this.#queueLimit = queueLimit;
    this.#onIncident = options.onIncident ?? (() => undefined);
    this.#slots = Array.from({ length: children }, () => ({ child: undefined, busy: false }));
    process.on("exit", this.#onExit);
  }

  run(tenant: number, jobs: readonly ExpressionJob[]): Promise<readonly ExpressionResult[]> {
    return this.apart().run(tenant, jobs);
  }

  live(version: number): ScopedRunner {
    return { run: (tenant, jobs) => this.#run(tenant, jobs, { version, strikes: this.#live.of(tenant, version) }) };
  }

  apart(version?: number): ScopedRunner {
    const purposes = new Map<number, Purpose>();
    return {
      run: (tenant, jobs) => {
        const purpose = purposes.get(tenant) ?? { strikes: strikesApart(this.#decided(tenant, version)) };
        purposes.set(tenant, purpose);
        return this.#run(tenant, jobs, purpose);
      },
    };
  }

  #decided(tenant: number, version: number | undefined): Strikes | undefined {
    return version === undefined ? undefined : this.#live.of(tenant, version);
  }

  async #run(tenant: number, jobs: readonly ExpressionJob[], purpose: Purpose): Promise<readonly ExpressionResult[]> {
    if (jobs.length === 0) return [];
    if (this.#closing) return jobs.map(() => failure("closed", "the service is stopping"));
    const lanes = this.#waiting.get(tenant) ?? { live: [], apart: [] };
    const lane = purpose.version === undefined ? lanes.apart : lanes.live;
    if (lane.length + jobs.length > this.#queueLimit) {
      return jobs.map(() =>
        failure("queue_full", `more than ${this.#queueLimit} evaluations of this tenant are waiting: try again later`),
      );
    }
    const finished = Promise.all(
      jobs.map((job) => new Promise<ExpressionResult>((settle) => lane.push({ job, purpose, settle, died: false }))),
    );
    this.#waiting.set(tenant, lanes);
    this.#unfinished.add(finished);
    this.#serve();
    const results = await finished;
    this.#unfinished.delete(finished);
    return results;
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#unfinished);
    await Promise.all(this.#slots.map((slot) => slot.child?.stop()));
    process.off("exit", this.#onExit);
  }

  /** Gives every free child a batch, each of another tenant. */
  #serve(): void {
    for (const slot of this.#slots) {
      while (!slot.busy) {
        const tenant = [...this.#waiting.keys()].find((waiting) => !this.#served.has(waiting));
        if (tenant === undefined) return;
        const { live, apart } = this.#waiting.get(tenant) as Lanes;
        const batch = takeBatch(live.length > 0 ? live : apart);
        if (batch.items.length > 0) void this.#work(slot, tenant, batch);
        else this.#endTurn(tenant, batch.lane, []);
      }
    }
  }

  async #work(slot: Slot, tenant: number, batch: Batch): Promise<void> {
    slot.busy = true;
    this.#served.add(tenant);
    const end = await runOn(slot, this.#times, batch.jobs);
    if (end.death !== undefined) slot.child = undefined;
    const left = this.#settle(tenant, batch, end);
    slot.busy = false;
    this.#served.delete(tenant);
    this.#endTurn(tenant, batch.lane, left);
    this.#serve();
  }

  /** Hands out the results; what is left has not been run, or must be run again. */
  #settle(tenant: number, { items, jobs }: Batch, { results, death }: BatchEnd): readonly Item[] {
    this.#failedStarts = death !== undefined && death.job === undefined ? this.#failedStarts + 1 : 0;
    const left: Item[] = [];
    for (const [index, item] of items.entries()) {
      // Somebody outside may have killed the child: what it was running is to blame when it happens again.
      if (death?.job === index && death.reason !== "timeout" && !item.died) {
        item.died = true;
        left.push(item);
        continue;
      }
      const result = death?.job === index ? deathResult(death.reason, this.#times) : results[index];
      if (result !== undefined) {
        if (!result.ok && (result.code === "timeout" || death?.job === index))
          this.#strike(tenant, item, (jobs[index] as Batch["jobs"][number])[1], result.code);
        item.settle(result);
      } else if (this.#failedStarts >= START_ATTEMPTS) {
        item.settle(failure("unavailable", "the process that evaluates expressions does not start"));
      } else {
        left.push(item);
      }
    }
    return left;
  }

  /** Puts a tenant at the end of the line, or out of it. */
  #endTurn(tenant: number, lane: Item[], left: readonly Item[]): void {
    const lanes = this.#waiting.get(tenant) as Lanes;
    lane.unshift(...left);
    this.#waiting.delete(tenant);
    if (lanes.live.length > 0 || lanes.apart.length > 0) this.#waiting.set(tenant, lanes);
  }

  #strike(tenant: number, { job, purpose }: Item, input: string, code: ExpressionFailure): void {
    const { source } = job;
    const { strikes, version } = purpose;
    const suspended = strikes.strike(source, input);
    this.#onIncident({
      ...{ tenant, source, code: code === "timeout" || code === "memory" ? code : "error" },
      ...(version === undefined ? {} : { version }),
      ...(suspended === undefined ? {} : { suspended }),
    });
  }
}

async function runOn(slot: Slot, times: ChildTimes, jobs: Batch["jobs"]): Promise<BatchEnd> {
  try {
    slot.child ??= startExpressionChild(times);
    return await slot.child.run({ jobs });
  } catch {
    // The system has no process or pipe to spare; the next attempt may find one.
    return { results: [], death: { reason: "crash", job: undefined } };
  }
}

function deathResult(reason: DeathReason, { evaluation }: ChildTimes): ExpressionResult {
  if (reason === "timeout") return failure("timeout", `the evaluation took longer than ${evaluation} ms`);
  if (reason === "memory") return failure("memory", "the evaluation took more memory than it may");
  return failure("error", "the evaluation ended the process that ran it");
}
