import { startProgram } from "../measure/start-program.js";
import type { Contest } from "./contest-shape.js";

/** A server that is measured beside the others, in a process of its own. */
export interface Contestant {
  readonly name: string;
  /** What SCIM paths are put behind. */
  readonly url: string;
  readonly token: string;
  /** Ids of the people by their positions. */
  readonly ids: readonly string[];
  rssMegabytes(): Promise<number>;
  stop(): Promise<void>;
}

/** What a program of the contest says when it serves. */
export interface Ready {
  readonly url: string;
  readonly ids: readonly string[];
}

export async function startContestant(name: string, program: string, contest: Contest): Promise<Contestant> {
  const { ready, ask, stop } = await startProgram<Ready>(program, { args: [JSON.stringify(contest)] });
  return { name, token: "any", ...ready, rssMegabytes: () => ask<number>("rss"), stop };
}
