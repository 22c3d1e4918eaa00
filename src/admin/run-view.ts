import type { Tenant } from "../model/connection.js";
import type { RunId } from "../model/ids.js";
import type { Run } from "../model/plan.js";
import type { Provisioning } from "../provisioning/deps.js";
import { connectionSlugs } from "./connection-slugs.js";

export function runView(run: Run, slugOf: (id: string | undefined) => string | null) {
  const { id, trigger, status, connection, mappingVersion = null, digest = null, total, done, counts } = run;
  const { error = null, createdAt, startedAt = null, finishedAt = null } = run;
  return {
    ...{ id, trigger, status, connection: slugOf(connection), mappingVersion, digest, total, done, counts },
    ...{ error, createdAt, startedAt, finishedAt },
  };
}

/** A run that a call has just started, as it stands now. */
export async function startedRun(p: Provisioning, tenant: Tenant, id: RunId) {
  const run = await p.store.read(tenant.id).run(id);
  if (!run) throw new Error("a run was started and is not there");
  return runView(run, await connectionSlugs(p, tenant));
}
