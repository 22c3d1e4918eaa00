/** Lists of the directory ledger: filtered and sorted by the database, with totals that are kept where nothing filters. */
import type { ConnectionId } from "../model/ids.js";
import { inBreaths } from "../platform/in-breaths.js";
import type { Adoptable } from "../provisioning/ports/adoption.js";
import type { CustomResourceReader } from "../provisioning/ports/custom-resources.js";
import type { DirectoryList, DirectoryQuery, DirectoryReader, ListPosition } from "../provisioning/ports/directory.js";
import type { ServiceAccountReader } from "../provisioning/ports/service-accounts.js";
import { adoptableGroup, adoptableUser } from "./adoptable.js";
import { CUSTOM_COLUMNS, customResourceOf } from "./custom-resources.js";
import {
  directoryGroupOf,
  directoryUserOf,
  GROUP_COLUMNS,
  type GroupColumns,
  type ResourceColumns,
  USER_COLUMNS,
} from "./directory-rows.js";
import { behindSql, type FilterSource, filterSql, orderSql, type SortKeys, sortKeys } from "./filter.js";
import type { Scope } from "./scope.js";
import { type Fragment, NOTHING, one, sql, verbatim } from "./sql.js";

type ListReader = Pick<DirectoryReader, "directoryUsers" | "directoryGroupsList"> &
  Pick<CustomResourceReader, "customResources"> &
  Pick<ServiceAccountReader, "directoryServiceAccounts">;

/** INVARIANT: membership rows are found through the outer row's tenant. */
const USERS: FilterSource = {
  document: verbatim("u.scim_search"),
  id: verbatim("u.id"),
  columns: {
    id: { expression: verbatim("u.id"), type: "text", always: true },
    externalId: { expression: verbatim("u.external_id"), type: "text" },
    userName: { expression: verbatim("u.user_name_folded"), type: "text", always: true },
    active: { expression: verbatim("u.scim_active"), type: "flag" },
    "meta.created": { expression: verbatim("coalesce(u.scim_created_at, u.created_at)"), type: "number", always: true },
    "meta.lastModified": { expression: verbatim("u.modified_at"), type: "number", always: true },
  },
  rows: {
    groups: [
      {
        from: verbatim(
          "select 1 from directory_memberships m where m.tenant_id = u.tenant_id and m.directory_user_id = u.id",
        ),
        value: verbatim("m.group_id"),
        type: verbatim("'direct'"),
      },
    ],
  },
};

const GROUPS: FilterSource = {
  document: verbatim("g.search"),
  id: verbatim("g.id"),
  columns: {
    id: { expression: verbatim("g.id"), type: "text", always: true },
    externalId: { expression: verbatim("g.external_id"), type: "text" },
    displayName: { expression: verbatim("g.display_name_folded"), type: "text", always: true },
    "meta.created": { expression: verbatim("g.created_at"), type: "number", always: true },
    "meta.lastModified": { expression: verbatim("g.modified_at"), type: "number", always: true },
  },
  rows: {
    members: [
      {
        from: verbatim("select 1 from directory_memberships m where m.tenant_id = g.tenant_id and m.group_id = g.id"),
        value: verbatim("m.directory_user_id"),
        type: verbatim("'user'"),
      },
      {
        from: verbatim("select 1 from directory_nestings n where n.tenant_id = g.tenant_id and n.group_id = g.id"),
        value: verbatim("n.nested_id"),
        type: verbatim("'group'"),
      },
    ],
  },
};

const CUSTOM: FilterSource = {
  document: verbatim("x.search"),
  id: verbatim("x.id"),
  columns: {
    id: { expression: verbatim("x.id"), type: "text", always: true },
    "meta.created": { expression: verbatim("x.created_at"), type: "number", always: true },
    "meta.lastModified": { expression: verbatim("x.modified_at"), type: "number", always: true },
  },
  rows: {},
};

const SERVICE_ACCOUNTS: FilterSource = {
  document: verbatim("a.scim_search"),
  id: verbatim("a.id"),
  columns: {
    id: { expression: verbatim("a.id"), type: "text", always: true },
    externalId: { expression: verbatim("a.external_id"), type: "text" },
    userName: { expression: verbatim("a.user_name_folded"), type: "text", always: true },
    active: { expression: verbatim("a.active"), type: "flag", always: true },
    "meta.created": { expression: verbatim("a.created_at"), type: "number", always: true },
    "meta.lastModified": { expression: verbatim("a.modified_at"), type: "number", always: true },
  },
  rows: {},
};

interface Listed<Columns, Row> {
  readonly source: FilterSource;
  readonly alias: Fragment;
  readonly table: Fragment;
  readonly columns: Fragment;
  readonly live: Fragment;
  /** The counter of all live rows; without it they are counted. */
  readonly kept?: Fragment;
  readonly row: (columns: Columns, connection: ConnectionId) => Row;
  /** What the connection may take over beside its own rows. */
  readonly adoptable?: (scope: Scope, adoptable: Adoptable) => Fragment | undefined;
  /** By which these are filtered, where they are shown with less than own rows. */
  readonly adoptableSource?: FilterSource;
}

const LISTED_USERS: Listed<ResourceColumns, ReturnType<typeof directoryUserOf>> = {
  source: USERS,
  alias: verbatim("u"),
  table: verbatim("directory_users u"),
  columns: USER_COLUMNS,
  live: verbatim("u.deleted_at is null and u.scim_resource is not null"),
  kept: verbatim("live_users"),
  row: directoryUserOf,
  adoptable: (scope, adoptable) => (adoptable.domains.length > 0 ? adoptableUser(scope, adoptable) : undefined),
};

