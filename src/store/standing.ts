/** Owns what every batch of people is judged by beside themselves: read as texts, whose meaning is kept while they stay the same. */
import { boundedMap } from "../model/bounded-map.js";
import { grouped } from "../model/grouped.js";
import type { TeamId, TenantId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import type { AccessReader, Standing } from "../provisioning/ports/access.js";
import { openRunOf, RUN_JSON, type RunColumns } from "./runs.js";
import type { Scope } from "./scope.js";
import { one, quick, sql, verbatim } from "./sql.js";
import { CONNECTION_JSON, type ConnectionColumns, connectionOf } from "./tenant-rows.js";
import { fromJson } from "./values.js";

/** Each but the version as JSON. */
interface StandingColumns {
  readonly active_version: number;
  readonly connections: string;
  readonly teams: string;
  readonly aliases: string;
  readonly runs: string;
}

interface NamedTeam {
  readonly id: string;
  readonly name: string;
}

/** Tenants whose latest is kept. */
const KEPT = 50;
/** INVARIANT: what is kept is what texts mean: the texts themselves are read each time. */
const meanings = boundedMap<TenantId, { readonly row: StandingColumns; readonly standing: Standing }>(KEPT);

export function standingReader({ tenant, sql: db, dialect }: Scope): Pick<AccessReader, "standing"> {
  const named = { id: verbatim("e.id"), name: verbatim("e.name") };
  const connections = dialect.jsonRows(
    CONNECTION_JSON,
    verbatim("c.priority, c.id"),
    sql`from connections c where c.tenant_id = t.id`,
  );
  const teams = dialect.jsonRows(named, verbatim("e.name"), sql`from teams e where e.tenant_id = t.id`);
  const aliases = dialect.jsonRows(
    { id: verbatim("a.team_id"), name: verbatim("a.alias") },
    verbatim("a.alias"),
    sql`from team_aliases a where a.tenant_id = t.id`,
  );
  const runs = dialect.jsonRows(
    RUN_JSON,
    verbatim("r.number"),
    sql`from runs r where r.tenant_id = t.id and r.status in ('queued', 'running')`,
  );
  return {
    async standing() {
      const row = await one<StandingColumns>(
        db,
        quick(sql`select t.active_version, ${connections} as connections, ${teams} as teams, ${aliases} as aliases,
            ${runs} as runs from tenants t where t.id = ${tenant}`),
      );
      if (row === undefined) throw new Refusal("not_found", "the tenant does not exist");
      const known = meanings.get(tenant);
      if (known !== undefined && isSame(known.row, row)) return known.standing;
      const standing = standingOf(row);
      meanings.set(tenant, { row, standing });
      return standing;
    },
  };
}

function isSame(a: StandingColumns, b: StandingColumns): boolean {
  return (
    a.active_version === b.active_version &&
    a.connections === b.connections &&
    a.teams === b.teams &&
    a.aliases === b.aliases &&
    a.runs === b.runs
  );
}

function standingOf(row: StandingColumns): Standing {
  const aliases = grouped(fromJson<readonly NamedTeam[]>(row.aliases), ({ id }) => id);
  return {
    activeVersion: row.active_version,
    connections: fromJson<readonly ConnectionColumns[]>(row.connections).map(connectionOf),
    teams: fromJson<readonly NamedTeam[]>(row.teams).map(({ id, name }) => {
      return { id: id as TeamId, name, aliases: (aliases.get(id) ?? []).map((alias) => alias.name) };
    }),
    openRuns: fromJson<readonly RunColumns[]>(row.runs).map(openRunOf),
  };
}
