/** What apply writes: statuses, profiles and grants of a batch of people, each kind in one statement. */
import type { UserId } from "../model/ids.js";
import { OWNER, teamOf } from "../model/target.js";
import type { AccessReader, AccessWriter, AccessWrites, NewGrant } from "../provisioning/ports/access.js";
import { bigint, type Dialect, type RowType } from "./dialect.js";
import { keepEvidence } from "./former-evidence.js";
import { isNotedOut } from "./kept-out.js";
import { lockRows } from "./people.js";
import type { Scope } from "./scope.js";
import { type Fragment, one, sql, verbatim } from "./sql.js";
import { namedColumns } from "./users.js";
import { toJson, toMillis, toMillisOrNull } from "./values.js";

type ApplyWriter = Pick<AccessWriter, "applyAccess" | "settleUnmoved">;
type OwnerReader = Pick<AccessReader, "otherOwners" | "ownerIds">;

/** A team's scope in the table; its id says which. */
const TEAM_SCOPE = "team";

export function ownerReader(scope: Scope): OwnerReader {
  const { tenant, sql: db, dialect } = scope;
  const owners = sql`from grants g
    join users u on u.tenant_id = g.tenant_id and u.id = g.user_id and u.status = 'registered'
    where g.tenant_id = ${tenant} and g.scope = ${OWNER.scope} and g.role = ${OWNER.role} and g.ended_at is null`;
  return {
    async otherOwners(without) {
      const row = await one<{ readonly count: number }>(
        db,
        sql`select count(distinct g.user_id) as count ${owners} and g.user_id not in ${dialect.list(without)}
          and not ${isNotedOut(scope, verbatim("g.user_id"))}`,
      );
      return row?.count ?? 0;
    },
    async ownerIds() {
      const rows = await db.all<{ readonly id: UserId }>(
        sql`select distinct g.user_id as id ${owners} order by g.user_id`,
      );
      return rows.map(({ id }) => id);
    },
  };
}

export function applyWriter(scope: Scope): ApplyWriter {
  return {
    async applyAccess(writes, now) {
      const at = toMillis(now);
      const { statuses, reconciled, profiles, open, close, refresh } = writes;
      const replaced = refresh.filter(({ replaces }) => replaces === true).map(({ id }) => ({ id }));
      if (replaced.length > 0) await keepEvidence(scope, scope.dialect.rows({ id: "text" }, replaced), at);
      await Promise.all([
        // before the statuses themselves, which tell who really changes
        statuses.length > 0 && countStatuses(scope, statuses),
        // closed before opened: a grant may be replaced by one with the same key
        close.length > 0 && closeGrants(scope, close, at),
        open.length > 0 && openGrants(scope, open, at),
        refresh.length > 0 && refreshGrants(scope, refresh, at),
        statuses.length > 0 && settleStatuses(scope, writes),
        statuses.length === 0 && reconciled.length > 0 && settleMarks(scope, writes),
        profiles.length > 0 && writeProfiles(scope, profiles),
        endSessions(scope, statuses, at),
      ]);
    },
    async settleUnmoved(people, version) {
      if (people.length === 0) return 0;
      const { tenant, sql: db, dialect } = scope;
      await lockRows(
        scope,
        people.map(({ user }) => user),
      );
      const rows = dialect.rows(
        { id: "text", seq: "bigint" },
        people.map(({ user, factsVersion }) => ({ id: user, seq: factsVersion })),
      );
      return db.run(
        sql`update users set reconciled_version = ${bigint(version)} from ${rows} as r
          where users.tenant_id = ${tenant} and users.id = r.id and users.facts_version = r.seq
            and users.reconciled_version = ${bigint(version - 1)} and users.status = 'registered' and not users.dirty`,
      );
    },
  };
}

