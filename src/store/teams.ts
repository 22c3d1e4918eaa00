/** Teams by name, and the catalogue of roles. */
import type { TeamPolicy } from "../model/connection.js";
import { grouped } from "../model/grouped.js";
import type { GrantId, TeamId, UserId } from "../model/ids.js";
import type { AccessReader, AccessWriter } from "../provisioning/ports/access.js";
import { bigint } from "./dialect.js";
import { scopeOf } from "./people.js";
import type { Scope } from "./scope.js";
import { NOTHING, quick, sql } from "./sql.js";
import { given, toInstant, toInstantOrNull, toMillis } from "./values.js";

type TeamReader = Pick<AccessReader, "teams" | "teamPolicies" | "manualGrantsIn" | "privilegedRoles">;
type TeamWriter = Pick<AccessWriter, "ensureTeams" | "setTeamPolicy">;

interface ManualColumns {
  readonly id: string;
  readonly scope: string;
  readonly team_name: string | null;
  readonly user_id: string;
  readonly user_name: string;
  readonly role: string;
  readonly reason: string | null;
  readonly given_by: string | null;
  readonly since: number;
  readonly expires_at: number | null;
}

interface TeamColumns {
  readonly id: string;
  readonly name: string;
}

export function teamReader({ tenant, sql: db }: Scope): TeamReader {
  return {
    async teams() {
      const rows = await db.all<TeamColumns & { readonly is_alias: number }>(
        quick(sql`select id, name, 0 as is_alias from teams where tenant_id = ${tenant}
          union all select team_id, alias, 1 from team_aliases where tenant_id = ${tenant} order by name`),
      );
      const teams = rows.filter(({ is_alias }) => is_alias === 0);
      const aliases = grouped(
        rows.filter(({ is_alias }) => is_alias === 1),
        ({ id }) => id,
      );
      return teams.map(({ id, name }) => ({
        id: id as TeamId,
        name,
        aliases: (aliases.get(id) ?? []).map((alias) => alias.name),
      }));
    },
    async teamPolicies(id) {
      const one = id === undefined ? NOTHING : sql` and t.id = ${id}`;
      const rows = await db.all<TeamColumns & { readonly policy: string | null; readonly manual: number }>(
        sql`select t.id, t.name, t.policy, (select count(*) from grants g where g.tenant_id = t.tenant_id
            and g.team_id = t.id and g.origin = 'manual' and g.ended_at is null)
            + (select count(*) from grants a where a.tenant_id = ${tenant} and a.scope = 'all_teams'
            and a.origin = 'manual' and a.ended_at is null) as manual
          from teams t where t.tenant_id = ${tenant}${one} order by t.name`,
      );
      return rows.map((row) => ({
        id: row.id as TeamId,
        name: row.name,
        policy: row.policy as TeamPolicy | null,
        manualGrants: row.manual,
      }));
    },
    async manualGrantsIn(id, limit) {
      const rows = await db.all<ManualColumns>(
        sql`select g.id, g.scope, t.name as team_name, g.user_id, u.user_name, g.role, g.reason, g.given_by, g.since, g.expires_at from grants g
          join users u on u.tenant_id = g.tenant_id and u.id = g.user_id
          left join teams t on t.tenant_id = g.tenant_id and t.id = g.team_id
          where g.tenant_id = ${tenant} and (g.team_id = ${id} or g.scope = 'all_teams') and g.origin = 'manual' and g.ended_at is null
          order by g.user_id, g.id limit ${limit}`,
      );
      return rows.map((row) => ({
        id: row.id as GrantId,
        user: { id: row.user_id as UserId, userName: row.user_name },
        scope: scopeOf(row),
        role: row.role,
        ...given("reason", row.reason),
        ...given("by", row.given_by),
        since: toInstant(row.since),
        ...given("expiresAt", toInstantOrNull(row.expires_at)),
      }));
    },
    async privilegedRoles() {
      const rows = await db.all<{ readonly name: string }>(
        sql`select name from roles where tenant_id = ${tenant} and privileged`,
      );
      return new Set(rows.map((row) => row.name));
    },
  };
}

export function teamWriter({ tenant, sql: db, dialect, newId }: Scope): TeamWriter {
  /** A present name goes before an alias of another team. */
  const known = async (names: readonly string[]): Promise<ReadonlyMap<string, TeamId>> => {
    const rows = await db.all<TeamColumns>(
      sql`select team_id as id, alias as name from team_aliases where tenant_id = ${tenant} and alias in ${dialect.list(names)}
        union all select id, name from teams where tenant_id = ${tenant} and name in ${dialect.list(names)}`,
    );
    return new Map(rows.map(({ name, id }) => [name, id as TeamId]));
  };
  return {
    async setTeamPolicy(id, policy) {
      return (await db.run(sql`update teams set policy = ${policy} where tenant_id = ${tenant} and id = ${id}`)) > 0;
    },
    async ensureTeams(names, now) {
      if (names.length === 0) return new Map();
      const found = await known(names);
      const missing = [...new Set(names)].filter((name) => !found.has(name));
      if (missing.length === 0) return found;
      const rows = dialect.rows(
        { id: "text", name: "text" },
        missing.map((name) => ({ id: newId(), name })),
      );
      await db.run(
        sql`insert into teams (tenant_id, id, name, created_at)
          select ${bigint(tenant)}, r.id, r.name, ${bigint(toMillis(now))} from ${rows} as r where true
          order by r.name on conflict do nothing`,
      );
      return known(names);
    },
  };
}
