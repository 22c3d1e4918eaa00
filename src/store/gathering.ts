/** Owns the moment in which requests come: those that stand in the sockets together are read together. */
import type { Gathering } from "../model/batches.js";

/** Turns of the event loop that the first one waits at most, however many come behind it. */
const MOST_TURNS = 4;

/**
 * A moment ends with the first turn of the event loop in which nobody came. Whoever waits for the same moment goes on in the same
 * turn, so that look-ups of several kinds go to the database together.
 */
export function createGathering(): Gathering {
  let came = 0;
  let moment: Promise<void> | undefined;
  const pass = async (): Promise<void> => {
    for (let turn = 0, before = -1; turn < MOST_TURNS && came !== before; turn++) {
      before = came;
      await new Promise((resolve) => setImmediate(resolve));
    }
    moment = undefined;
  };
  return {
    come() {
      came += 1;
    },
    passed() {
      moment ??= pass();
      return moment;
    },
  };
}
