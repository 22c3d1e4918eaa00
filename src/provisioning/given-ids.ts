/** Given ids owns what it takes that changes of one push refer to what others of it make: their ids are given beforehand (`newId`). */
import type { DirectoryChange } from "../model/directory.js";
import { Refusal } from "../model/problem.js";
import type { Written } from "./ingest-state.js";

/** Of a refused push with given ids. */
export interface GivenIdsDetail {
  /** Given to the change that is to blame. */
  readonly newId?: string;
  /** By the given ones, those of whom and what is known already. */
  readonly otherIds?: ReadonlyMap<string, string>;
}

function newIdOf(change: DirectoryChange): string | undefined {
  return "newId" in change ? change.newId : undefined;
}

/** Does what a change asks for; a refusal names the id that was given to it. */
export async function blaming<T>(change: DirectoryChange, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Refusal ? blamed(error, newIdOf(change)) : error;
  }
}

function blamed(refusal: Refusal, newId: string | undefined): Refusal {
  if (newId === undefined) return refusal;
  const more: GivenIdsDetail = { newId };
  return new Refusal(refusal.code, refusal.message, { ...refusal.detail, ...more });
}

/**
 * Refusal `version_conflict` where a change turned out to mean somebody or something known, whose id is another than the given
 * one: nothing holds, and the caller tries again with the ids that the refusal names.
 */
export function refuseOtherIds(changes: readonly DirectoryChange[], rows: readonly Written[]): void {
  const otherIds = new Map<string, string>();
  for (const [at, row] of rows.entries()) {
    const change = changes[at];
    const newId = change && newIdOf(change);
    if (row && newId !== undefined && row.id !== newId) otherIds.set(newId, row.id);
  }
  if (otherIds.size === 0) return;
  const detail: GivenIdsDetail = { otherIds };
  throw new Refusal("version_conflict", "what was to be made is known already: refer to it by its id", { ...detail });
}
