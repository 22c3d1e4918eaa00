import type { Seen } from "./measured-service.js";
import { startProgram } from "./start-program.js";

export interface MeasuredService {
  readonly url: string;
  /** Forgets what was seen so far. */
  begin(): Promise<void>;
  seen(): Promise<Seen>;
  stop(): Promise<void>;
  /** Ends it at once, as a failing machine would. */
  kill(): Promise<void>;
}

export async function startMeasuredService(environment: NodeJS.ProcessEnv, log?: number): Promise<MeasuredService> {
  const { ready, ask, stop, kill } = await startProgram<{ readonly url: string }>("measure/measured-service", {
    environment,
    execArgv: ["--expose-gc"],
    ...(log !== undefined && { log }),
  });
  return {
    url: ready.url,
    async begin() {
      await ask("begin");
    },
    seen: () => ask<Seen>("seen"),
    ...{ stop, kill },
  };
}
