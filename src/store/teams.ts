/** Teams by name, and the catalogue of roles. */
import { grouped } from "../model/grouped.js";
import type { TeamId } from "../model/ids.js";
import type { AccessReader, AccessWriter } from "../provisioning/ports/access.js";
import { bigint } from "./dialect.js";
import type { Scope } from "./scope.js";
import { sql } from "./sql.js";
import { toMillis } from "./values.js";

type TeamReader = Pick<AccessReader, "teams" | "privilegedRoles">;
type TeamWriter = Pick<AccessWriter, "ensureTeams">;

interface TeamColumns {
  readonly id: string;
  readonly name: string;
}

export function teamReader({ tenant, sql: db }: Scope): TeamReader {
  return {
    async teams() {
      const teams = await db.all<TeamColumns>(
        sql`select id, name from teams where tenant_id = ${tenant} order by name`,
      );
      const aliases = grouped(
        await db.all<TeamColumns>(
          sql`select team_id as id, alias as name from team_aliases where tenant_id = ${tenant} order by alias`,
        ),
        (alias) => alias.id,
      );
      return teams.map(({ id, name }) => ({
        id: id as TeamId,
        name,
        aliases: (aliases.get(id) ?? []).map((alias) => alias.name),
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