const LISTED_GROUPS: Listed<GroupColumns, ReturnType<typeof directoryGroupOf>> = {
  source: GROUPS,
  alias: verbatim("g"),
  table: verbatim("directory_groups g"),
  columns: GROUP_COLUMNS,
  live: verbatim("g.deleted_at is null"),
  kept: verbatim("live_groups"),
  row: directoryGroupOf,
  adoptable: (scope) => adoptableGroup(scope),
  // they are shown without members, and so found by none
  adoptableSource: { ...GROUPS, rows: { members: [] } },
};

const LISTED_SERVICE_ACCOUNTS: Listed<ResourceColumns, ReturnType<typeof directoryUserOf>> = {
  source: SERVICE_ACCOUNTS,
  alias: verbatim("a"),
  table: verbatim("service_accounts a"),
  columns: verbatim("a.id, a.scim_resource as resource, a.version, a.created_at, a.modified_at"),
  live: verbatim("a.deleted_at is null and a.scim_resource is not null"),
  row: directoryUserOf,
};

/** `type` is one of the operator's resource types. */
function listedCustom(type: string): Listed<ResourceColumns, ReturnType<typeof customResourceOf>> {
  return {
    source: CUSTOM,
    alias: verbatim("x"),
    table: verbatim("custom_resources x"),
    columns: CUSTOM_COLUMNS,
    live: sql`x.type = ${type}`,
    row: customResourceOf,
  };
}

interface PlaceColumns {
  readonly id: string;
  readonly sort_number: number | null;
  readonly sort_text: string | null;
}

async function list<Columns extends { readonly id: string }, Row>(
  scope: Scope,
  listed: Listed<Columns, Row>,
  connection: ConnectionId,
  query: DirectoryQuery,
): Promise<DirectoryList<Row>> {
  const { tenant, sql: db, dialect } = scope;
  const { source, alias, table, columns, live, kept } = listed;
  const conditionOf = (of: FilterSource) =>
    query.filter === undefined ? NOTHING : sql` and (${filterSql(dialect, of, query.filter)})`;
  const from = sql`from ${table} where ${alias}.tenant_id = ${tenant} and ${alias}.connection_id = ${connection}
    and ${live}${conditionOf(source)}`;
  const keys = sortKeys(dialect, source, query.sort);
  const order = orderSql(keys, source.id);
  const { beyond, places, limit } = walkSql(keys, source.id, query);
  const local = query.adoptable && listed.adoptable?.(scope, query.adoptable);
  const fromLocal = sql`from ${table} where ${local ?? NOTHING}${conditionOf(listed.adoptableSource ?? source)}`;
  const first = (of: Fragment) =>
    sql`select ${source.id} as id ${of}${beyond} order by ${order} limit ${limit + query.offset}`;
  const alsoLocal = sql` union all select id from (${first(fromLocal)}) as made`;
  const page = sql` limit ${limit} offset ${query.offset}`;
  const read =
    query.limit === 0
      ? []
      : await db.all<Columns & PlaceColumns>(
          // ids first, from an index alone: rows that are passed over are never read. INVARIANT: nothing is passed over where
          // the filter stands: SQLite 3.52 counts a row there as often as an `exists` of its filter matches.
          sql`select ${columns}${places} from ${table} where ${alias}.tenant_id = ${tenant} and ${source.id} in
            (select id from (${first(from)}) as found${local === undefined ? page : alsoLocal})
            order by ${order}${local === undefined ? NOTHING : page}`,
        );
  const shown = read.slice(0, query.limit);
  const more = read.length > shown.length;
  const answer = {
    rows: await inBreaths(shown, (row) => listed.row(row, connection)),
    ...(query.walk && { walked: { positions: shown.map(positionOf), more } }),
  };
  const fromStart = query.walk === undefined ? shown.length > 0 || query.offset === 0 : query.walk === "start";
  if (fromStart && !more && shown.length < query.limit) return { total: query.offset + shown.length, ...answer };
  const madeByHand = local === undefined ? NOTHING : sql` + (select count(*) ${fromLocal})`;
  const counted = await one<{ readonly total: number }>(
    db,
    query.filter === undefined && kept !== undefined
      ? sql`select ${kept}${madeByHand} as total from connection_counters
          where tenant_id = ${tenant} and connection_id = ${connection}`
      : sql`select (select count(*) ${from})${madeByHand} as total`,
  );
  return { total: counted?.total ?? 0, ...answer };
}

/** A walk reads where its rows stand, and one row more than it shows. */
function walkSql(keys: SortKeys, id: Fragment, { walk, limit }: DirectoryQuery) {
  if (walk === undefined) return { beyond: NOTHING, places: NOTHING, limit };
  const { number = sql`null`, text = sql`null` } = keys;
  return {
    beyond: walk === "start" ? NOTHING : sql` and ${behindSql(keys, id, walk)}`,
    places: sql`, ${number} as sort_number, ${text} as sort_text`,
    limit: limit + 1,
  };
}

function positionOf({ id, sort_number: number, sort_text: text }: PlaceColumns): ListPosition {
  return { id, number, text };
}

export function directoryListReader(scope: Scope): ListReader {
  return {
    directoryUsers: (connection, query) => list(scope, LISTED_USERS, connection, query),
    directoryGroupsList: (connection, query) => list(scope, LISTED_GROUPS, connection, query),
    customResources: (connection, type, query) => list(scope, listedCustom(type), connection, query),
    directoryServiceAccounts: (connection, query) => list(scope, LISTED_SERVICE_ACCOUNTS, connection, query),
  };
}
