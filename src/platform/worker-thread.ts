/** Owns the thread's side of a worker pool: one job after the other, each answered. */
import { parentPort } from "node:worker_threads";
import type { ThreadReply } from "./worker-pool.js";

/** Called once by the module that a pool's threads run. A `work` that throws fails its job alone. */
export function answerJobs<Job>(work: (job: Job) => unknown): void {
  parentPort?.on("message", (job: Job) => parentPort?.postMessage(answered(work, job)));
}

function answered<Job>(work: (job: Job) => unknown, job: Job): ThreadReply {
  try {
    return { reply: work(job) };
  } catch (error) {
    return { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
