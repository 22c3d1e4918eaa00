/** Owns the demo's child processes: what they complained of, and that none of them outlives the demo. */
import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE_MS = 5_000;
const LINES_KEPT = 30;

/** Ends with the demo, however that ends; before files are removed that it may still write. */
export function tie(child: ChildProcess): void {
  const kill = (): void => void child.kill("SIGKILL");
  process.prependOnceListener("exit", kill);
  child.once("exit", () => process.off("exit", kill));
}

/** Asks it to end, and insists when it takes too long. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const inTime = new AbortController();
  child.stdin?.end();
  child.kill("SIGTERM");
  const insist = sleep(PATIENCE_MS, undefined, { signal: inTime.signal }).then(
    () => void child.kill("SIGKILL"),
    () => undefined,
  );
  await ended;
  inTime.abort();
  await insist;
}

/** The last lines that a child wrote, for whoever has to say why it failed. */
export interface Tail {
  readonly lines: readonly string[];
  add(text: string): void;
}

export function createTail(): Tail {
  const lines: string[] = [];
  return {
    lines,
    add(text) {
      lines.push(...text.split("\n").filter((line) => line !== ""));
      lines.splice(0, lines.length - LINES_KEPT);
    },
  };
}
