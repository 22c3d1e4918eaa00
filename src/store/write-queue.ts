/** Group commit: transactions that are asked for while another runs are committed together, each alone in its savepoint. */

interface Job {
  readonly work: () => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Executor {
  exec(text: string): Promise<void>;
}

interface TurnTaker {
  take<T>(work: () => Promise<T>): Promise<T>;
}

const GROUP_JOBS = 64;
const GROUP_MILLIS = 20;

/**
 * INVARIANT: a job's promise is resolved only after the COMMIT that holds it, and a job that throws leaves nothing behind
 * and touches no other job of its group.
 */
export class WriteQueue {
  readonly #connection: Executor;
  readonly #turns: TurnTaker;
  readonly #waiting: Job[] = [];
  #draining = false;

  constructor(connection: Executor, turns: TurnTaker) {
    this.#connection = connection;
    this.#turns = turns;
  }

  submit<T>(work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
      if (!this.#draining) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    while (this.#waiting.length > 0) await this.#turns.take(() => this.#group());
    this.#draining = false;
  }

  async #group(): Promise<void> {
    try {
      await this.#connection.exec("begin immediate; savepoint job");
    } catch (error) {
      // the database is locked or gone: each further wait would take as long again
      for (const job of this.#waiting.splice(0)) job.reject(error);
      return;
    }
    const done: { readonly job: Job; readonly value: unknown }[] = [];
    try {
      await this.#runJobs(done);
      await this.#connection.exec("commit");
    } catch (error) {
      await this.#connection.exec("rollback").catch(() => undefined);
      for (const { job } of done) job.reject(error);
      return;
    }
    for (const { job, value } of done) job.resolve(value);
  }

  async #runJobs(done: { readonly job: Job; readonly value: unknown }[]): Promise<void> {
    const until = performance.now() + GROUP_MILLIS;
    let used = false;
    for (let count = 0; count < GROUP_JOBS && performance.now() < until; count++) {
      if (this.#waiting.length === 0) return;
      // rolled back, a savepoint stays open for the next job
      if (used) await this.#connection.exec("release job; savepoint job");
      const job = this.#waiting.shift();
      used = job !== undefined && (await this.#runJob(job, done));
    }
  }

  async #runJob(job: Job, done: { readonly job: Job; readonly value: unknown }[]): Promise<boolean> {
    try {
      done.push({ job, value: await job.work() });
      return true;
    } catch (error) {
      job.reject(error);
      await this.#connection.exec("rollback to job");
      return false;
    }
  }
}
