/** A tenant that is pushed to: people, a mapping of 100 rules, sync live, and the service over it as a process of its own. */
import { copyFile, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Admin, createAdmin } from "../measure/admin.js";
import { type BareSqlite, openBareSqlite } from "../measure/bare-sqlite.js";
import { type MeasuredService, startMeasuredService } from "../measure/start-measured-service.js";
import { makeTenant } from "../population/make-tenant.js";
import type { Shape } from "../population/shape.js";
import type { Contestant } from "./contestant.js";
import { OUTSIDERS } from "./exchanges.js";

const OPERATOR = "rco_bench";
const TENANT = "big";
const CONNECTION = "okta";
const ANNOUNCED = 1_000_000;
const WEEK = 7 * 86_400_000;

/** Groups of two sizes whose names a pattern of the mapping takes. */
export interface SizedGroups {
  readonly small: string;
  readonly large: string;
}

export interface World extends Contestant {
  readonly shape: Shape;
  readonly service: MeasuredService;
  readonly admin: Admin;
  readonly groups: SizedGroups;
  /** The database as it was before the service began. */
  readonly copy: string;
  readonly path: string;
}

export async function openWorld(shape: Shape): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "rolecall-bench-"));
  const path = join(folder, "rolecall.db");
  await makeTenant({ databaseUrl: `sqlite:${path}`, slug: TENANT, shape, progress: () => undefined });
  const groups = { small: "bench-small", large: "bench-large" };
  const database = await openBareSqlite(path);
  await makeGroup(database, groups.small, "app-0-small-rw", SMALL_GROUP);
  await makeGroup(database, groups.large, "app-0-large-rw", Math.min(LARGE_GROUP, shape.users - OUTSIDERS));
  const ids = await idsByPosition(database, shape);
  await database.close();
  const service = await serve(folder, path);
  const admin = createAdmin(service.url, OPERATOR);
  const token = await giveToken(admin, TENANT, CONNECTION);
  await announceChange(admin);
  const copy = join(folder, "copy.db");
  await copyDatabase(path, copy);
  return {
    ...{ name: "Rolecall", url: `${service.url}/api/scim/v2`, token, ids, shape, service, admin, groups, copy, path },
    rssMegabytes: async () => (await service.seen()).rssMegabytes,
    async stop() {
      await service.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The service with the log that it has by default, and no limit to how often a client may come. */
export function serve(folder: string, path: string): Promise<MeasuredService> {
  return serveDatabase(folder, `sqlite:${path}`);
}

/** `databaseUrl` as in `ROLECALL_DATABASE_URL`. */
export async function serveDatabase(folder: string, databaseUrl: string): Promise<MeasuredService> {
  const config = join(folder, "config.json");
  await writeFile(config, JSON.stringify({ limits: { requestsPerMinutePerToken: 0 } }));
  const log = await open(join(folder, "log"), "a");
  const environment = {
    ...process.env,
    ROLECALL_CONFIG: config,
    ROLECALL_DATABASE_URL: databaseUrl,
    ROLECALL_OPERATOR_TOKEN: OPERATOR,
    ROLECALL_LOG_LEVEL: "info",
    ROLECALL_PORT: "0",
  };
  const service = await startMeasuredService(environment, log.fd);
  await log.close();
  return service;
}

export async function giveToken(admin: Admin, tenant: string, connection: string): Promise<string> {
  const path = `/tenants/${tenant}/connections/${connection}/tokens`;
  return (await admin.call<{ readonly token: string }>("POST", path, JSON.stringify({ name: "bench" }))).token;
}

export function adminOf(service: MeasuredService): Admin {
  return createAdmin(service.url, OPERATOR);
}

async function announceChange(admin: Admin): Promise<void> {
  const until = new Date(Date.now() + WEEK).toISOString();
  const path = `/tenants/${TENANT}/connections/${CONNECTION}/expect`;
  await admin.call("POST", path, JSON.stringify({ max: ANNOUNCED, until }));
}

const SMALL_GROUP = 10;
/** Or everybody, in a smaller tenant. */
const LARGE_GROUP = 10_000;

/** A group like any other, with the first so many people in it. */
async function makeGroup(database: BareSqlite, id: string, name: string, members: number): Promise<void> {
  const all = await database.all<{ readonly name: string }>("select name from pragma_table_info('directory_groups')");
  const changed: Readonly<Record<string, string>> = {
    ...{ id: "?", display_name: "?", display_name_folded: "?", member_count: "?", external_id: "null" },
    ...{ resource: "json_set(resource, '$.displayName', ?)", search: "json_set(search, '$.displayName', ?)" },
  };
  const values = {
    id,
    display_name: name,
    display_name_folded: name,
    member_count: members,
    resource: name,
    search: name,
  };
  const columns = all.map((column) => column.name);
  const given = columns.flatMap((column) => values[column as keyof typeof values] ?? []);
  await database.run(
    `insert into directory_groups (${columns.join(", ")})
      select ${columns.map((column) => changed[column] ?? column).join(", ")} from directory_groups limit 1`,
    given,
  );
  await database.run(
    `insert into directory_memberships (tenant_id, group_id, directory_user_id, created_at, place)
      select tenant_id, ?, id, created_at, 0 from directory_users order by id limit ?`,
    [id, members],
  );
}

async function idsByPosition(database: BareSqlite, shape: Shape): Promise<readonly string[]> {
  const rows = await database.all<{ readonly id: string; readonly external_id: string }>(
    "select id, external_id from directory_users",
  );
  const byPosition = new Map(rows.map((row) => [row.external_id, row.id]));
  return Array.from({ length: shape.users }, (_, at) => byPosition.get(`e${at}`) ?? "");
}

async function copyDatabase(path: string, copy: string): Promise<void> {
  const database = await openBareSqlite(path);
  await database.exec("pragma wal_checkpoint(truncate)");
  await database.close();
  await copyFile(path, copy);
}
