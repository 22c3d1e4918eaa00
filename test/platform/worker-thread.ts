/** What the threads of the worker pool's tests run: as each job says. */
import { answerJobs } from "../../src/platform/worker-thread.js";

export type TestJob = { readonly kind: "echo"; readonly value: unknown } | { readonly kind: "throw" | "exit" | "spin" };

answerJobs<TestJob>((job) => {
  switch (job.kind) {
    case "echo":
      return job.value;
    case "throw":
      throw new Error("this job cannot be done");
    case "exit":
      return process.exit(3);
    case "spin":
      for (;;) Math.random();
  }
});
