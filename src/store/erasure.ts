/** Personal data of somebody who left: where it is, and its removal. What they held stays, under an id that names nobody. */
import type { ClaimsDocument } from "../model/directory.js";
import { asciiLower, fold } from "../model/fold.js";
import { grouped } from "../model/grouped.js";
import type { ConnectionId, DirectoryUserId, Instant, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import { NOTHING_SHOWN } from "../model/person.js";
import type { ErasureReader, ErasureWriter, Note, NotePlace, PersonalRecords } from "../provisioning/ports/erasure.js";
import type { RowType } from "./dialect.js";
import { directoryUserWriter } from "./directory-users.js";
import { otherNames } from "./other-names.js";
import { SHOWN, type ShownColumns, shownOf } from "./people.js";
import type { Scope } from "./scope.js";
import { assignments, type Fragment, join, one, sql, verbatim } from "./sql.js";
import { namedColumns } from "./users.js";
import { fromJson, given, toInstantOrNull, toJson, toMillis } from "./values.js";

interface Place {
  readonly table: string;
  readonly column: string;
  readonly json: boolean;
  readonly keys: readonly (readonly [column: string, type: RowType])[];
  /** Rows filed under a user, whose id stands in the place of `?`. */
  readonly ofUser: string;
  /** Which of the other rows may tell of the person. */
  readonly others?: string;
}

const OF_USER = "user_id = ?";
const BY_ID = [["id", "text"]] as const;

const PLACES: Readonly<Record<NotePlace, Place>> = {
  audit: {
    table: "audit_entries",
    column: "detail",
    json: true,
    keys: BY_ID,
    ofUser: OF_USER,
    others: "action in ('grant.added', 'user.erased', 'review_item.closed', 'review_item.accepted')",
  },
  event: {
    table: "outbox_events",
    column: "data",
    json: true,
    keys: BY_ID,
    ofUser: OF_USER,
    others: "type = 'grant.added'",
  },
  grant_reason: { table: "grants", column: "reason", json: false, keys: BY_ID, ofUser: OF_USER },
  evidence: { table: "grants", column: "evidence", json: true, keys: BY_ID, ofUser: OF_USER },
  former_evidence: {
    table: "former_evidence",
    column: "evidence",
    json: true,
    keys: [
      ["grant_id", "text"],
      ["until_at", "bigint"],
    ],
    ofUser: "grant_id in (select g.id from grants g where g.tenant_id = former_evidence.tenant_id and g.user_id = ?)",
  },
  mapping_note: { table: "mapping_versions", column: "note", json: false, keys: [["version", "bigint"]], ofUser: "" },
  request: { table: "scim_requests", column: "detail", json: true, keys: BY_ID, ofUser: "" },
  review: { table: "review_items", column: "detail", json: true, keys: BY_ID, ofUser: "" },
  trace: {
    table: "sign_in_traces",
    column: "detail",
    json: true,
    keys: [["reference", "text"]],
    ofUser: OF_USER,
    others: "user_id is null",
  },
};

/** A user's id where a place has `?` for it. */
function filedUnder({ ofUser }: Place, user: UserId): Fragment {
  const [before = "", after = ""] = ofUser.split("?");
  return sql`${verbatim(before)}${user}${verbatim(after)}`;
}

function selected({ table, column, keys }: Place): Fragment {
  const key = keys.map(([name]) => `cast(${name} as text)`).join(" || '/' || ");
  return verbatim(`select ${key} as key, cast(${column} as text) as text from ${table}`);
}

/** As a name may be written: as it is, small and in capitals, as databases change the case of A to Z alone. */
function spellings(names: readonly string[]): readonly string[] {
  return [...new Set(names.flatMap((name) => [name, name.toLowerCase(), name.toUpperCase()]).map(asciiLower))];
}

/** Names as they stand inside JSON too. */
function holdsOneOf({ dialect }: Scope, column: string, names: readonly string[]): Fragment {
  const texts = new Set(spellings(names).flatMap((name) => [name, JSON.stringify(name).slice(1, -1)]));
  return dialect.holdsOneOf(dialect.asciiLower(verbatim(column)), [...texts]);
}

/** Columns with names of what is nobody. */
const NAMED = [
  "display_name as name from directory_groups",
  "name from teams",
  "alias as name from team_aliases",
  "name from roles",
  "slug as name from connections",
  "role as name from grants",
  "rule as name from grants",
  "name from pinned_names",
].map(verbatim);

interface RowColumns {
  readonly id: string;
  readonly slug: string;
  readonly user_name: string;
  readonly external_id: string | null;
  readonly subject: string | null;
  readonly scim_resource: string | null;
  readonly claims: string | null;
}

function rowOf(row: RowColumns, otherNames: readonly string[]): PersonalRecords["rows"][number] {
  return {
    id: row.id as DirectoryUserId,
    connection: row.slug,
    userName: row.user_name,
    ...given("externalId", row.external_id),
    ...given("subject", row.subject),
    otherNames,
    ...(row.scim_resource === null ? {} : { resource: fromJson<JsonObject>(row.scim_resource) }),
    ...(row.claims === null ? {} : { claims: fromJson<ClaimsDocument>(row.claims) }),
  };
}

export function erasureReader(scope: Scope): ErasureReader {
  const { tenant, sql: db } = scope;
  return {
    async peopleCalled(called) {
      const rows = await db.all<{ readonly id: string }>(
        sql`select id from users where tenant_id = ${tenant} and id = ${called}`,
      );
      const name = fold(called);
      const named = await db.all<{ readonly id: string }>(
        sql`select id from users where tenant_id = ${tenant} and user_name_folded = ${name}
          union select l.user_id from directory_users d
            join identity_links l on l.tenant_id = d.tenant_id and l.directory_user_id = d.id
            where d.tenant_id = ${tenant} and d.user_name_folded = ${name} order by id`,
      );
      return (rows.length > 0 ? rows : named).map(({ id }) => id as UserId);
    },
    async personalRecords(user) {
      const account = await one<
        ShownColumns & { readonly user_name: string; readonly email: string | null; readonly erased_at: number | null }
      >(
        db,
        sql`select u.user_name, u.email, u.erased_at, ${SHOWN} from users u where u.tenant_id = ${tenant} and u.id = ${user}`,
      );
      if (account === undefined) return undefined;
      const rows = await db.all<RowColumns>(
        sql`select d.id, c.slug, d.user_name, d.external_id, d.subject, d.scim_resource, d.claims from identity_links l
          join directory_users d on d.tenant_id = l.tenant_id and d.id = l.directory_user_id
          join connections c on c.tenant_id = d.tenant_id and c.id = d.connection_id
          where l.tenant_id = ${tenant} and l.user_id = ${user} order by d.id`,
      );
      const others = await otherNames(
        scope,
        rows.map(({ id }) => id),
      );
      const byRow = grouped(others, ({ id }) => id);
      const namesOf = (id: string) => (byRow.get(id) ?? []).map(({ name }) => name);
      return {
        userName: account.user_name,
        email: account.email,
        ...shownOf(account),
        ...given("erasedAt", toInstantOrNull(account.erased_at)),
        rows: rows.map((row) => rowOf(row, namesOf(row.id))),
      };
    },
    async notesOf(user, name) {
      const place = PLACES[name];
      return db.all<Note>(
        sql`${selected(place)} where tenant_id = ${tenant} and ${filedUnder(place, user)}
          and ${verbatim(place.column)} is not null`,
      );
    },
    async notesNaming(names, { place: name, without, after, limit }) {
      if (names.length === 0) return [];
      const place = PLACES[name];
      const key = verbatim(place.keys[0]?.[0] ?? "");
      const others = place.ofUser === "" ? verbatim("1 = 1") : sql`(user_id is null or user_id <> ${without})`;
      const some = verbatim(place.others ?? "1 = 1");
      return db.all<Note>(
        sql`${selected(place)} where tenant_id = ${tenant} and ${key} > ${after} and ${others}
          and ${some} and ${holdsOneOf(scope, place.column, names)} order by ${key} limit ${limit}`,
      );
    },
    async namesInUse(names) {
      if (names.length === 0) return [];
      const wanted = scope.dialect.list(spellings(names));
      const known = scope.dialect.jsonTexts(verbatim("known_as"), [], "known");
      const places = [...NAMED.map((named) => sql`select ${named} where tenant_id = ${tenant}`)];
      places.push(sql`select known.value as name from group_pins, ${known} where tenant_id = ${tenant}`);
      const rows = await db.all<{ readonly name: string }>(
        sql`select distinct name from (${join(places, " union all ")}) as named
          where ${scope.dialect.asciiLower(verbatim("name"))} in ${wanted}`,
      );
      return rows.map(({ name }) => name);
    },
    async mappingsNaming(names) {
      if (names.length === 0) return [];
      return db.all<{ readonly version: number; readonly text: string }>(
        sql`select version, document as text from mapping_versions
          where tenant_id = ${tenant} and ${holdsOneOf(scope, "document", names)} order by version`,
      );
    },
  };
}

export function erasureWriter(scope: Scope): ErasureWriter {
  const { tenant, sql: db, dialect } = scope;
  return {
    async rewriteNotes(name, notes) {
      if (notes.length === 0) return;
      const { table, column, json, keys } = PLACES[name];
      const rows = notes.map(({ key, text }) => {
        const parts = key.split("/");
        return Object.fromEntries([
          ...keys.map(([part, type], at) => [part, type === "bigint" ? Number(parts[at]) : (parts[at] ?? "")]),
          ["text", text],
        ]) as Readonly<Record<string, string | number>>;
      });
      const types = { ...Object.fromEntries(keys), text: "text" } as const;
      const same = keys.map(([key]) => verbatim(`${table}.${key} = r.${key}`));
      const text = verbatim("r.text");
      await db.run(
        sql`update ${verbatim(table)} set ${verbatim(column)} = ${json ? dialect.json(text) : text}
          from ${dialect.rows(types, rows)} as r
          where ${verbatim(table)}.tenant_id = ${tenant} and ${join(same, " and ")}`,
      );
    },
    async removeNotes(name, keys) {
      if (keys.length === 0) return;
      const { table, keys: columns } = PLACES[name];
      await db.run(
        sql`delete from ${verbatim(table)} where tenant_id = ${tenant}
          and ${verbatim(columns[0]?.[0] ?? "")} in ${dialect.list(keys)}`,
      );
    },
    async erasePerson(user, { pseudonym, userNames }, now) {
      await removeRows(scope, user, now);
      for (const table of ["sessions", "sign_in_traces", "held_people"]) {
        await db.run(sql`delete from ${verbatim(table)} where tenant_id = ${tenant} and user_id = ${user}`);
      }
      for (const userName of userNames) await renameInPlans(scope, user, userName, pseudonym);
      // INVARIANT: what was worked out before of who they were is written by nobody after this: apply compares the version.
      const nobody = namedColumns({ ...NOTHING_SHOWN, userName: pseudonym, email: null });
      await db.run(
        sql`update users set ${assignments({ ...nobody, photo: null })}, erased_at = coalesce(erased_at, ${toMillis(now)}),
            facts_version = facts_version + 1
          where tenant_id = ${tenant} and id = ${user}`,
      );
    },
  };
}

/** The directory's rows. Live ones are deleted first as a push would, so that totals and groups know of it. */
async function removeRows(scope: Scope, user: UserId, now: Instant): Promise<void> {
  const { tenant, sql: db, dialect } = scope;
  const rows = await db.all<{ readonly id: string; readonly connection: string; readonly subject: string | null }>(
    sql`select d.id, d.connection_id as connection, d.subject from identity_links l
      join directory_users d on d.tenant_id = l.tenant_id and d.id = l.directory_user_id
      where l.tenant_id = ${tenant} and l.user_id = ${user}`,
  );
  const subjects = rows.flatMap(({ connection, subject }) => (subject === null ? [] : [{ connection, name: subject }]));
  const others = await otherNames(
    scope,
    rows.map(({ id }) => id),
  );
  const names = [...subjects, ...others.map(({ connection, name }) => ({ connection, name }))];
  const { deleteUserRow } = directoryUserWriter(scope);
  for (const { id, connection } of rows) {
    await deleteUserRow(connection as ConnectionId, id as DirectoryUserId, now);
  }
  await db.run(sql`delete from identity_links where tenant_id = ${tenant} and user_id = ${user}`);
  const ids = dialect.list(rows.map((row) => row.id));
  for (const table of ["sign_in_names", "former_names", "former_emails"]) {
    await db.run(sql`delete from ${verbatim(table)} where tenant_id = ${tenant} and directory_user_id in ${ids}`);
  }
  const here = (table: string, column: string) =>
    sql`exists (select 1 from ${dialect.rows({ connection: "text", name: "text" }, names)} as n
      where n.connection = ${verbatim(`${table}.connection_id`)} and n.name = ${verbatim(`${table}.${column}`)})`;
  await db.run(
    sql`delete from kept_out where tenant_id = ${tenant} and (kept_by in ${ids} or ${here("kept_out", "subject")})`,
  );
  // a subject of somebody who has no account here yet may be an address that was theirs elsewhere
  const addresses = names.flatMap(({ name }) => (name.includes("@") ? [asciiLower(name)] : []));
  await db.run(
    sql`delete from told_apart where tenant_id = ${tenant} and (user_id = ${user} or ${here("told_apart", "name")}
      or ${dialect.asciiLower(verbatim("name"))} in ${dialect.list(addresses)})`,
  );
  await db.run(sql`delete from directory_users where tenant_id = ${tenant} and id in ${ids}`);
}

/** A line of a stored plan begins with the person; what is approved by the plan does not hang on names. */
async function renameInPlans(
  { tenant, sql: db, dialect }: Scope,
  user: UserId,
  userName: string,
  pseudonym: string,
): Promise<void> {
  const [before, after] = [userName, pseudonym].map((name) => toJson({ id: user, userName: name }).slice(0, -1));
  const lines = verbatim("cast(lines as text)");
  await db.run(
    sql`update plan_pages set lines = ${dialect.json(sql`replace(${lines}, ${before ?? ""}, ${after ?? ""})`)}
      where tenant_id = ${tenant} and ${dialect.test(lines, "co", before ?? "")}`,
  );
}