async function countStatuses({ tenant, sql: db, dialect }: Scope, statuses: AccessWrites["statuses"]): Promise<void> {
  const rows = dialect.rows(
    { id: "text", status: "text" },
    statuses.map(({ user, to }) => ({ id: user, status: to })),
  );
  await db.send(
    sql`update connection_counters set registered_synced = registered_synced + changed.step
      from (
        select d.connection_id, sum(case when r.status = 'registered' then 1 else -1 end) as step
        from ${rows} as r
        join users u on u.tenant_id = ${tenant} and u.id = r.id
        join identity_links l on l.tenant_id = u.tenant_id and l.user_id = u.id and l.ended_at is null
        join directory_users d on d.tenant_id = l.tenant_id and d.id = l.directory_user_id
          and d.deleted_at is null and d.scim_resource is not null
        where (u.status = 'registered') <> (r.status = 'registered')
        group by d.connection_id
      ) as changed
      where connection_counters.tenant_id = ${tenant} and connection_counters.connection_id = changed.connection_id`,
  );
}

async function endSessions(
  { tenant, sql: db, dialect }: Scope,
  statuses: AccessWrites["statuses"],
  at: number,
): Promise<void> {
  const leavers = statuses.filter((status) => status.to === "deactivated").map((status) => status.user);
  if (leavers.length === 0) return;
  await db.send(
    sql`update sessions set ended_at = ${at}
      where tenant_id = ${tenant} and user_id in ${dialect.list(leavers)} and ended_at is null`,
  );
}

async function writeProfiles({ tenant, sql: db, dialect }: Scope, profiles: AccessWrites["profiles"]): Promise<void> {
  const rows = dialect.rows(
    {
      id: "text",
      user_name: "text",
      user_name_folded: "text",
      email: "text",
      email_folded: "text",
      search_text: "text",
      display_name: "text",
      given_name: "text",
      family_name: "text",
      photo: "text",
    },
    profiles.map((profile) => ({ id: profile.user, ...namedColumns(profile), photo: profile.photo })),
  );
  await db.send(
    sql`update users set user_name = r.user_name, user_name_folded = r.user_name_folded, email = r.email,
        email_folded = r.email_folded, search_text = r.search_text, display_name = r.display_name,
        given_name = r.given_name, family_name = r.family_name, photo = r.photo
      from ${rows} as r where users.tenant_id = ${tenant} and users.id = r.id`,
  );
}

async function closeGrants(
  { tenant, sql: db, dialect }: Scope,
  close: AccessWrites["close"],
  at: number,
): Promise<void> {
  const rows = dialect.rows({ id: "text", reason: "text" }, close);
  await db.send(
    sql`update grants set ended_at = ${at}, end_reason = r.reason from ${rows} as r
      where grants.tenant_id = ${tenant} and grants.id = r.id and grants.ended_at is null`,
  );
}

function grantRow(grant: NewGrant): Parameters<Dialect["rows"]>[1][number] {
  const team = teamOf(grant.target.scope);
  if ((team === undefined) !== (grant.team === undefined)) {
    throw new TypeError("a grant in a team's scope, and only such a grant, names the team's id");
  }
  return {
    ...{
      id: grant.id,
      user_id: grant.user,
      team_id: grant.team ?? null,
      role: grant.target.role,
      origin: grant.origin,
    },
    ...{ scope: team === undefined ? grant.target.scope : TEAM_SCOPE, evidence: toJson(grant.evidence) },
    ...{
      connection_id: grant.connection ?? null,
      rule: grant.rule ?? null,
      mapping_version: grant.mappingVersion ?? null,
    },
    ...{ expires_at: toMillisOrNull(grant.expiresAt), given_by: grant.by ?? null, reason: grant.reason ?? null },
  };
}

const GRANT_TYPES: Readonly<Record<string, RowType>> = {
  ...{
    id: "text",
    user_id: "text",
    team_id: "text",
    scope: "text",
    role: "text",
    origin: "text",
    connection_id: "text",
  },
  ...{
    rule: "text",
    mapping_version: "bigint",
    evidence: "text",
    expires_at: "bigint",
    given_by: "text",
    reason: "text",
  },
};

