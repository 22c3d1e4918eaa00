/** The service as a process of its own that watches itself: how long its event loop was blocked, and how much memory it took. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { startService } from "../../src/compose.js";
import { loadConfig } from "../../src/platform/config.js";
import { createLogger } from "../../src/platform/log.js";

/** What the process saw since it was asked to begin anew. */
export interface Seen {
  readonly blockedMilliseconds: number;
  readonly rssMegabytes: number;
  readonly heapMegabytes: number;
}

const MEGABYTE = 1024 * 1024;
const SAMPLE_MILLISECONDS = 50;

const config = loadConfig(process.env);
const service = await startService(config, createLogger(config.logLevel));
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
let rss = 0;
let heap = 0;
const sample = (): void => {
  const now = process.memoryUsage();
  rss = Math.max(rss, now.rss);
  heap = Math.max(heap, now.heapUsed);
};
const sampling = setInterval(sample, SAMPLE_MILLISECONDS);

process.on("message", (question: "begin" | "seen" | "stop") => {
  if (question === "begin") {
    global.gc?.();
    delay.reset();
    rss = 0;
    heap = 0;
    process.send?.({ begun: true });
  } else if (question === "seen") {
    sample();
    const seen: Seen = {
      blockedMilliseconds: delay.max / 1e6,
      rssMegabytes: rss / MEGABYTE,
      heapMegabytes: heap / MEGABYTE,
    };
    process.send?.(seen);
  } else {
    clearInterval(sampling);
    void service.close().then(() => process.exit(0));
  }
});
process.send?.({ url: service.url });
