/** What a PATCH does to a group's members, as differences: its cost never depends on the size of the group. */
export interface MemberOperation {
  readonly kind: "setMembers" | "addMembers" | "removeMembers";
  readonly members: readonly string[];
}

export interface MemberOperations {
  set(ids: readonly string[]): void;
  add(ids: readonly string[]): void;
  remove(ids: readonly string[]): void;
  /**
   * The net effect: one `setMembers`, or what is left of the removals and then of the additions.
   * INVARIANT: an id is in one of the two at most, so that their order does not change the outcome.
   */
  result(): readonly MemberOperation[];
}

/** Collects operations in the order they come; linear in the ids named. */
export function memberOperations(): MemberOperations {
  let whole: Set<string> | undefined;
  const added = new Set<string>();
  const removed = new Set<string>();
  return {
    set(ids) {
      whole = new Set(ids);
    },
    add(ids) {
      for (const id of ids) {
        removed.delete(id);
        (whole ?? added).add(id);
      }
    },
    remove(ids) {
      for (const id of ids) {
        if (whole !== undefined) whole.delete(id);
        else {
          added.delete(id);
          removed.add(id);
        }
      }
    },
    result() {
      if (whole !== undefined) return [{ kind: "setMembers", members: [...whole] }];
      const operations: MemberOperation[] = [];
      if (removed.size > 0) operations.push({ kind: "removeMembers", members: [...removed] });
      if (added.size > 0) operations.push({ kind: "addMembers", members: [...added] });
      return operations;
    },
  };
}
