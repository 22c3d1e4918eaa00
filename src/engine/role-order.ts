import { OWNER } from "../model/target.js";
import { compareText } from "./compare-text.js";

/** Compares roles by a document's `role_order`, lowest first. */
export interface RoleOrder {
  readonly isGiven: boolean;
  /** The listed position; unlisted roles rank below all listed ones, and `owner` above them unless it is listed. */
  rank(role: string): number;
  /** Positive when `a` ranks above `b`. Roles of one rank are ordered by name, so that the answer never depends on who asks. */
  compare(a: string, b: string): number;
  /** The rank that no role but `owner` can exceed. */
  readonly top: number;
}

/** `order`: role names as held, lowest first. */
export function roleOrder(order: readonly string[] | undefined): RoleOrder {
  const ranks = new Map((order ?? []).map((role, index) => [role, index]));
  const unlisted = (role: string) => (role === OWNER.role ? ranks.size : -1);
  const rank = (role: string) => ranks.get(role) ?? unlisted(role);
  return {
    isGiven: order !== undefined,
    rank,
    compare: (a, b) => rank(a) - rank(b) || compareText(a, b),
    top: ranks.size - 1,
  };
}
