/** Look-ups of the same kind that requests ask for at the same time, as one statement. */
import { createBatches } from "../model/batches.js";
import type { ConnectionId, DirectoryUserId } from "../model/ids.js";
import { pushTo } from "../model/push-to.js";
import type { DirectoryReader, DirectoryUserRow, GroupOfUser } from "../provisioning/ports/directory.js";
import type { TenantReader } from "../provisioning/ports/store.js";
import { readDirectoryUsers } from "./directory-users.js";
import type { Scope } from "./scope.js";

/** People whom one statement reads. */
const MOST = 500;
/** Each has hundreds of groups, maybe: what comes back is long, and keeps everybody else waiting while it is read. */
const MOST_WITH_GROUPS = 20;

/**
 * The reader with its most frequent look-ups coalesced. INVARIANT: the statement that answers begins after it was asked for,
 * so that nobody reads what was before a write that was answered already.
 */
export function coalesced(reader: TenantReader, scope: Scope): TenantReader {
  const rows = createBatches<DirectoryUserId, DirectoryUserRow | undefined>({ most: MOST, atOnce: 1 });
  const groups = createBatches<readonly DirectoryUserId[], readonly GroupOfUser[]>({
    most: MOST_WITH_GROUPS,
    weightOf: (users) => users.length,
    atOnce: 1,
  });
  const otherwise: Pick<DirectoryReader, "directoryUser" | "groupsOf"> = {
    async directoryUser(connection, id, adoptable) {
      const own = await rows.join(connection, id, (ids) => usersById(scope, connection, ids));
      return own ?? (adoptable && reader.directoryUser(connection, id, adoptable));
    },
    groupsOf: (users) => groups.join("", users, (lists) => groupsByList(reader, lists)),
  };
  return Object.create(reader, Object.getOwnPropertyDescriptors(otherwise));
}

async function usersById(
  scope: Scope,
  connection: ConnectionId,
  ids: readonly DirectoryUserId[],
): Promise<readonly (DirectoryUserRow | undefined)[]> {
  const found = new Map((await readDirectoryUsers(scope, connection, ids)).map((row) => [row.id, row]));
  return ids.map((id) => found.get(id));
}

async function groupsByList(
  reader: TenantReader,
  lists: readonly (readonly DirectoryUserId[])[],
): Promise<readonly (readonly GroupOfUser[])[]> {
  const [only, ...others] = lists;
  if (only !== undefined && others.length === 0) return [await reader.groupsOf(only)];
  const byUser = new Map<DirectoryUserId, GroupOfUser[]>();
  for (const one of await reader.groupsOf([...new Set(lists.flat())])) pushTo(byUser, one.user, one);
  return lists.map((list) => [...new Set(list)].flatMap((user) => byUser.get(user) ?? []));
}
