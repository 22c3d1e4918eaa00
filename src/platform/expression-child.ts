import { type ChildProcess, fork } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ExpressionBatch, ExpressionReply, ExpressionResult } from "../model/expression.js";
import { projectRoot } from "./root.js";

/** How a batch ended. */
export interface BatchEnd {
  /** In the order of the jobs; what has none was not run, or its result was lost with the child. */
  readonly results: readonly ExpressionResult[];
  /** The child is gone. `job`: the index of the one that it was running; none if it was running none. */
  readonly death?: { readonly reason: DeathReason; readonly job: number | undefined };
}

export type DeathReason = "timeout" | "memory" | "crash";

/** One child process that runs expressions, one batch at a time. A child that died is replaced, not restarted. */
export interface ExpressionChild {
  /** Never rejects. */
  run(batch: ExpressionBatch): Promise<BatchEnd>;
  /** Ends the child, which has nothing to lose; fulfilled when it is gone. */
  stop(): Promise<void>;
  /** The same without waiting, for a parent that is ending. */
  kill(): void;
}

export interface ChildTimes {
  /** For one evaluation. */
  readonly evaluation: number;
  /** For the child to begin its first one. */
  readonly start: number;
}

const MEMORY_MEGABYTES = 128;

/** Starts a child. What it may do is little: read the program's own files, and talk to this process. */
export function startExpressionChild(times: ChildTimes): ExpressionChild {
  return new ForkedChild(
    times,
    fork(join(compiled, "expression-host", "main.js"), [], {
      env: {},
      execArgv: [
        `--max-old-space-size=${MEMORY_MEGABYTES}`,
        "--disable-proto=delete",
        "--disallow-code-generation-from-strings",
        "--no-addons",
        PERMISSION,
        ...[...readable].map((folder) => `--allow-fs-read=${folder}`),
      ],
      serialization: "advanced",
      stdio: ["ignore", "pipe", "ignore", "ipc"],
    }),
  );
}

const compiled = dirname(import.meta.dirname);

/** The flag has lost its prefix in Node 22.13. */
const PERMISSION = process.allowedNodeEnvironmentFlags.has("--permission")
  ? "--permission"
  : "--experimental-permission";

/** Where Node looks for the modules of the child: never the data folder. Node 20 ends with an assertion when a path is given twice. */
const readable: ReadonlySet<string> = new Set([
  join(compiled, "*"),
  join(projectRoot, "package.json"),
  ...foldersAbove(projectRoot).flatMap((folder) => {
    const modules = join(folder, "node_modules");
    return existsSync(modules) ? [join(modules, "*"), join(realpathSync(modules), "*")] : [];
  }),
]);

function foldersAbove(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...foldersAbove(parent)];
}

class ForkedChild implements ExpressionChild {
  readonly #times: ChildTimes;
  readonly #process: ChildProcess;
  readonly #closed: Promise<void>;
  /** Jobs begun since the start: one byte each. They may be told later than the results of their batch. */
  #begun = 0;
  /** Jobs of earlier batches. */
  #before = 0;
  #results: ExpressionResult[] = [];
  #finish: ((end: BatchEnd) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Counts what the watch was set for; what is judged late is another evaluation's no more. */
  #watched = 0;
  #killed = false;
  #gone = false;

  constructor(times: ChildTimes, process: ChildProcess) {
    this.#times = times;
    this.#process = process;
    this.#closed = new Promise((resolve) => {
      // A process that could not be started is never closed.
      process.once("error", () => resolve(this.#onClose("crash")));
      process.once("close", (code, signal) =>
        resolve(this.#onClose(code === 134 || signal !== null ? "memory" : "crash")),
      );
    });
    process.on("error", () => this.kill());
    process.on("message", (text) => this.#onReply(JSON.parse(String(text))));
    process.stdout?.on("data", (bytes: Buffer) => {
      this.#begun += bytes.length;
      this.#watch();
    });
  }

  run(batch: ExpressionBatch): Promise<BatchEnd> {
    if (this.#gone) return Promise.resolve({ results: [], death: { reason: "crash", job: undefined } });
    return new Promise((resolve) => {
      this.#finish = resolve;
      this.#results = [];
      this.#watch(this.#times.start);
      // A large batch is written in pieces, and its time begins with the last. If the child died, its closing tells.
      this.#process.send(batch, () => this.#watch());
    });
  }

  stop(): Promise<void> {
    this.kill();
    return this.#closed;
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** Gives the running evaluation its time, from now on. */
  #watch(time = this.#begun === 0 ? this.#times.start : this.#times.evaluation): void {
    this.#unwatch();
    if (this.#finish === undefined) return;
    const watched = this.#watched;
    // If this process was busy itself, what the child has told meanwhile is read before the child is judged.
    this.#timer = setTimeout(() => setImmediate(() => this.#killIfStill(watched)), time);
  }

  #unwatch(): void {
    clearTimeout(this.#timer);
    this.#watched += 1;
  }

  // INVARIANT: nobody's evaluation is ended for the time that another one took, which may be another tenant's.
  #killIfStill(watched: number): void {
    if (this.#watched !== watched) return;
    this.#killed = true;
    this.kill();
  }

  #onReply(reply: ExpressionReply): void {
    this.#results.push(...reply.results);
    if (!reply.done) return;
    this.#before += this.#results.length;
    this.#end({ results: this.#results });
  }

  #onClose(reason: DeathReason): void {
    this.#gone = true;
    const job = this.#begun - this.#before - 1;
    this.#end({
      results: this.#results,
      death: { reason: this.#killed ? "timeout" : reason, job: job < 0 ? undefined : job },
    });
  }

  #end(end: BatchEnd): void {
    this.#unwatch();
    const finish = this.#finish;
    this.#finish = undefined;
    finish?.(end);
  }
}
