import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { expect } from "chai";
import type { Share } from "../../src/platform/fair-queue.js";
import {
  createWorkerPool,
  type Place,
  type WorkerPool,
  type WorkerPoolOptions,
  WorkNotDone,
} from "../../src/platform/worker-pool.js";
import type { TestJob } from "./worker-thread.js";

const OPTIONS: WorkerPoolOptions = {
  module: new URL("./worker-thread.js", import.meta.url),
  ...{ threads: 1, waiting: 4, milliseconds: 30_000, idleMilliseconds: 60_000 },
};

describe("a pool of threads", () => {
  const pools: WorkerPool<TestJob, unknown>[] = [];

  function pool(options: Partial<WorkerPoolOptions> = {}) {
    const made = createWorkerPool<TestJob, unknown>({ ...OPTIONS, ...options });
    pools.push(made);
    return {
      run: (job: TestJob, place: Place = { share: ["acme", "192.0.2.1"] }) => made.run(job, place),
      close: () => made.close(),
    };
  }

  after(() => Promise.all(pools.map((one) => one.close())));

  const echo = (value: unknown): TestJob => ({ kind: "echo", value });

  /** The end of a job in a word. */
  async function endOf(job: Promise<unknown>): Promise<unknown> {
    try {
      return await job;
    } catch (error) {
      if (error instanceof WorkNotDone) return `not done: ${error.reason}`;
      return error instanceof Error ? `failed: ${error.message.split("\n")[0]}` : error;
    }
  }

  it("answers each job with its own answer, and takes keys along", async () => {
    const one = pool({ threads: 2, waiting: 20 });
    const jobs = Array.from({ length: 20 }, (_, number) => endOf(one.run(echo(number))));
    expect(await Promise.all(jobs)).to.deep.equal(Array.from({ length: 20 }, (_, number) => number));
    const { publicKey } = generateKeyPairSync("ed25519");
    expect(((await one.run(echo(publicKey))) as KeyObject).equals(publicKey)).to.equal(true);
  });

  it("fails a job whose work throws, and goes on", async () => {
    const one = pool();
    const ends = [{ kind: "throw" as const }, echo("next")].map((job) => endOf(one.run(job)));
    expect(await Promise.all(ends)).to.deep.equal(["failed: Error: this job cannot be done", "next"]);
  });

  it("loses one job alone with a thread that ends, and starts another", async () => {
    const one = pool();
    const ends = [{ kind: "exit" as const }, echo("after")].map((job) => endOf(one.run(job)));
    expect(await Promise.all(ends)).to.deep.equal(["not done: crash", "after"]);
  });

  it("ends a job that has no end, and does the next one", async () => {
    const one = pool({ milliseconds: 2_000 });
    const ends = [{ kind: "spin" as const }, echo("next")].map((job) => endOf(one.run(job)));
    expect(await Promise.all(ends)).to.deep.equal(["not done: timeout", "next"]);
  });

  it("lets no more wait than told, and does those that came first", async () => {
    const one = pool({ waiting: 2 });
    const ends = [1, 2, 3, 4, 5].map((number) => endOf(one.run(echo(number))));
    expect(await Promise.all(ends)).to.deep.equal([1, 2, 3, "not done: busy", "not done: busy"]);
    expect(await endOf(one.run(echo("later")))).to.equal("later");
  });

  it("says of a module that does not start that nothing was done", async () => {
    const one = pool({ module: new URL("./nothing-here.js", import.meta.url) });
    expect(await endOf(one.run(echo(1)))).to.equal("not done: crash");
  });

  it("ends threads that have had nothing to do, and starts them again", async () => {
    const one = pool({ idleMilliseconds: 1 });
    expect(await endOf(one.run(echo(1)))).to.equal(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await endOf(one.run(echo(2)))).to.equal(2);
  });

  it("goes to each share in turn, and to each within it, and first to what was begun", async () => {
    const one = pool({ waiting: 20 });
    const done: unknown[] = [];
    const run = (name: string, share: Share, more = {}) =>
      one.run(echo(name), { share, ...more }).then((reply) => done.push(reply));
    const crowd = Array.from({ length: 6 }, (_, number) => run(`crowd ${number}`, ["acme", "192.0.2.1"]));
    const others = [
      run("a colleague", ["acme", "192.0.2.2"]),
      run("another tenant", ["globex", "192.0.2.1"]),
      run("begun", ["acme", "192.0.2.1"], { begun: true }),
    ];
    await Promise.all([...crowd, ...others]);
    const [first, ...rest] = done;
    expect(first).to.equal("crowd 0");
    expect(rest.slice(0, 4)).to.deep.equal(["begun", "crowd 1", "another tenant", "a colleague"]);
  });

  it("sends the last of the largest crowd away where too many wait, and nobody else", async () => {
    const one = pool({ waiting: 3 });
    const crowd = Array.from({ length: 6 }, (_, number) => endOf(one.run(echo(number))));
    const others = [
      endOf(one.run(echo("a colleague"), { share: ["acme", "192.0.2.2"] })),
      endOf(one.run(echo("another tenant"), { share: ["globex", "192.0.2.1"] })),
      endOf(one.run(echo("begun"), { share: ["acme", "192.0.2.1"], begun: true })),
    ];
    expect(await Promise.all(others)).to.deep.equal(["a colleague", "another tenant", "begun"]);
    const busy = "not done: busy";
    expect(await Promise.all(crowd)).to.deep.equal([0, 1, busy, busy, busy, busy]);
  });

  it("does nothing any more once it is closed while at work", async () => {
    const one = pool();
    const ends = [{ kind: "spin" as const }, echo("next")].map((job) => endOf(one.run(job)));
    await one.close();
    expect(await Promise.all([...ends, endOf(one.run(echo("late")))])).to.deep.equal(
      Array.from({ length: 3 }, () => "not done: crash"),
    );
  });
});
