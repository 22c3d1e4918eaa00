/** People who are pushed at the same time, as sets: new ones who are strangers to their connection, and changed ones. */
import type { ScimUserDocument } from "../model/directory.js";
import { asciiLower } from "../model/fold.js";
import type { ConnectionId, DirectoryUserId, UserId } from "../model/ids.js";
import { NOTHING_SHOWN } from "../model/person.js";
import { Refusal } from "../model/problem.js";
import type { Changed, DirectoryWriter, Newcomer } from "../provisioning/ports/directory-writer.js";
import { bigint, type Dialect, type RowType, text } from "./dialect.js";
import { changedNames, LIVE_SCIM, writtenOf } from "./directory-rows.js";
import { scimColumns, WRITTEN, type WrittenColumns } from "./directory-users.js";
import type { Scope } from "./scope.js";
import { noSeats } from "./seats.js";
import { type Fragment, join, sql, type Value, verbatim } from "./sql.js";
import { namedColumns } from "./users.js";
import { toMillis } from "./values.js";

type TogetherWriter = Pick<DirectoryWriter, "strangers" | "insertNewcomers" | "updateScims">;
type Row = Readonly<Record<string, Value>>;

const JSON_COLUMNS = ["scim_resource", "scim_attributes", "scim_app_roles", "scim_roles"];
const SCIM_TYPES: Readonly<Record<string, RowType>> = {
  ...{
    user_name: "text",
    user_name_folded: "text",
    user_name_ascii: "text",
    external_id: "text",
    display_name: "text",
    pushed_email: "text",
  },
  ...{
    scim_resource: "text",
    scim_search: "text",
    scim_attributes: "text",
    scim_app_roles: "text",
    scim_roles: "text",
  },
  scim_active: "boolean",
};
const NAMED_TYPES: Readonly<Record<string, RowType>> = {
  ...{ user_name: "text", user_name_folded: "text", email: "text", email_folded: "text", search_text: "text" },
  ...{ display_name: "text", given_name: "text", family_name: "text" },
};

/** A column of `r`, as the table has it. */
function ofRow(dialect: Dialect, name: string): Fragment {
  const column = verbatim(`r.${name}`);
  if (JSON_COLUMNS.includes(name)) return dialect.json(column);
  return name === "scim_search" ? dialect.document(column) : column;
}

function scimRow(document: ScimUserDocument): Row {
  return scimColumns(document, document.userName);
}

export function togetherWriter(scope: Scope): TogetherWriter {
  return {
    strangers: (connection, documents) => strangers(scope, connection, documents),
    async insertNewcomers(connection, newcomers, now) {
      if (newcomers.length === 0) return [];
      const at = toMillis(now);
      const people = newcomers.map((newcomer) => ({ ...newcomer, user: scope.newId(), row: scope.newId() }));
      await Promise.all([
        insertRows(scope, connection, people, at),
        insertUsers(scope, people, at),
        takeSeats(scope, newcomers.filter(({ seat }) => seat).length),
        countLive(scope, connection, people.length),
        insertLinks(scope, connection, people, at),
      ]);
      return people.map(({ user, row }) => {
        const written = {
          id: row as DirectoryUserId,
          version: 1,
          createdAt: now,
          modifiedAt: now,
        };
        return { user: user as UserId, written };
      });
    },
    async updateScims(connection, changed, now) {
      if (changed.length === 0) return [];
      const written = await updateRows(scope, connection, changed, toMillis(now));
      return changed.map(({ id }) => writtenIn(written, id));
    },
  };
}

function overtaken(): Refusal {
  return new Refusal("conflict", "somebody was changed or taken meanwhile: read again, then retry");
}

function writtenIn(written: ReadonlyMap<string, WrittenColumns>, id: string) {
  const row = written.get(id);
  if (row === undefined) throw overtaken();
  return writtenOf<DirectoryUserId>(row);
}

async function strangers(
  { tenant, sql: db, dialect }: Scope,
  connection: ConnectionId,
  documents: readonly ScimUserDocument[],
): Promise<readonly boolean[]> {
  const rows = dialect.rows(
    { external_id: "text", folded: "text", ascii: "text" },
    documents.map(({ externalId, userName, userNameFolded }) => {
      return { external_id: externalId ?? null, folded: userNameFolded, ascii: asciiLower(userName) };
    }),
  );
  const known = (where: string): Fragment =>
    sql`exists (select 1 from directory_users u
      where u.tenant_id = ${tenant} and u.connection_id = ${connection} and ${verbatim(where)})`;
  const ways = [
    known("u.external_id = r.external_id"),
    known("u.subject = r.external_id and u.deleted_at is null"),
    known("u.user_name_ascii = r.ascii and u.deleted_at is null"),
    known(`u.user_name_folded = r.folded and ${LIVE_SCIM.text}`),
    known("u.user_name_folded = r.folded and u.deleted_at is not null"),
    sql`exists (select 1 from sign_in_names n where n.tenant_id = ${tenant} and n.connection_id = ${connection}
      and n.name = r.external_id and n.kind = 'id')`,
    sql`exists (select 1 from sign_in_names n where n.tenant_id = ${tenant} and n.connection_id = ${connection}
      and n.name in (r.ascii, r.folded) and n.kind <> 'id')`,
  ];
  const met = await db.all<{ readonly ordinal: number }>(
    sql`select r.ordinal from ${rows} as r where ${join(ways, " or ")}`,
  );
  const ordinals = new Set(met.map((row) => Number(row.ordinal)));
  return documents.map((_, at) => !ordinals.has(at));
}

