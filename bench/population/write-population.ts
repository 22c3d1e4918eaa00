/** Writes a generated population into the directory and access ledgers, by bulk statements over the store's own dialects. */

import { asciiLower, fold } from "../../src/model/fold.js";
import type { ConnectionId, TenantId } from "../../src/model/ids.js";
import { userFacts } from "../../src/protocols/scim/user-facts.js";
import type { Database } from "../../src/store/database.js";
import { bigint, type RowType, text } from "../../src/store/dialect.js";
import { type Fragment, type Sql, sql, type Value, verbatim } from "../../src/store/sql.js";
import { groupName, type Shape, type ShapedUser, shapedUser } from "./shape.js";

export interface Place {
  readonly database: Database;
  readonly tenant: TenantId;
  readonly connection: ConnectionId;
  readonly newId: () => string;
  /** Epoch milliseconds of everything that is written. */
  readonly at: number;
}

const BATCH = 2000;
const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

type Row = Readonly<Record<string, Value>>;

/** Groups first, then people with rows, links and memberships; ends with the totals that the store keeps. */
export async function writePopulation(place: Place, shape: Shape, progress: (done: number) => void): Promise<void> {
  const groups = await writeGroups(place, shape);
  for (let from = 0; from < shape.users; from += BATCH) {
    const to = Math.min(shape.users, from + BATCH);
    await place.database.transaction((tx) => writePeople(place, tx, shape, groups, from, to));
    progress(to);
  }
  await writeTotals(place);
}

async function insert(place: Place, tx: Sql, table: string, types: Types, rows: readonly Row[]): Promise<void> {
  const { dialect } = place.database;
  const columns = Object.keys(types);
  const values = columns.map((name) => columnOf(dialect, name, types[name] ?? "text"));
  await tx.run(
    sql`insert into ${verbatim(`${table} (tenant_id, ${columns.join(", ")})`)}
      select ${bigint(place.tenant)}, ${verbatim(values.map((value) => value.text).join(", "))}
      from ${dialect.rows(rowTypes(types), rows)} as r order by r.ordinal`,
  );
}

type ColumnKind = RowType | "json" | "document";
type Types = Readonly<Record<string, ColumnKind>>;

function rowTypes(types: Types): Readonly<Record<string, RowType>> {
  return Object.fromEntries(
    Object.entries(types).map(([name, kind]) => [name, kind === "json" || kind === "document" ? "text" : kind]),
  );
}

function columnOf(dialect: Database["dialect"], name: string, kind: ColumnKind): Fragment {
  const column = verbatim(`r.${name}`);
  if (kind === "json") return dialect.json(column);
  return kind === "document" ? dialect.document(column) : column;
}

const GROUP_TYPES: Types = {
  ...{ id: "text", connection_id: "text", display_name: "text", display_name_folded: "text", external_id: "text" },
  ...{ idp_mapping_names: "json", resource: "json", search: "document", version: "bigint", fills: "bigint" },
  ...{ first_membership_at: "bigint", created_at: "bigint", modified_at: "bigint" },
};

