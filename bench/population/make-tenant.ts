/** Makes a whole tenant in a database: connection, mapping, people with their groups, and the access that the mapping gives them. */
import { openProvisioning } from "../../src/compose.js";
import { diff } from "../../src/engine/diff.js";
import type { Tenant } from "../../src/model/connection.js";
import type { GrantId, TenantId, UserId } from "../../src/model/ids.js";
import { teamOf } from "../../src/model/target.js";
import { loadConfig } from "../../src/platform/config.js";
import { createLogger } from "../../src/platform/log.js";
import { createConnection } from "../../src/provisioning/connections.js";
import type { Context, Provisioning } from "../../src/provisioning/deps.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import type { NewGrant } from "../../src/provisioning/ports/access.js";
import { evaluatePeople } from "../../src/provisioning/reconcile.js";
import { createTenant } from "../../src/provisioning/tenants.js";
import { openPostgres } from "../../src/store/postgres.js";
import { openSqlite } from "../../src/store/sqlite.js";
import { mappingOf } from "./mapping.js";
import type { Shape } from "./shape.js";
import { writePopulation } from "./write-population.js";

const CONTEXT: Context = { actor: { kind: "command_line", label: "generator" }, door: "command_line" };
const PAGE = 1000;
const MONTH = 30 * 86_400_000;

export interface MakeTenant {
  /** As in `ROLECALL_DATABASE_URL`. */
  readonly databaseUrl: string;
  readonly slug: string;
  readonly shape: Shape;
  readonly progress: (what: string, done: number) => void;
}

/** Seconds that it took. Throws when the tenant exists already. */
export async function makeTenant({ databaseUrl, slug, shape, progress }: MakeTenant): Promise<number> {
  const started = performance.now();
  const config = loadConfig({ ...process.env, ROLECALL_DATABASE_URL: databaseUrl });
  const opened = await openProvisioning(config, createLogger("silent"));
  try {
    const { p } = opened;
    const tenant = await createTenant(p, { slug, name: `Generated: ${shape.users} people` }, CONTEXT);
    const connection = await createConnection(p, tenant, connectionInput(), CONTEXT);
    await saveMapping(p, tenant, JSON.stringify(mappingOf(shape)), {}, CONTEXT);
    const database = await (databaseUrl.startsWith("sqlite:")
      ? openSqlite(databaseUrl.slice("sqlite:".length))
      : openPostgres(databaseUrl));
    const place = { database, tenant: tenant.id, connection: connection.id, newId: p.newId, at: Date.now() - MONTH };
    await writePopulation(place, shape, (done) => progress("people with their groups", done));
    await database.close();
    await giveAccess(p, tenant, (done) => progress("people with their access", done));
  } finally {
    await opened.close();
  }
  return (performance.now() - started) / 1000;
}

function connectionInput() {
  const oidc = { issuer: "https://idp.example.com", clientId: "generated", scopes: [] };
  return { slug: "okta", protocol: "oidc", profile: "okta", sync: "live", oidc, clientSecret: "generated" } as const;
}

/** What a run would give everybody, without the audit entries and events of a hundred thousand beginnings. */
async function giveAccess(p: Provisioning, tenant: Tenant, progress: (done: number) => void): Promise<void> {
  const reader = p.store.read(tenant.id);
  let after: UserId | undefined;
  let done = 0;
  for (;;) {
    const ids = await reader.peopleIds({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    if (ids.length === 0) return;
    await givePage(p, tenant.id, ids);
    after = ids.at(-1);
    done += ids.length;
    progress(done);
  }
}

async function givePage(p: Provisioning, tenant: TenantId, ids: readonly UserId[]): Promise<void> {
  const { people, decisions, mapping, now } = await evaluatePeople(p, tenant, ids, { door: "sync" });
  const plans = [...people.values()].flatMap(({ state }) => {
    const decision = decisions.get(state.id);
    return decision ? [diff(state, decision, mapping)] : [];
  });
  const grants = plans.flatMap(({ person, changes }) =>
    changes.flatMap((change) => (change.kind === "grant" ? [{ user: person.id, grant: change.grant }] : [])),
  );
  const names = new Set(grants.flatMap(({ grant }) => teamOf(grant.target.scope) ?? []));
  await p.store.write(tenant, async (tx) => {
    const teams = await tx.ensureTeams([...names].sort(), now);
    const open = grants.map(({ user, grant: { target, origin, connection, rule, evidence } }): NewGrant => {
      const team = teams.get(teamOf(target.scope) ?? "");
      return {
        ...{ id: p.newId() as GrantId, user, target, origin, evidence, mappingVersion: mapping.version },
        ...(team === undefined ? {} : { team }),
        ...(connection === undefined ? {} : { connection }),
        ...(rule === undefined ? {} : { rule }),
      };
    });
    const reconciled = plans.map(({ person }) => ({ user: person.id, factsVersion: person.factsVersion }));
    const none = { statuses: [], profiles: [], close: [], refresh: [] };
    await tx.applyAccess({ ...none, open, reconciled, version: mapping.version }, now);
  });
}
