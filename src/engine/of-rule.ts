import { grouped } from "../model/grouped.js";
import type { ConnectionId } from "../model/ids.js";
import type { Target } from "../model/target.js";

interface OfRule {
  readonly rule?: string | { readonly id: string };
  readonly connection?: ConnectionId;
}

interface InScope {
  readonly target: Target;
}

// INVARIANT: lists of decisions and people are never changed once they are made.
const INDEXES = new WeakMap<readonly OfRule[], ReadonlyMap<string, readonly OfRule[]>>();

/** What a list has of one rule at one connection; a list is gone through once, however many rules are asked for. */
export function ofRule<T extends OfRule>(list: readonly T[], rule: string, connection: ConnectionId): readonly T[] {
  const index = INDEXES.get(list) ?? grouped(list as readonly OfRule[], keyOf);
  INDEXES.set(list, index);
  return (index.get(keyOf({ rule, connection })) ?? []) as readonly T[];
}

const BY_SCOPE = new WeakMap<readonly InScope[], ReadonlyMap<string, readonly InScope[]>>();

/** What a list has in one scope, found likewise. */
export function inScope<T extends InScope>(list: readonly T[], scope: string): readonly T[] {
  const index = BY_SCOPE.get(list) ?? grouped(list as readonly InScope[], ({ target }) => target.scope);
  BY_SCOPE.set(list, index);
  return (index.get(scope) ?? []) as readonly T[];
}

function keyOf({ rule, connection }: OfRule): string {
  return `${typeof rule === "object" ? rule.id : rule}\u0000${connection}`;
}
