/** What a pushed group does to the names of the active mapping: it takes them, contends for them, keeps them when renamed, frees them. */
import { ownNames } from "../engine/pins/group-pins.js";
import type { Connection } from "../model/connection.js";
import type { DirectoryGroupId, Instant } from "../model/ids.js";
import type { DirectoryGroupRecord } from "../model/person.js";
import type { PinOutcome } from "./ports/pins.js";
import type { TenantWriter } from "./ports/store.js";

type Names = Pick<DirectoryGroupRecord, "displayName" | "idpMappingNames">;
type Pinned = Pick<Connection, "id" | "slug" | "sync">;

/**
 * `group.renamed`: a group that holds names is called something else, and goes on by what it holds. `group.name_taken`: it
 * bears a name that another group holds, or that it may not take beside the one it holds. `pin.moved`: it took a name over.
 */
export interface PinNotice {
  readonly type: "group.renamed" | "group.name_taken" | "pin.moved";
  readonly data: {
    readonly connection: string;
    readonly group: string;
    readonly displayName: string;
    /** The name of the mapping, or the names that it holds. */
    readonly name?: string;
    readonly names?: readonly string[];
    readonly formerName?: string;
    /** What is privileged waits until an admin confirms it. */
    readonly waiting?: boolean;
  };
}

/** Whether rules that name the group could know it by another name than before. */
export function isRenamed(before: Names, after: Names): boolean {
  return ownNames(before).join("\u0000") !== ownNames(after).join("\u0000");
}

/** Takes and contends for names of a group that was just made. The caller has made it, and so holds the connection's pins. */
export async function pinNewGroup(
  tx: TenantWriter,
  connection: Pinned,
  group: DirectoryGroupId,
  document: Names,
  now: Instant,
): Promise<readonly PinNotice[]> {
  const outcomes = await tx.claimNames(connection.id, group, ownNames(document), now);
  return outcomes.flatMap((one) => noticeOf(connection, one, document.displayName));
}

/**
 * A group that holds a name keeps it, and takes no other; one that holds none goes by its new names. The caller has written
 * the group, and so holds the connection's pins.
 */
export async function pinRenamedGroup(
  tx: TenantWriter,
  connection: Pinned,
  group: DirectoryGroupId,
  before: Names,
  after: Names,
  now: Instant,
): Promise<readonly PinNotice[]> {
  const held = await tx.leaveNames(group, ownNames(after));
  const outcomes = await tx.claimNames(connection.id, group, ownNames(after), now);
  const notices = outcomes.flatMap((one) => noticeOf(connection, one, after.displayName));
  if (held.length === 0) return notices;
  const { displayName } = after;
  const data = { connection: connection.slug, group, displayName, formerName: before.displayName, names: held };
  return [{ type: "group.renamed", data }, ...notices];
}

/**
 * Frees what a deleted group held. A group that contends for a name takes it at once, and others that come later may; both
 * wait for an admin where the deleted one was evidence.
 */
export async function freeDeletedGroup(
  tx: TenantWriter,
  connection: Pinned,
  group: DirectoryGroupId,
  now: Instant,
): Promise<{ readonly notices: readonly PinNotice[]; readonly heirs: readonly DirectoryGroupId[] }> {
  const wasEvidence = connection.sync === "live";
  const freed = await tx.freeNames(connection.id, group, wasEvidence);
  const outcomes = await tx.inheritNames(connection.id, freed, wasEvidence ? "waiting" : "held", now);
  return {
    notices: outcomes.flatMap((one) => noticeOf(connection, one, one.name)),
    heirs: [...new Set(outcomes.map((one) => one.group))],
  };
}

/** Nothing is said of a first match. */
function noticeOf({ slug }: Pinned, { name, group, state }: PinOutcome, displayName: string): readonly PinNotice[] {
  if (state === "held") return [];
  const data = { connection: slug, group, displayName, name };
  if (state === "contends") return [{ type: "group.name_taken", data }];
  return [{ type: "pin.moved", data: { ...data, waiting: true } }];
}
