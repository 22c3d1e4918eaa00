/** People of the access ledger with what they hold: the state that plans change. */

import type { Evidence, Grant, GrantOrigin } from "../model/grant.js";
import type { ConnectionId, GrantId, Instant, RunId, UserId } from "../model/ids.js";
import type { DeactivatedBy, Hold, PersonState, ShownProfile, UserStatus } from "../model/person.js";
import { teamScope } from "../model/target.js";
import type { AccessReader, AccessWriter, PastGrant } from "../provisioning/ports/access.js";
import type { Scope } from "./scope.js";
import { type Fragment, NOTHING, one, quick, sql, verbatim } from "./sql.js";
import { type Flag, fromJson, given, isTrue, toInstant, toInstantOrNull, toMillis } from "./values.js";

type PeopleReader = Pick<AccessReader, "people" | "peopleIds" | "countPeople" | "grantHistory">;
type PeopleLocker = Pick<AccessWriter, "lockPeople">;

export interface GrantColumns {
  readonly id: string;
  readonly user_id: string;
  readonly scope: string;
  readonly team_name: string | null;
  readonly role: string;
  readonly origin: string;
  readonly connection_id: string | null;
  readonly rule: string | null;
  readonly mapping_version: number | null;
  readonly evidence: string;
  readonly since: number;
  readonly expires_at: number | null;
  readonly given_by: string | null;
  readonly reason: string | null;
}

/** Columns of `grants g` with its team as `t`. */
export const GRANT_COLUMNS = verbatim(
  `g.id, g.user_id, g.scope, t.name as team_name, g.role, g.origin, g.connection_id, g.rule, g.mapping_version,
    g.evidence, g.since, g.expires_at, g.given_by, g.reason`,
);
/** Held from `since` on, and no more at `ended_at`. */
export function openAt(at: Instant): Fragment {
  const millis = toMillis(at);
  return sql`g.since <= ${millis} and (g.ended_at is null or g.ended_at > ${millis})`;
}

/** The same as `GrantColumns` of JSON has them. */
const GRANT_JSON: Readonly<Record<keyof GrantColumns, Fragment>> = {
  ...{
    id: verbatim("g.id"),
    user_id: verbatim("g.user_id"),
    scope: verbatim("g.scope"),
    team_name: verbatim("t.name"),
  },
  ...{ role: verbatim("g.role"), origin: verbatim("g.origin"), connection_id: verbatim("g.connection_id") },
  ...{ rule: verbatim("g.rule"), mapping_version: verbatim("g.mapping_version"), since: verbatim("g.since") },
  ...{ evidence: verbatim("cast(g.evidence as text)"), expires_at: verbatim("g.expires_at") },
  ...{ given_by: verbatim("g.given_by"), reason: verbatim("g.reason") },
};

export const GRANTS = verbatim("grants g left join teams t on t.tenant_id = g.tenant_id and t.id = g.team_id");

/** A team is its present name outside the store. */
export function scopeOf(row: { readonly scope: string; readonly team_name: string | null }): string {
  return row.team_name === null ? row.scope : teamScope(row.team_name);
}

function grantOf(row: GrantColumns): Grant {
  return {
    id: row.id as GrantId,
    target: { scope: scopeOf(row), role: row.role },
    origin: row.origin as GrantOrigin,
    ...given("connection", row.connection_id as ConnectionId | null),
    ...given("rule", row.rule),
    ...given("mappingVersion", row.mapping_version),
    evidence: fromJson<readonly Evidence[]>(row.evidence),
    since: toInstant(row.since),
    ...given("expiresAt", toInstantOrNull(row.expires_at)),
    ...given("by", row.given_by),
    ...given("reason", row.reason),
  };
}

/** The same of any grant, ended ones too: `GRANT_COLUMNS` and these. */
export interface PastGrantColumns extends GrantColumns {
  readonly ended_at: number | null;
  readonly end_reason: string | null;
}

export function pastGrantOf(row: PastGrantColumns): PastGrant {
  return { ...grantOf(row), ...given("endedAt", toInstantOrNull(row.ended_at)), ...given("endReason", row.end_reason) };
}

/** The kind of an account that is no person's. */
const SERVICE_ACCOUNT = "service_account";

/** Columns of `users u` that a person is shown by. */
export const SHOWN = verbatim("u.display_name, u.given_name, u.family_name, u.photo");

export interface ShownColumns {
  readonly display_name: string | null;
  readonly given_name: string | null;
  readonly family_name: string | null;
  readonly photo: string | null;
}

export function shownOf({ display_name, given_name, family_name, photo }: ShownColumns): ShownProfile {
  return { displayName: display_name, givenName: given_name, familyName: family_name, photo };
}

interface PersonColumns extends ShownColumns {
  readonly id: string;
  readonly user_name: string;
  readonly email: string | null;
  readonly kind: string;
  readonly status: string;
  readonly deactivated_by: string | null;
  readonly ever_registered: Flag;
  readonly facts_version: number;
  readonly reconciled_version: number;
  readonly hold_run: number | null;
  readonly hold_status: string | null;
  readonly hold_reason: string | null;
  readonly hold_facts: number | null;
  readonly hold_losses: string | null;
  readonly dirty: Flag;
  readonly mark_run: number | null;
  readonly seat: Flag;
  /** `GrantColumns` as JSON. */
  readonly grants: string;
}