/** INVARIANT: the check and the taking are one statement. */
async function takeSeats({ tenant, sql: db }: Scope, count: number): Promise<void> {
  if (count === 0) return;
  await db.send(
    sql`update tenants set seats_used = seats_used + ${count}
      where id = ${tenant} and (seats is null or seats_used + ${count} <= seats)`,
    { rows: 1, otherwise: noSeats },
  );
}

type NewPerson = Newcomer & { readonly user: string; readonly row: string };

/** Marked as they are made. */
async function insertUsers(
  { tenant, sql: db, dialect }: Scope,
  people: readonly NewPerson[],
  at: number,
): Promise<void> {
  const names = Object.keys(NAMED_TYPES).join(", ");
  const rows = people.map(({ user, profile, seat, lease }) => ({
    ...{ id: user, seat, lease: lease === undefined ? 0 : toMillis(lease) },
    ...namedColumns({ ...NOTHING_SHOWN, email: null, ...profile }),
  }));
  const typed = dialect.rows({ id: "text", seat: "boolean", lease: "bigint", ...NAMED_TYPES }, rows);
  await db.send(
    sql`insert into users (tenant_id, id, seat, leased_until, status, facts_version, dirty, dirty_cause, not_before,
        created_at, reconciled_version, ${verbatim(names)})
      select ${bigint(tenant)}, r.id, r.seat, r.lease, 'pending', 1, true, 'facts', ${bigint(at)}, ${bigint(at)},
        (select active_version from tenants where id = ${tenant}), ${verbatim(names.replaceAll(/\w+/g, "r.$&"))}
      from ${typed} as r where true`,
  );
}

async function insertRows(
  { tenant, sql: db, dialect }: Scope,
  connection: ConnectionId,
  people: readonly NewPerson[],
  at: number,
): Promise<void> {
  const names = Object.keys(SCIM_TYPES);
  const rows = people.map(({ row, document }) => ({ id: row, ...scimRow(document) }));
  const columns = join(
    names.map((name) => ofRow(dialect, name)),
    ", ",
  );
  await db.send(
    sql`insert into directory_users (tenant_id, id, connection_id, version, scim_version, claims_version, created_at,
        modified_at, scim_created_at, ${verbatim(names.join(", "))})
      select ${bigint(tenant)}, r.id, ${text(connection)}, 1, 1, 0, ${bigint(at)}, ${bigint(at)}, ${bigint(at)}, ${columns}
      from ${dialect.rows({ id: "text", ...SCIM_TYPES }, rows)} as r where true on conflict do nothing`,
    { rows: people.length, otherwise: overtaken },
  );
}

async function insertLinks(
  { tenant, sql: db, dialect, newId }: Scope,
  connection: ConnectionId,
  people: readonly NewPerson[],
  at: number,
): Promise<void> {
  const links = people.map(({ user, row }) => ({ id: newId(), row_id: row, user_id: user }));
  await db.send(
    sql`insert into identity_links (tenant_id, id, directory_user_id, user_id, connection_id, linked_by, linked_at)
      select ${bigint(tenant)}, r.id, r.row_id, r.user_id, ${text(connection)}, 'created', ${bigint(at)}
      from ${dialect.rows({ id: "text", row_id: "text", user_id: "text" }, links)} as r where true`,
  );
}

async function countLive({ tenant, sql: db }: Scope, connection: ConnectionId, added: number): Promise<void> {
  await db.send(
    sql`update connection_counters set live_users = live_users + ${added}
      where tenant_id = ${tenant} and connection_id = ${connection}`,
  );
}

async function updateRows(
  { tenant, sql: db, dialect }: Scope,
  connection: ConnectionId,
  changed: readonly Changed[],
  at: number,
): Promise<ReadonlyMap<string, WrittenColumns>> {
  const rows = changed.map(({ id, document, ifVersion }) => {
    return { row_id: id, if_version: ifVersion ?? null, ...scimRow(document) };
  });
  const names = Object.keys(SCIM_TYPES);
  const assigned = join(
    names.map((name) => sql`${verbatim(name)} = ${ofRow(dialect, name)}`),
    ", ",
  );
  const written = await db.all<WrittenColumns>(
    sql`update directory_users set ${assigned}, ${changedNames(verbatim("r.external_id"), verbatim("r.user_name_ascii"))},
        scim_version = directory_users.scim_version + 1,
        version = directory_users.version + 1, modified_at = ${at}
      from ${dialect.rows({ row_id: "text", if_version: "bigint", ...SCIM_TYPES }, rows)} as r
      where directory_users.tenant_id = ${tenant} and directory_users.id = r.row_id
        and directory_users.connection_id = ${connection} and directory_users.deleted_at is null
        and directory_users.scim_resource is not null
        and (r.if_version is null or directory_users.version = r.if_version)
        and not exists (select 1 from directory_users u where u.tenant_id = ${tenant} and u.connection_id = ${connection}
          and u.user_name_folded = r.user_name_folded and ${LIVE_SCIM} and u.id <> r.row_id)
      returning ${WRITTEN}`,
  );
  return new Map(written.map((row) => [row.id, row]));
}
