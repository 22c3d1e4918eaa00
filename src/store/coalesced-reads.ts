/** Look-ups of the same kind that requests ask for at the same time, as one statement. */
import { createBatches, type Gathering } from "../model/batches.js";
import type { ConnectionId, DirectoryUserId } from "../model/ids.js";
import { pushTo } from "../model/push-to.js";
import type { DirectoryReader, DirectoryUserRow, GroupOfUser } from "../provisioning/ports/directory.js";
import { soughtName } from "../provisioning/ports/sought-name.js";
import type { TenantReader } from "../provisioning/ports/store.js";
import { readDirectoryUsers, type UserLookUp } from "./directory-users.js";
import type { Scope } from "./scope.js";
import { refuseUnstorable } from "./values.js";

/** People whom one statement reads. */
const MOST = 500;
/** Each has hundreds of groups, maybe: what comes back is long, and keeps everybody else waiting while it is read. */
const MOST_WITH_GROUPS = 20;

/**
 * The reader with its most frequent look-ups coalesced. INVARIANT: the statement that answers begins after it was asked for,
 * so that nobody reads what was before a write that was answered already.
 */
export function coalesced(reader: TenantReader, scope: Scope, gathering: Gathering): TenantReader {
  const limits = { atOnce: 1, gathering };
  const rows = createBatches<string, DirectoryUserRow | undefined>({ ...limits, most: MOST });
  const rowsWithGroups = createBatches<string, DirectoryUserRow | undefined>({ ...limits, most: MOST_WITH_GROUPS });
  const find = (connection: ConnectionId, key: string, how: UserLookUp) =>
    (how.withGroups ? rowsWithGroups : rows).join(`${connection} ${how.by}`, key, (keys) =>
      usersByKey(scope, connection, keys, how),
    );
  const groups = createBatches<readonly DirectoryUserId[], readonly GroupOfUser[]>({
    ...limits,
    most: MOST_WITH_GROUPS,
    weightOf: (users) => users.length,
  });
  const otherwise: Pick<DirectoryReader, "directoryUser" | "directoryUsers" | "groupsOf"> = {
    async directoryUser(connection, id, adoptable, withGroups = false) {
      const own = await find(connection, id, { by: "id", withGroups });
      return own ?? (adoptable && reader.directoryUser(connection, id, adoptable));
    },
    async directoryUsers(connection, query) {
      const userName = soughtName(query);
      if (userName === undefined) return reader.directoryUsers(connection, query);
      // INVARIANT: refused alone, before it is asked for together with others
      refuseUnstorable(userName);
      const { adoptable, withGroups = false } = query;
      const own = await find(connection, userName, { by: "user_name_folded", withGroups });
      if (own !== undefined) return { total: 1, rows: [own] };
      return adoptable === undefined ? { total: 0, rows: [] } : reader.directoryUsers(connection, query);
    },
    groupsOf: (users) => groups.join("", users, (lists) => groupsByList(reader, lists)),
  };
  return Object.create(reader, Object.getOwnPropertyDescriptors(otherwise));
}

async function usersByKey(
  scope: Scope,
  connection: ConnectionId,
  keys: readonly string[],
  how: UserLookUp,
): Promise<readonly (DirectoryUserRow | undefined)[]> {
  const rows = await readDirectoryUsers(scope, connection, [...new Set(keys)], how);
  const found = new Map(rows.map(({ key, ...row }) => [key, row]));
  return keys.map((key) => found.get(key));
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
