import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A program of the bench as a process of its own, which talks by messages. */
export interface Program<Ready> {
  /** Its first message. */
  readonly ready: Ready;
  ask<Answer>(question: string): Promise<Answer>;
  /** Tells it to stop, and waits until it has. */
  stop(): Promise<void>;
  /** Ends it at once, as a failing machine would. */
  kill(): Promise<void>;
}

export interface ProgramOptions {
  readonly args?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  readonly execArgv?: readonly string[];
  /** Where standard error goes: a file that is open, or this process's own. */
  readonly log?: number;
}

/** `program` is relative to the bench's folder, without an ending. It gets `stop` as a message at its end. */
export async function startProgram<Ready>(
  program: string,
  { args = [], environment = process.env, execArgv = [], log }: ProgramOptions = {},
): Promise<Program<Ready>> {
  const child = fork(fileURLToPath(new URL(`../${program}.js`, import.meta.url)), [...args], {
    env: environment,
    execArgv: ["--disable-proto=delete", ...execArgv],
    stdio: ["ignore", "inherit", log ?? "inherit", "ipc"],
  });
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  const ready = await answer<Ready>(child);
  const ended = async (how: () => void): Promise<void> => {
    const closed = once(child, "exit");
    how();
    await closed;
    process.off("exit", end);
  };
  return {
    ready,
    async ask<Answer>(question: string): Promise<Answer> {
      const answered = answer<Answer>(child);
      child.send(question);
      return answered;
    },
    stop: () => ended(() => child.send("stop")),
    kill: () => ended(end),
  };
}

async function answer<Answer>(child: ChildProcess): Promise<Answer> {
  const answered = new AbortController();
  const { signal } = answered;
  const gone = once(child, "exit", { signal }).then(([code]) => {
    throw new Error(`a program of the bench ended with ${code}`);
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