/** Ids by position. */
async function writeGroups(place: Place, shape: Shape): Promise<readonly string[]> {
  const { connection, at } = place;
  const ids = Array.from({ length: shape.groups }, () => place.newId());
  const rows = ids.map((id, index) => {
    const displayName = groupName(index);
    const resource = { schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"], displayName };
    return {
      ...{ id, connection_id: connection, display_name: displayName, display_name_folded: fold(displayName) },
      ...{ external_id: `ext-${index}`, idp_mapping_names: "[]", resource: JSON.stringify(resource) },
      ...{ search: JSON.stringify({ displayName: fold(displayName) }), version: 1, fills: 1 },
      ...{ first_membership_at: at, created_at: at, modified_at: at },
    };
  });
  await place.database.transaction((tx) => insert(place, tx, "directory_groups", GROUP_TYPES, rows));
  return ids;
}

const USER_TYPES: Types = {
  ...{ id: "text", user_name: "text", user_name_folded: "text", email: "text", email_folded: "text" },
  ...{
    display_name: "text",
    given_name: "text",
    family_name: "text",
    search_text: "text",
    status: "text",
    ever_registered: "boolean",
  },
  ...{ facts_version: "bigint", seat: "boolean", created_at: "bigint" },
};
const ROW_TYPES: Types = {
  ...{ id: "text", connection_id: "text", user_name: "text", user_name_folded: "text", user_name_ascii: "text" },
  ...{ external_id: "text", subject: "text", display_name: "text", scim_resource: "json", scim_search: "document" },
  ...{ scim_attributes: "json", scim_app_roles: "json", scim_active: "boolean", scim_created_at: "bigint" },
  ...{ scim_version: "bigint", version: "bigint", claims: "json", claims_version: "bigint", created_at: "bigint" },
  ...{ modified_at: "bigint" },
};
const LINK_TYPES: Types = {
  ...{ id: "text", directory_user_id: "text", user_id: "text", connection_id: "text", linked_by: "text" },
  ...{ linked_at: "bigint" },
};
const MEMBER_TYPES: Types = { group_id: "text", directory_user_id: "text", created_at: "bigint", place: "bigint" };

async function writePeople(
  place: Place,
  tx: Sql,
  shape: Shape,
  groups: readonly string[],
  from: number,
  to: number,
): Promise<void> {
  const { connection: connection_id, newId, at } = place;
  const people = Array.from({ length: to - from }, (_, index) => ({
    ...{ user: newId(), row: newId(), link: newId() },
    position: from + index,
    shaped: shapedUser(shape, from + index),
  }));
  const users = people.map(({ user, shaped }) => userRow(user, shaped, at));
  await insert(place, tx, "users", USER_TYPES, users);
  const rows = people.map(({ row, position, shaped }) => directoryRow(place, row, position, shaped));
  await insert(place, tx, "directory_users", ROW_TYPES, rows);
  const links = people.map(({ link, row, user }) => {
    return { id: link, directory_user_id: row, user_id: user, connection_id, linked_by: "created", linked_at: at };
  });
  await insert(place, tx, "identity_links", LINK_TYPES, links);
  const members = people.flatMap(({ row, shaped }) =>
    shaped.groups.map((group) => ({
      ...{ group_id: groups[group] ?? "", directory_user_id: row, created_at: at, place: 0 },
    })),
  );
  // in the order of the table's key, which is how a database likes it best
  members.sort((a, b) => (a.group_id < b.group_id ? -1 : a.group_id > b.group_id ? 1 : 0));
  await insert(place, tx, "directory_memberships", MEMBER_TYPES, members);
}

function userRow(id: string, { userName, givenName, familyName }: ShapedUser, at: number): Row {
  const display = `${givenName} ${familyName}`;
  return {
    ...{ id, user_name: userName, user_name_folded: fold(userName), email: userName, email_folded: fold(userName) },
    ...{ display_name: display, given_name: givenName, family_name: familyName },
    ...{ search_text: fold([userName, userName, display].join("\n")), status: "registered" },
    ...{ ever_registered: true, facts_version: 1, seat: true, created_at: at },
  };
}

function directoryRow({ connection, at }: Place, id: string, position: number, shaped: ShapedUser): Row {
  const { userName, givenName, familyName, department, title, country, costCenter } = shaped;
  const externalId = `e${position}`;
  const resource = {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
    // as in the column: a write without it would take it away, which is a change of names
    ...{ externalId, userName, displayName: `${givenName} ${familyName}`, active: true, title },
    name: { givenName, familyName },
    emails: [{ value: userName, primary: true }],
    addresses: [{ country, primary: true }],
    [ENTERPRISE]: { department, costCenter },
  };
  const { attributes, appRoles } = userFacts(resource);
  return {
    ...{ id, connection_id: connection, user_name: userName, user_name_folded: fold(userName) },
    ...{ user_name_ascii: asciiLower(userName), external_id: externalId },
    ...{ subject: shaped.hasClaims ? externalId : null, display_name: resource.displayName },
    ...{ scim_resource: JSON.stringify(resource), scim_search: JSON.stringify({ userName: fold(userName) }) },
    ...{ scim_attributes: JSON.stringify(attributes), scim_app_roles: JSON.stringify(appRoles), scim_active: true },
    ...{ scim_created_at: at, scim_version: 1, version: 1, claims: shaped.hasClaims ? claimsOf(shaped, at) : null },
    ...{ claims_version: shaped.hasClaims ? 1 : 0, created_at: at, modified_at: at },
  };
}

function claimsOf({ groups, costCenter }: ShapedUser, at: number): string {
  const instant = new Date(at).toISOString();
  return JSON.stringify({
    attributes: {},
    groups: { value: groups.map(groupName), at: instant },
    claims: { costcenter: [costCenter] },
    at: instant,
  });
}

async function writeTotals({ database, tenant, connection, at }: Place): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.run(
      sql`update directory_groups set member_count = (select count(*) from directory_memberships m
        where m.tenant_id = directory_groups.tenant_id and m.group_id = directory_groups.id) where tenant_id = ${tenant}`,
    );
    const people = sql`(select count(*) from users where tenant_id = ${tenant})`;
    await tx.run(
      sql`update connection_counters set live_users = ${people}, registered_synced = ${people},
          live_groups = (select count(*) from directory_groups where tenant_id = ${tenant}), groups_version = groups_version + 1
        where tenant_id = ${tenant} and connection_id = ${text(connection)}`,
    );
    await tx.run(sql`update tenants set seats_used = ${people} where id = ${tenant}`);
    await tx.run(
      sql`update connections set first_group_push_at = ${bigint(at)} where tenant_id = ${tenant} and id = ${text(connection)}`,
    );
  });
}
