/** Held runs: what the brake keeps back waits here until an owner releases it, as reviewed, or discards it. */
import type { Tenant } from "../../model/connection.js";
import type { RunId, UserId } from "../../model/ids.js";
import type { Run } from "../../model/plan.js";
import { Refusal } from "../../model/problem.js";
import { auditEntry, type Context, type Provisioning } from "../deps.js";
import type { TenantReader } from "../ports/store.js";
import { planConfirmed } from "../preview/confirm.js";
import { type PopulationQuery, type Preview, storePreview } from "../preview/population.js";

const PAGE = 1000;

/** What releasing the run would do now. Refusals: `not_found`, `run_not_held`. */
export async function previewRun(p: Provisioning, tenant: Tenant, id: RunId): Promise<Preview> {
  const reader = p.store.read(tenant.id);
  const run = await heldRunNamed(reader, id);
  return storePreview(p, reader, await releaseQuery(reader, run));
}

/**
 * Lets the held people go as reviewed: those who were held when it was previewed. The worker does it; the run tells how far
 * it is. Refusals: `not_found`, `run_not_held`, `plan_changed`. The last owner stays held whatever is released.
 */
export async function releaseRun(
  p: Provisioning,
  tenant: Tenant,
  id: RunId,
  digest: string,
  context: Context,
): Promise<void> {
  const reader = p.store.read(tenant.id);
  const run = await heldRunNamed(reader, id);
  const query = await releaseQuery(reader, run);
  const { sheet } = await planConfirmed(p, reader, query, digest);
  await sheet?.drop();
  const now = p.now();
  await p.store.write(tenant.id, async (tx) => {
    await tx.lockTenant();
    await heldRunNamed(tx, id);
    await tx.updateRun(id, { status: "queued", digest }, now);
    await tx.appendAudit([{ ...auditEntry(context, now, "run.released", { digest }), run: id }]);
  });
  p.wake();
}

/** Keeps everybody in the run as they are until their facts change again. Refusals: `not_found`, `run_not_held`. */
export async function discardRun(p: Provisioning, tenant: Tenant, id: RunId, context: Context): Promise<void> {
  const now = p.now();
  await p.store.write(tenant.id, async (tx) => {
    await tx.lockTenant();
    await heldRunNamed(tx, id);
    const people = await tx.discardHolds(id);
    await tx.updateRun(id, { status: "discarded", addCounts: { discarded: people } }, now);
    await tx.appendAudit([{ ...auditEntry(context, now, "run.discarded", { people }), run: id }]);
    await tx.appendEvents([{ type: "run.discarded", data: { run: id, people } }], now);
  });
}

/** Waits until the run is over (or held), at most so many seconds, and answers how it stands then. Refusal `not_found`. */
export async function waitForRun(p: Provisioning, tenant: Tenant, id: RunId, seconds: number): Promise<Run> {
  const until = new Date(Date.parse(p.now()) + seconds * 1000).toISOString();
  for (;;) {
    const run = await runNamed(p.store.read(tenant.id), id);
    if ((run.status !== "queued" && run.status !== "running") || p.now() >= until) return run;
    p.wake();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Everybody held in the run, in the order they came. */
export async function heldUsers(reader: TenantReader, run: RunId): Promise<readonly UserId[]> {
  const people: UserId[] = [];
  for (let afterSeq = 0; ; ) {
    const page = await reader.heldPeople(run, { afterSeq, limit: PAGE });
    people.push(...page.map((one) => one.user));
    const last = page.at(-1);
    if (!last || page.length < PAGE) return people;
    afterSeq = last.seq;
  }
}

async function releaseQuery(reader: TenantReader, run: Run): Promise<PopulationQuery> {
  return { kind: "held", subject: String(run.id), people: await heldUsers(reader, run.id), releasing: true };
}

async function runNamed(reader: TenantReader, id: RunId): Promise<Run> {
  const run = await reader.run(id);
  if (!run) throw new Refusal("not_found", `no run \`${id}\``);
  return run;
}

async function heldRunNamed(reader: TenantReader, id: RunId): Promise<Run> {
  const run = await runNamed(reader, id);
  if (run.status !== "held") throw new Refusal("run_not_held", `run ${id} is ${run.status}, not held`);
  return run;
}
