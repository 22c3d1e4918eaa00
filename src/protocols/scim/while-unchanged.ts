import { Refusal } from "../../model/problem.js";
import { ScimError } from "./errors.js";

const ATTEMPTS = 20;

/**
 * Runs a read-change-write again when somebody else wrote in between. INVARIANT: no change is lost: each attempt reads
 * the row anew, and the write is refused when the row is not the one that was read (BUG-19).
 */
export async function whileUnchanged<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = ATTEMPTS; left > 0; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Refusal && error.code === "version_conflict")) throw error;
    }
  }
  throw new ScimError("conflict", "the resource is being changed by many requests at once: try again");
}
