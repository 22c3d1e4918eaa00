import { compileSchema } from "../platform/schemas.js";
import { Misuse } from "./command.js";

/**
 * What the command line brings, judged by a schema of the admin API, so that the two doors let the same things in; an end comes
 * out in UTC. Throws Misuse with every problem.
 */
export function checkedInput<Input extends { readonly expiresAt?: string }>(schema: string, given: object): Input {
  const checked = compileSchema<Input>(schema)(given);
  if (!checked.ok) {
    throw new Misuse(checked.problems.map(({ pointer, message }) => `${pointer.slice(1)} ${message}`).join("; "));
  }
  const { expiresAt } = checked.value;
  if (expiresAt === undefined) return checked.value;
  const millis = Date.parse(expiresAt);
  if (Number.isNaN(millis)) throw new Misuse("--expires-at is no instant that exists");
  return { ...checked.value, expiresAt: new Date(millis).toISOString() };
}
