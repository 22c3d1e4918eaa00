import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { childrenOf, hasEnded, until } from "../expression-host/processes.js";

export interface RunningDemo {
  readonly child: ChildProcess;
  /** The only place where it may leave files. */
  readonly folder: string;
  readonly output: () => string;
  readonly errors: () => string;
  /** Resolves once the output holds the text; remembers the processes that run by then. */
  told(text: string): Promise<void>;
  /** The exit code, or the signal, once all output has come. */
  readonly ended: Promise<number | string>;
  /** The processes that were seen. */
  readonly family: ReadonlySet<number>;
  /** What is left once all of them have ended. */
  remains(): Promise<readonly string[]>;
  /** Ends whatever a failed test leaves. */
  cleanUp(): void;
}

const program = join(import.meta.dirname, "../../demo/main.js");

export function startDemo(args: readonly string[], environment: NodeJS.ProcessEnv = {}): RunningDemo {
  const folder = mkdtempSync(join(tmpdir(), "demo-test-"));
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: folder, ...environment },
  });
  const family = new Set<number>();
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  return {
    child,
    folder,
    output: () => output,
    errors: () => errors,
    async told(text) {
      while (!output.includes(text)) {
        if (child.exitCode !== null) throw new Error(`ended before it told of \`${text}\`: ${output}${errors}`);
        await sleep(20);
      }
      for (const id of descendantsOf(child.pid ?? 0)) family.add(id);
    },
    ended: once(child, "close").then(([code, signal]) => (code ?? signal) as number | string),
    family,
    async remains() {
      await until(() => [...family].every(hasEnded));
      return readdirSync(folder);
    },
    cleanUp() {
      child.kill("SIGKILL");
      for (const id of family) if (!hasEnded(id)) process.kill(id, "SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function descendantsOf(id: number): number[] {
  if (hasEnded(id)) return [];
  return childrenOf(id).flatMap((child) => [child, ...descendantsOf(child)]);
}
