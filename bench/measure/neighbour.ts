/** Another tenant's requests, one after the other while something large goes on: how long each of them took. */
import type { Admin } from "./admin.js";

const PAUSE_MILLISECONDS = 10;

export interface Neighbour {
  /** Milliseconds of each request so far; ends the asking. */
  stop(): Promise<readonly number[]>;
}

/** Asks for a person, for why they hold what they hold (which evaluates them), and for a check, in turn. */
export function startNeighbour(admin: Admin, tenant: string, user: string): Neighbour {
  const paths = [`/users/${user}`, `/users/${user}/explain`, `/check?user=${user}&scope=tenant&role=owner`];
  const took: number[] = [];
  let stopped = false;
  const asking = (async () => {
    for (let turn = 0; !stopped; turn++) {
      const started = performance.now();
      await admin.call("GET", `/tenants/${tenant}${paths[turn % paths.length] ?? ""}`);
      took.push(performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await asking;
      return took;
    },
  };
}
