/** A database with one large tenant and one small neighbour, and the service over it as a process of its own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MappingDocument } from "../../src/model/mapping.js";
import { type Admin, createAdmin } from "../measure/admin.js";
import { openBareSqlite } from "../measure/bare-sqlite.js";
import { type MeasuredService, startMeasuredService } from "../measure/start-measured-service.js";
import { makeTenant } from "../population/make-tenant.js";
import { editOf, mappingOf } from "../population/mapping.js";
import type { Shape } from "../population/shape.js";

const TOKEN = "rco_bench";
const CHANGED_SHARE = 0.2;
export const BIG = "big";
export const SMALL = "small";

export interface World {
  readonly folder: string;
  readonly path: string;
  readonly shape: Shape;
  /** The active mapping of the large tenant, and an edit of it that changes one person in five. */
  readonly mapping: MappingDocument;
  readonly edit: MappingDocument;
  readonly tenant: number;
  readonly neighbour: string;
  readonly service: MeasuredService;
  readonly admin: Admin;
  /** Ends the service at once and starts it anew on the same database. */
  killAndRestart(): Promise<World>;
  close(): Promise<void>;
}

export async function openWorld(shape: Shape, tell: (text: string) => void): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "rolecall-bench-"));
  const path = join(folder, "rolecall.db");
  const databaseUrl = `sqlite:${path}`;
  const seconds = await makeTenant({ databaseUrl, slug: BIG, shape, progress: () => undefined });
  await makeTenant({ databaseUrl, slug: SMALL, shape: { ...shape, users: 100 }, progress: () => undefined });
  tell(`${shape.users} people x ${shape.groupsPerUser} groups, made in ${seconds.toFixed(1)} s`);
  const bare = await openBareSqlite(path);
  const ids = await bare.all<{ readonly id: number }>("select id from tenants where slug = ?", [BIG]);
  await bare.close();
  const mapping = mappingOf(shape);
  return serve({ folder, path, shape, mapping, edit: editOf(shape, mapping, CHANGED_SHARE), tenant: ids[0]?.id ?? 0 });
}

type Made = Pick<World, "folder" | "path" | "shape" | "mapping" | "edit" | "tenant">;

async function serve(made: Made): Promise<World> {
  const service = await startMeasuredService({
    ...process.env,
    ROLECALL_DATABASE_URL: `sqlite:${made.path}`,
    ROLECALL_OPERATOR_TOKEN: TOKEN,
    ROLECALL_LOG_LEVEL: "silent",
    ROLECALL_PORT: "0",
  });
  const admin = createAdmin(service.url, TOKEN);
  const people = await admin.call<{ readonly items: readonly { readonly id: string }[] }>(
    "GET",
    `/tenants/${SMALL}/users?limit=1`,
  );
  return {
    ...made,
    service,
    admin,
    neighbour: people.items[0]?.id ?? "",
    async killAndRestart() {
      await service.kill();
      return serve(made);
    },
    async close() {
      await service.stop();
      await rm(made.folder, { recursive: true, force: true });
    },
  };
}
