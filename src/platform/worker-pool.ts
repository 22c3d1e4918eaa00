/** Owns threads beside the main one, for what takes long: a few of them, a fair queue with an end, and a time for each job. */
import { Worker } from "node:worker_threads";
import { createFairQueue, type FairQueue, type Share } from "./fair-queue.js";

export interface WorkerPool<Job, Reply> {
  /** What the thread answers. Rejects with `WorkNotDone`, or with an error where the job's work threw. */
  run(job: Job, place: Place): Promise<Reply>;
  /** Ends the threads; what is under way is not done, nor anything that comes later. */
  close(): Promise<void>;
}

/** Where a job waits for a thread. */
export interface Place {
  /** Whose it is: threads go to each in turn, and where too many jobs wait, the last one of whoever has most is not done. */
  readonly share: Share;
  /** A later part of what was begun: it goes first, and is done in any case. */
  readonly begun?: true;
}

export interface WorkerPoolOptions {
  /** What a thread runs; it calls `answerJobs`. Jobs and replies are copied from thread to thread. */
  readonly module: URL;
  readonly threads: number;
  /** Jobs that may wait for a thread, all together. */
  readonly waiting: number;
  /** For one job, the start of a thread included. */
  readonly milliseconds: number;
  /** A thread that had nothing to do for so long ends. */
  readonly idleMilliseconds: number;
}

/** `busy`: too many jobs wait. `timeout`, `crash`: the job's thread was ended, or ended itself; the next job gets another one. */
export class WorkNotDone extends Error {
  readonly reason: "busy" | "timeout" | "crash";

  constructor(reason: WorkNotDone["reason"], options?: ErrorOptions) {
    super(`work in a thread was not done: ${reason}`, options);
    this.name = "WorkNotDone";
    this.reason = reason;
  }
}

/** How a thread answers. */
export type ThreadReply = { readonly reply: unknown } | { readonly fault: string };

interface Task<Job, Reply> {
  readonly job: Job;
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

interface Thread<Job, Reply> {
  readonly worker: Worker;
  task: Task<Job, Reply> | undefined;
  timer: NodeJS.Timeout | undefined;
  /** Why it was told to end: it takes no job any more. */
  ending: "timeout" | "idle" | undefined;
}

/**
 * INVARIANT: jobs are such as need little memory, whatever is in them: a thread that has none left takes the process along.
 * Threads start with the first job. They keep no process from ending, unless they are at work.
 */
export function createWorkerPool<Job, Reply>(options: WorkerPoolOptions): WorkerPool<Job, Reply> {
  return new ThreadPool(options);
}

class ThreadPool<Job, Reply> implements WorkerPool<Job, Reply> {
  readonly #options: WorkerPoolOptions;
  readonly #threads = new Set<Thread<Job, Reply>>();
  readonly #queue: FairQueue<Task<Job, Reply>>;
  #isClosed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#queue = createFairQueue(options.waiting);
  }

  run(job: Job, { share, begun }: Place): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const task = { job, resolve, reject };
      if (this.#isClosed) return reject(new WorkNotDone("crash"));
      const idle = this.#idle();
      if (idle !== undefined) return this.#hand(idle, task);
      if (begun) return this.#queue.pushFirst(task);
      this.#queue.push(task, share)?.reject(new WorkNotDone("busy"));
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (let task = this.#queue.next(); task !== undefined; task = this.#queue.next())
      task.reject(new WorkNotDone("crash"));
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
  }

  /** INVARIANT: nothing waits while a thread is idle. */
  #assign(): void {
    while (this.#queue.size() > 0) {
      const thread = this.#idle();
      const task = thread && this.#queue.next();
      if (thread === undefined || task === undefined) return;
      this.#hand(thread, task);
    }
  }

  #idle(): Thread<Job, Reply> | undefined {
    return [...this.#threads].find(({ task, ending }) => task === undefined && ending === undefined) ?? this.#start();
  }

  #start(): Thread<Job, Reply> | undefined {
    if (this.#threads.size >= this.#options.threads) return undefined;
    const worker = new Worker(this.#options.module);
    const thread: Thread<Job, Reply> = { worker, task: undefined, timer: undefined, ending: undefined };
    this.#threads.add(thread);
    let cause: unknown;
    worker.on("message", (reply: ThreadReply) => this.#take(thread, reply));
    worker.on("error", (error) => {
      cause = error;
    });
    worker.on("exit", () => this.#bury(thread, cause));
    return thread;
  }

  #hand(thread: Thread<Job, Reply>, task: Task<Job, Reply>): void {
    clearTimeout(thread.timer);
    thread.task = task;
    thread.worker.ref();
    thread.timer = setTimeout(() => end(thread, "timeout"), this.#options.milliseconds);
    thread.worker.postMessage(task.job);
  }

  #take(thread: Thread<Job, Reply>, answer: ThreadReply): void {
    const { task } = thread;
    clearTimeout(thread.timer);
    thread.task = undefined;
    thread.worker.unref();
    thread.timer = setTimeout(() => end(thread, "idle"), this.#options.idleMilliseconds).unref();
    if ("fault" in answer) task?.reject(new Error(answer.fault));
    else task?.resolve(answer.reply as Reply);
    this.#assign();
  }

  #bury(thread: Thread<Job, Reply>, cause: unknown): void {
    clearTimeout(thread.timer);
    this.#threads.delete(thread);
    thread.task?.reject(new WorkNotDone(thread.ending === "timeout" ? "timeout" : "crash", { cause }));
    thread.task = undefined;
    this.#assign();
  }
}

function end(thread: Pick<Thread<unknown, unknown>, "worker" | "ending">, why: "timeout" | "idle"): void {
  thread.ending = why;
  void thread.worker.terminate();
}
