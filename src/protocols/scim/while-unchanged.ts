import { Refusal } from "../../model/problem.js";
import { ScimError } from "./errors.js";
import { createTurns } from "./turns.js";

const ATTEMPTS = 20;

/**
 * Runs a read-change-write of a resource again when somebody else wrote in between. INVARIANT: no change is lost: each
 * attempt reads the row anew, and the write is refused when the row is not the one that was read (BUG-19).
 */
export type WhileUnchanged = <T>(resource: string, attempt: () => Promise<T>) => Promise<T>;

/**
 * Whoever lost once waits for those who lost before: however many requests of this process change one resource, each
 * gets through. Other processes may still be quicker, so a turn has several attempts.
 */
export function createWhileUnchanged(): WhileUnchanged {
  const inTurn = createTurns(1);
  return async (resource, attempt) => {
    const first = await unlessChanged(attempt);
    if (first !== CHANGED) return first;
    return inTurn(resource, async () => {
      for (let left = ATTEMPTS; left > 0; left--) {
        const result = await unlessChanged(attempt);
        if (result !== CHANGED) return result;
      }
      throw new ScimError("conflict", "the resource is being changed by many requests at once: try again");
    });
  };
}

const CHANGED = Symbol("changed");

async function unlessChanged<T>(attempt: () => Promise<T>): Promise<T | typeof CHANGED> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof Refusal && error.code === "version_conflict") return CHANGED;
    throw error;
  }
}
