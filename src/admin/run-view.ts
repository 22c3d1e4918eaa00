import type { Tenant } from "../model/connection.js";
import type { RunId } from "../model/ids.js";
import type { Run } from "../model/plan.js";
import { HELD_BECAUSE } from "../provisioning/brake.js";
import type { Provisioning } from "../provisioning/deps.js";
import { connectionSlugs } from "./connection-slugs.js";
import { type HeldFor, runStory } from "./run-story.js";

/** Runs as they are shown, with who waits in them. */
export async function runViews(p: Provisioning, tenant: Tenant, runs: readonly Run[]) {
  const slugOf = await connectionSlugs(p, tenant);
  const held = new Map<RunId, HeldFor[]>();
  for (const { run, reason, people } of await p.store.read(tenant.id).heldReasons(runs.map(({ id }) => id))) {
    const line = { reason, because: HELD_BECAUSE[reason], people };
    held.set(run, [...(held.get(run) ?? []), line]);
  }
  return runs.map((run) => runView(run, slugOf(run.connection), held.get(run.id) ?? []));
}

export async function oneRunView(p: Provisioning, tenant: Tenant, run: Run) {
  const [view] = await runViews(p, tenant, [run]);
  if (!view) throw new Error("a run that is there has no view");
  return view;
}

function runView(run: Run, connection: string | null, held: readonly HeldFor[]) {
  const { id, trigger, status, mappingVersion = null, digest = null, total, done, counts } = run;
  const { startedBy = null, decidedBy = null, error = null, createdAt, startedAt = null, finishedAt = null } = run;
  return {
    ...{ id, trigger, status, connection, mappingVersion, digest, startedBy, decidedBy, total, done, counts, held },
    ...{ error, story: runStory(run, connection, held), createdAt, startedAt, finishedAt },
  };
}

/** A run that a call has just started, as it stands now. */
export async function startedRun(p: Provisioning, tenant: Tenant, id: RunId) {
  const run = await p.store.read(tenant.id).run(id);
  if (!run) throw new Error("a run was started and is not there");
  return oneRunView(p, tenant, run);
}