function personOf(row: PersonColumns): PersonState {
  return {
    id: row.id as UserId,
    ...(row.kind === SERVICE_ACCOUNT ? { serviceAccount: true } : {}),
    userName: row.user_name,
    email: row.email,
    ...shownOf(row),
    status: row.status as UserStatus,
    ...given("deactivatedBy", row.deactivated_by as DeactivatedBy | null),
    everRegistered: isTrue(row.ever_registered),
    factsVersion: row.facts_version,
    reconciledVersion: row.reconciled_version,
    dirty: isTrue(row.dirty),
    ...given("markRun", row.mark_run as RunId | null),
    seat: isTrue(row.seat),
    grants: fromJson<readonly GrantColumns[]>(row.grants).map(grantOf),
    ...given("hold", holdOf(row)),
  };
}

function holdOf(row: PersonColumns): Hold | undefined {
  if (row.hold_run === null || row.hold_facts === null || row.hold_losses === null) return undefined;
  return {
    run: row.hold_run as RunId,
    status: row.hold_status as Hold["status"],
    reason: row.hold_reason as Hold["reason"],
    factsVersion: row.hold_facts,
    losses: fromJson<readonly string[]>(row.hold_losses),
  };
}

/** INVARIANT: versions and grants are read by one statement, so that a plan is never made from grants older than its version. */
async function people({ tenant, sql: db, dialect }: Scope, ids: readonly UserId[]): Promise<readonly PersonState[]> {
  if (ids.length === 0) return [];
  const open = sql`from ${GRANTS} where g.tenant_id = u.tenant_id and g.user_id = u.id and g.ended_at is null`;
  const grants = dialect.jsonRows(GRANT_JSON, verbatim("g.id"), open);
  const rows = await db.all<PersonColumns>(
    quick(
      sql`select u.id, u.user_name, u.email, ${SHOWN}, u.kind, u.status, u.deactivated_by, u.ever_registered,
        u.facts_version, u.reconciled_version, u.seat, u.dirty, u.mark_run,
        h.run_number as hold_run, h.status as hold_status, h.reason as hold_reason, h.facts_version as hold_facts,
        h.losses as hold_losses, ${grants} as grants
      from users u
      left join held_people h on h.tenant_id = u.tenant_id and h.user_id = u.id
      where u.tenant_id = ${tenant} and u.id in ${dialect.list(ids)} order by u.id`,
      ids.length,
    ),
  );
  return rows.map(personOf);
}

/** User ids of everybody whose access hangs on the connection: its own people, and members of groups that it took over. */
export function peopleOf({ tenant }: Scope, connection: ConnectionId): Fragment {
  return sql`select l.user_id from identity_links l
      where l.tenant_id = ${tenant} and l.connection_id = ${connection} and l.ended_at is null
    union all
    select l.user_id from directory_groups g
      join directory_memberships m on m.tenant_id = g.tenant_id and m.group_id = g.id
      join identity_links l on l.tenant_id = m.tenant_id and l.directory_user_id = m.directory_user_id and l.ended_at is null
      where g.tenant_id = ${tenant} and g.overwritten_by = ${connection} and g.deleted_at is null`;
}

export function peopleReader(scope: Scope): PeopleReader {
  const { tenant, sql: db } = scope;
  return {
    people: (ids) => people(scope, ids),
    async peopleIds({ after = "", limit, connection }) {
      const rows = await db.all<{ readonly id: string }>(
        connection === undefined
          ? sql`select id from users where tenant_id = ${tenant} and id > ${after} order by id limit ${limit}`
          : sql`select distinct user_id as id from (${peopleOf(scope, connection)}) as linked
              where user_id > ${after} order by user_id limit ${limit}`,
      );
      return rows.map((row) => row.id as UserId);
    },
    async countPeople(connection) {
      const row = await one<{ readonly count: number }>(
        db,
        connection === undefined
          ? sql`select count(*) as count from users where tenant_id = ${tenant}`
          : sql`select count(distinct user_id) as count from (${peopleOf(scope, connection)}) as linked`,
      );
      return row?.count ?? 0;
    },
    async grantHistory(id, at) {
      const when = at === undefined ? NOTHING : sql` and ${openAt(at)}`;
      const rows = await db.all<PastGrantColumns>(
        sql`select ${GRANT_COLUMNS}, g.ended_at, g.end_reason from ${GRANTS}
          where g.tenant_id = ${tenant} and g.user_id = ${id}${when} order by g.since desc, g.id desc`,
      );
      return rows.map(pastGrantOf);
    },
  };
}

/**
 * INVARIANT: a statement of its own locks, and what is read comes after it. PostgreSQL answers a statement that had to wait
 * with the locked rows as they are now, and with rows that it joins to them, such as holds, as they were before the wait.
 */
export async function lockRows({ tenant, sql: db, dialect }: Scope, ids: readonly UserId[]): Promise<void> {
  if (ids.length === 0 || dialect.name === "sqlite") return;
  await db.all(
    sql`select id from users where tenant_id = ${tenant} and id in ${dialect.list(ids)} order by id${dialect.lock()}`,
  );
}

export function peopleLocker(scope: Scope): PeopleLocker {
  return {
    async lockPeople(ids) {
      await lockRows(scope, ids);
      return people(scope, ids);
    },
  };
}
