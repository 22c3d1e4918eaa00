import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Seen } from "./measured-service.js";

export interface MeasuredService {
  readonly url: string;
  /** Forgets what was seen so far. */
  begin(): Promise<void>;
  seen(): Promise<Seen>;
  stop(): Promise<void>;
  /** Ends it at once, as a failing machine would. */
  kill(): Promise<void>;
}

export async function startMeasuredService(environment: NodeJS.ProcessEnv): Promise<MeasuredService> {
  const program = fileURLToPath(new URL("./measured-service.js", import.meta.url));
  const child = fork(program, { env: environment, execArgv: ["--expose-gc", "--disable-proto=delete"] });
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  const { url } = await answer<{ readonly url: string }>(child);
  const ask = async <Answer>(question: string): Promise<Answer> => {
    const answered = answer<Answer>(child);
    child.send(question);
    return answered;
  };
  const ended = async (how: () => void): Promise<void> => {
    const closed = once(child, "exit");
    how();
    await closed;
    process.off("exit", end);
  };
  return {
    url,
    async begin() {
      await ask("begin");
    },
    seen: () => ask<Seen>("seen"),
    stop: () => ended(() => child.send("stop")),
    kill: () => ended(end),
  };
}

async function answer<Answer>(child: ChildProcess): Promise<Answer> {
  const answered = new AbortController();
  const { signal } = answered;
  const gone = once(child, "exit", { signal }).then(([code]) => {
    throw new Error(`the service ended with ${code}`);
  });
  try {
    const [message] = await Promise.race([once(child, "message", { signal }), gone]);
    return message as Answer;
  } finally {
    // whichever did not come is listened for no more
    gone.catch(() => undefined);
    answered.abort();
  }
}
