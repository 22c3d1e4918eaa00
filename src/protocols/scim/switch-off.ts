import { Refusal } from "../../model/problem.js";

/** What a value may be refused for that has nothing to do with switching off. */
const OF_VALUES: readonly string[] = ["uniqueness", "unknown_owner"];

/**
 * Writes; where the document switches off and one of its values is refused, `alone` writes nothing but that. A client that was
 * refused a change earlier sends it again with everything else, and whom it switches off must not stay in for it.
 */
export async function orSwitchOff<T>(
  { active }: { readonly active: boolean },
  write: () => Promise<T>,
  alone: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (refusal) {
    if (active || !(refusal instanceof Refusal) || !OF_VALUES.includes(refusal.code)) throw refusal;
    return alone();
  }
}