async function openGrants({ tenant, sql: db, dialect }: Scope, open: readonly NewGrant[], at: number): Promise<void> {
  const rows = dialect.rows(GRANT_TYPES, open.map(grantRow));
  await db.send(
    sql`insert into grants (tenant_id, id, user_id, team_id, scope, role, origin, connection_id, rule, mapping_version,
        evidence, evidence_from, since, expires_at, given_by, reason)
      select ${bigint(tenant)}, r.id, r.user_id, r.team_id, r.scope, r.role, r.origin, r.connection_id, r.rule,
        r.mapping_version, ${dialect.json(verbatim("r.evidence"))}, ${bigint(at)}, ${bigint(at)}, r.expires_at, r.given_by, r.reason
      from ${rows} as r order by r.ordinal`,
  );
}

async function refreshGrants(scope: Scope, refresh: AccessWrites["refresh"], at: number): Promise<void> {
  const { tenant, sql: db, dialect } = scope;
  const rows = dialect.rows(
    { id: "text", evidence: "text", mapping_version: "bigint", evidence_from: "bigint", rule: "text" },
    refresh.map(({ id, evidence, mappingVersion, replaces, rule }) => ({
      ...{ id, evidence: toJson(evidence), mapping_version: mappingVersion ?? null, rule: rule ?? null },
      evidence_from: replaces === true ? at : null,
    })),
  );
  await db.send(
    sql`update grants set evidence = ${dialect.json(verbatim("r.evidence"))},
        mapping_version = coalesce(r.mapping_version, grants.mapping_version), rule = coalesce(r.rule, grants.rule),
        evidence_from = coalesce(r.evidence_from, grants.evidence_from)
      from ${rows} as r where grants.tenant_id = ${tenant} and grants.id = r.id and grants.ended_at is null`,
  );
}

/** INVARIANT: a mark that was renewed since its facts were read stays, and nobody goes back to an older version. */
function settled(version: number): Fragment {
  return sql`dirty = dirty and (r.seq is null or facts_version <> r.seq),
        mark_run = case when facts_version = r.seq then null else mark_run end,
        attempts = case when facts_version = r.seq then 0 else attempts end,
        not_before = case when facts_version = r.seq then 0 else not_before end,
        leased_until = case when facts_version = r.seq then 0 else leased_until end,
        reconciled_version = case when r.seq is not null and reconciled_version < ${version} then ${bigint(version)}
          else reconciled_version end`;
}

async function settleMarks(
  { tenant, sql: db, dialect }: Scope,
  { reconciled, version }: Pick<AccessWrites, "reconciled" | "version">,
): Promise<void> {
  const rows = dialect.rows(
    { id: "text", seq: "bigint" },
    reconciled.map(({ user, factsVersion }) => ({ id: user, seq: factsVersion })),
  );
  await db.send(
    sql`update users set ${settled(version)} from ${rows} as r where users.tenant_id = ${tenant} and users.id = r.id`,
  );
}

/** Statuses, and the marks of everybody who is done, in one statement. */
async function settleStatuses(
  { tenant, sql: db, dialect }: Scope,
  { statuses, reconciled, version }: AccessWrites,
): Promise<void> {
  const seqs = new Map(reconciled.map(({ user, factsVersion }) => [user, factsVersion]));
  const changed = new Map(statuses.map(({ user, to, by }) => [user, { status: to, by_door: by ?? null }]));
  const rows = dialect.rows(
    { id: "text", seq: "bigint", status: "text", by_door: "text" },
    [...new Set([...seqs.keys(), ...changed.keys()])].map((id) => {
      return { id, seq: seqs.get(id) ?? null, ...(changed.get(id) ?? { status: null, by_door: null }) };
    }),
  );
  await db.send(
    sql`update users set status = coalesce(r.status, users.status),
        deactivated_by = case when r.status is null then deactivated_by else r.by_door end,
        ever_registered = case when r.status = 'registered' then true else ever_registered end,
        session_epoch = session_epoch + case when r.status = 'deactivated' then 1 else 0 end, ${settled(version)}
      from ${rows} as r where users.tenant_id = ${tenant} and users.id = r.id`,
  );
}
