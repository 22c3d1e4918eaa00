/** Subjects owns what people are evaluated by, as it is read for a batch of them. */
import type { ConnectionId, UserId } from "../model/ids.js";
import type { PersonState } from "../model/person.js";
import { linksOf, type StoredLink } from "./gather.js";
import type { Standing } from "./ports/access.js";
import type { TenantReader, TenantWriter } from "./ports/store.js";

/**
 * People with what they are judged by. INVARIANT: the people were read before everything else of it, or at the same moment: whatever
 * moves meanwhile raises a version that apply compares with theirs.
 */
export interface Subjects {
  readonly states: readonly PersonState[];
  readonly links: readonly StoredLink[];
  readonly standing: Standing;
  /** Of the connection whose push it was, where it was read with the others. */
  readonly groups?: GroupsVersion;
}

/** How new a connection's groups are at least. */
export interface GroupsVersion {
  readonly connection: ConnectionId;
  readonly version: number;
}

export async function readSubjects(reader: TenantReader, ids: readonly UserId[]): Promise<Subjects> {
  const states = await reader.people(ids);
  const [standing, links] = await Promise.all([reader.standing(), linksOf(reader, states)]);
  return { states, links, standing };
}

/**
 * The same at the end of the transaction that stored their facts: nobody has to look for them again once it is committed. Good for
 * nothing if it is not. `undefined` where a service account is among them, of which more is read.
 */
export async function subjectsWritten(
  tx: TenantWriter,
  ids: readonly UserId[],
  connection: ConnectionId,
): Promise<Subjects | undefined> {
  const [states, standing, links, version] = await Promise.all([
    tx.people(ids),
    tx.standing(),
    tx.links(ids),
    tx.groupsVersion(connection),
  ]);
  if (states.some(({ serviceAccount }) => serviceAccount)) return undefined;
  return { states, links, standing, groups: { connection, version } };
}
